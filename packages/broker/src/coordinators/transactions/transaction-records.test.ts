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

test('writes the bytes that Kafka writes', () => {
  // Of Apache Kafka 4.3: a key and a value of version 1 as its dump tool's input.
  const empty = { ...metadata, state: 'Empty' as const, partitions: new Map(), producerEpoch: 0 };
  const { key, value } = transactionRecord('t', { ...empty, nextProducerId: -1, clientVersion: 0 }, 2);
  assert.equal(key.toString('hex'), '0000000174');
  assert.equal(value!.readInt16BE(0), 1);
  // Without partitions: a compact array that is null.
  assert.equal(value!.subarray(2 + 8 + 2 + 4 + 1, 2 + 8 + 2 + 4 + 1 + 1).toString('hex'), '00');
  // One tagged field: the previous producer id.
  assert.equal(value!.subarray(-11).toString('hex'), '0100080000000000000bb8');
});

test('leaves out what the cluster’s version does not know', () => {
  const record = transactionRecord('id', metadata, 0);
  assert.equal(record.value!.readInt16BE(0), 0);
  const parsed = parseTransactionRecord(record);
  assert.deepEqual(parsed, {
    kind: 'transaction',
    transactionalId: 'id',
    metadata: { ...metadata, previousProducerId: -1, nextProducerId: -1, clientVersion: 0 },
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
