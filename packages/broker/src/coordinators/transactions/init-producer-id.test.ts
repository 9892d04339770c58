import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { p, SimulatedTransactions } from './testing-transactions.ts';
import { LAST_CLIENT_EPOCH } from './transaction-metadata.ts';

const { NONE, CONCURRENT_TRANSACTIONS, PRODUCER_FENCED } = ErrorCode;

test('gives a new transactional id a new producer id and epoch 0', () => {
  const shard = new SimulatedTransactions();
  assert.deepEqual(shard.init().answer, { errorCode: NONE, producerId: 1000, producerEpoch: 0 });
  assert.equal(shard.state, 'Empty');
  assert.equal(shard.logged.at(-1)?.producerEpoch, 0);
});

test('bumps the epoch for each producer that comes', () => {
  const shard = new SimulatedTransactions();
  shard.init();
  assert.deepEqual(shard.init().answer, { errorCode: NONE, producerId: 1000, producerEpoch: 1 });
  shard.restart();
  assert.deepEqual(shard.init().answer, { errorCode: NONE, producerId: 1000, producerEpoch: 2 });
});

test('answers only when the epoch is committed', () => {
  const shard = new SimulatedTransactions();
  shard.holdsAppends = true;
  const first = shard.init();
  const second = shard.init();
  const epochs = () => [first.answer?.producerEpoch, second.answer?.producerEpoch];
  assert.deepEqual(epochs(), [undefined, undefined]);
  shard.commitOne();
  assert.deepEqual(epochs(), [0, undefined], 'the second waits for its own record');
  shard.commitOne();
  assert.deepEqual(epochs(), [0, 1]);
});

test('a transition that takes long sends others away for a while', () => {
  const shard = new SimulatedTransactions();
  shard.holdsAppends = true;
  const first = shard.init();
  const second = shard.init();
  shard.pass(1_000);
  assert.deepEqual(second.answer, {
    errorCode: CONCURRENT_TRANSACTIONS,
    producerId: -1,
    producerEpoch: -1,
  });
  shard.commitOne();
  assert.equal(first.answer?.errorCode, NONE);
});

test('refuses timeouts of nothing and over the maximum', () => {
  const shard = new SimulatedTransactions({ maxTimeoutMs: 1_000 });
  for (const transactionTimeoutMs of [0, -1, 1_001])
    assert.equal(
      shard.init({ transactionTimeoutMs }).answer?.errorCode,
      ErrorCode.INVALID_TRANSACTION_TIMEOUT,
    );
  assert.equal(shard.described.errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  assert.equal(shard.init({ transactionTimeoutMs: 1_000 }).answer?.errorCode, NONE);
});

test('a log that refuses the record refuses the producer, which may try again', () => {
  const shard = new SimulatedTransactions();
  shard.appendError = new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS);
  assert.equal(shard.init().answer?.errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  assert.equal(shard.described.errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  shard.appendError = null;
  assert.equal(shard.init().answer?.producerEpoch, 0);
});

test('says so when there is no producer id to be had', () => {
  const shard = new SimulatedTransactions();
  shard.producerIdError = new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  assert.equal(shard.init().answer?.errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE);
});

test('two that come at once for a new id get an epoch each', () => {
  const shard = new SimulatedTransactions();
  shard.holdsProducerIds = true;
  const first = shard.init();
  const second = shard.init();
  shard.holdsProducerIds = false;
  shard.settle();
  assert.deepEqual(first.answer, { errorCode: NONE, producerId: 1000, producerEpoch: 0 });
  assert.deepEqual(second.answer, { errorCode: NONE, producerId: 1000, producerEpoch: 1 });
});

test('an ongoing transaction is aborted first, and its producer fenced', () => {
  for (const serverVersion of [0, 2] as const) {
    const shard = new SimulatedTransactions();
    shard.serverVersion = serverVersion;
    const old = shard.init().answer!;
    shard.add(old, [p(0)], serverVersion);
    shard.holdsMarkers = true;
    assert.equal(shard.init().answer?.errorCode, CONCURRENT_TRANSACTIONS);
    assert.equal(shard.state, 'PrepareAbort');
    assert.equal(shard.logged.at(-1)?.producerEpoch, 1);
    assert.equal(shard.end(old, true, serverVersion).answer, undefined);
    shard.pass(1_000);
    assert.equal(shard.init().answer, undefined);
    shard.pass(1_000);
    shard.holdsMarkers = false;
    shard.settle();
    assert.equal(shard.markers.length, 1);
    const { producerEpoch, committed, transactionVersion } = shard.markers[0]!;
    assert.deepEqual([producerEpoch, committed, transactionVersion], [1, false, serverVersion]);
    assert.deepEqual(shard.init().answer, { errorCode: NONE, producerId: 1000, producerEpoch: 2 });
    assert.equal(shard.end(old, true, serverVersion).answer?.errorCode, PRODUCER_FENCED);
    assert.equal(shard.add(old, [p(0)], serverVersion).answer?.[0], PRODUCER_FENCED);
  }
});

test('bumps the epoch of a producer that says who it was (KIP-360)', () => {
  const shard = new SimulatedTransactions();
  const expected = shard.init().answer!;
  assert.equal(shard.init({ expected }).answer?.producerEpoch, 1);
  // Its answer was lost: the same again.
  assert.equal(shard.init({ expected }).answer?.producerEpoch, 1);
  assert.equal(shard.init({ expected: { producerId: 1000, producerEpoch: 1 } }).answer?.producerEpoch, 2);
  assert.equal(shard.init({ expected }).answer?.errorCode, PRODUCER_FENCED);
});

test('another producer in between makes the retry of a bump a fenced one', () => {
  const shard = new SimulatedTransactions();
  const expected = shard.init().answer!;
  shard.init({ expected });
  shard.init();
  assert.equal(shard.init({ expected }).answer?.errorCode, PRODUCER_FENCED);
});

test('fences a producer that names another producer id', () => {
  const shard = new SimulatedTransactions();
  shard.init();
  const expected = { producerId: 999, producerEpoch: 0 };
  assert.equal(shard.init({ expected }).answer?.errorCode, PRODUCER_FENCED);
});

test('a producer whose transactional id was forgotten goes on with a new producer id', () => {
  const shard = new SimulatedTransactions();
  const answer = shard.init({ expected: { producerId: 77, producerEpoch: 9 } }).answer;
  assert.deepEqual(answer, { errorCode: NONE, producerId: 1000, producerEpoch: 0 });
});

test('changes the producer id when its epochs are used up', () => {
  const shard = new SimulatedTransactions();
  shard.given({ producerId: 5, producerEpoch: LAST_CLIENT_EPOCH });
  const answer = { errorCode: NONE, producerId: 1000, producerEpoch: 0 };
  const expected = { producerId: 5, producerEpoch: LAST_CLIENT_EPOCH };
  assert.deepEqual(shard.init({ expected }).answer, answer);
  assert.equal(shard.logged.at(-1)?.previousProducerId, 5);
  // Its answer was lost: the same again.
  assert.deepEqual(shard.init({ expected }).answer, answer);
  assert.equal(
    shard.init({ expected: { producerId: 5, producerEpoch: 3 } }).answer?.errorCode,
    PRODUCER_FENCED,
  );
});

test('a bump to the last epoch can be asked for again', () => {
  const shard = new SimulatedTransactions();
  shard.given({ producerId: 5, producerEpoch: LAST_CLIENT_EPOCH - 1 });
  const expected = { producerId: 5, producerEpoch: LAST_CLIENT_EPOCH - 1 };
  assert.equal(shard.init({ expected }).answer?.producerEpoch, LAST_CLIENT_EPOCH);
  assert.equal(shard.init({ expected }).answer?.producerEpoch, LAST_CLIENT_EPOCH);
});

test('fences the last epoch, and then changes the producer id', () => {
  for (const serverVersion of [0, 2] as const) {
    const shard = new SimulatedTransactions();
    shard.serverVersion = serverVersion;
    const partitions = new Map([['topic', new Set([0])]]);
    const started = { startTimestampMs: shard.wallMs, partitions };
    shard.given({ state: 'Ongoing', producerId: 5, producerEpoch: LAST_CLIENT_EPOCH, ...started });
    assert.equal(shard.init().answer?.errorCode, CONCURRENT_TRANSACTIONS);
    assert.equal(shard.markers[0]?.producerId, 5);
    assert.equal(shard.markers[0]?.producerEpoch, LAST_CLIENT_EPOCH + 1);
    const { errorCode, producerId, producerEpoch } = shard.init().answer!;
    assert.equal(errorCode, NONE);
    assert.ok(producerId >= 1000, 'a new id');
    assert.ok(producerEpoch <= 1);
  }
});

test('another timeout comes into force with the next epoch', () => {
  const shard = new SimulatedTransactions();
  shard.init({ transactionTimeoutMs: 1 });
  shard.init({ transactionTimeoutMs: 2 });
  assert.equal(shard.described.transactionTimeoutMs, 2);
});
