import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError } from '@moldau/protocol';
import type { TransactionMetadata } from './transaction-metadata.ts';
import {
  isStateName,
  parseTransactionRecord,
  transactionRecord,
  transactionTombstone,
} from './transaction-records.ts';

const metadata: TransactionMetadata = {
  state: 'PrepareCommit',
  producerId: 4_000,
  previousProducerId: 3_000,
  nextProducerId: 5_000,
  producerEpoch: 32_767,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  partitions: new Map([
    ['a', new Set([0, 7])],
    ['b', new Set([1])],
  ]),
  startTimestampMs: 1_700_000_000_000,
  lastUpdateTimestampMs: 1_700_000_000_500,
  clientVersion: 2,
};

test('reads back what it wrote', () => {
  const record = transactionRecord('id', metadata, 2);
  assert.deepEqual(parseTransactionRecord(record), { kind: 'transaction', transactionalId: 'id', metadata });
});

/** What Apache Kafka 4.3 wrote of one transaction, from InitProducerId to its last marker. */
const KAFKAS_VALUES = [
  '0001000000000000012f00000000ea600000000001a1fecabf7dffffffffffffffff010008000000000000012f',
  '0001000000000000012f00000000ea6001020570657266020000000200000001a1fecabfed000001a1fecabfed' +
    '020008000000000000012f02020002',
  '0001000000000000012f00010000ea6002020570657266020000000200000001a1fecac041000001a1fecabfed' +
    '020008000000000000012f02020002',
  '0001000000000000012f00010000ea600401000001a1fecac042000001a1fecabfed020008000000000000012f02020002',
];

test('reads what Kafka writes, and writes the same bytes', () => {
  const key = Buffer.from('0000000470657266', 'hex');
  const states = KAFKAS_VALUES.map((hex) => {
    const parsed = parseTransactionRecord({ key, value: Buffer.from(hex, 'hex') });
    assert.ok(parsed.kind === 'transaction' && parsed.metadata !== null);
    assert.equal(parsed.transactionalId, 'perf');
    const written = transactionRecord('perf', parsed.metadata, 2);
    assert.deepEqual([written.key, written.value?.toString('hex')], [key, hex]);
    const { state, producerId, producerEpoch, clientVersion } = parsed.metadata;
    return [state, producerId, producerEpoch, clientVersion];
  });
  assert.deepEqual(states, [
    ['Empty', 303, 0, 0],
    ['Ongoing', 303, 0, 2],
    ['PrepareCommit', 303, 1, 2],
    ['CompleteCommit', 303, 1, 2],
  ]);
});

test('leaves out what the cluster’s version does not know, for clients that go by it', () => {
  const record = transactionRecord('id', { ...metadata, clientVersion: 0 }, 0);
  assert.equal(record.value!.readInt16BE(0), 0);
  const parsed = parseTransactionRecord(record);
  assert.deepEqual(parsed, {
    kind: 'transaction',
    transactionalId: 'id',
    metadata: { ...metadata, previousProducerId: -1, nextProducerId: -1, clientVersion: 0 },
  });
});

test('keeps all that a client of a later version than the cluster’s needs', () => {
  const record = transactionRecord('id', { ...metadata, clientVersion: 2 }, 0);
  const parsed = parseTransactionRecord(record);
  assert.deepEqual(parsed, {
    kind: 'transaction',
    transactionalId: 'id',
    metadata: { ...metadata, clientVersion: 2 },
  });
});

test('knows tombstones, and leaves alone what it does not know', () => {
  const tombstone = parseTransactionRecord(transactionTombstone('id'));
  assert.deepEqual(tombstone, { kind: 'transaction', transactionalId: 'id', metadata: null });
  assert.deepEqual(parseTransactionRecord({ key: Buffer.from([0, 9]), value: null }), {
    kind: 'unknown',
    keyType: 9,
  });
  assert.deepEqual(parseTransactionRecord({ key: null, value: null }), { kind: 'unknown', keyType: -1 });
});

test('refuses states that are never stored', () => {
  const record = transactionRecord('id', { ...metadata, state: 'Dead' }, 2);
  assert.throws(() => parseTransactionRecord(record), MalformedError);
});

test('knows the names of states', () => {
  assert.ok(isStateName('CompleteAbort'));
  assert.ok(!isStateName('completeabort'));
});
