import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { ID, p, SimulatedTransactions } from './testing-transactions.ts';
import { NO_TIMEOUT_MS } from './transaction-metadata.ts';

const { NONE, CONCURRENT_TRANSACTIONS, PRODUCER_FENCED } = ErrorCode;
const everything = { stateFilters: [], producerIdFilters: [], durationFilterMs: -1, matchesId: () => true };

test('adds partitions to a transaction that starts with the first of them', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  shard.pass(500);
  assert.deepEqual(shard.add(producer, [p(0), p(1, 'other')]).answer, [NONE, NONE]);
  const startTimeMs = shard.wallMs;
  shard.pass(500);
  assert.deepEqual(shard.add(producer, [p(2)]).answer, [NONE]);
  assert.deepEqual(shard.described, {
    errorCode: NONE,
    transactionalId: ID,
    transactionState: 'Ongoing',
    transactionTimeoutMs: 60_000,
    transactionStartTimeMs: startTimeMs,
    producerId: 1000,
    producerEpoch: 0,
    topics: [
      { topic: 'topic', partitions: [0, 2] },
      { topic: 'other', partitions: [1] },
    ],
  });
});

test('partitions that are there already cost no record', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  shard.add(producer, [p(0)]);
  shard.holdsAppends = true;
  assert.deepEqual(shard.add(producer, [p(0)]).answer, [NONE]);
  assert.equal(shard.openAppends, 0);
});

test('two that add at once are both served', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  shard.holdsAppends = true;
  const first = shard.add(producer, [p(0)]);
  const second = shard.add(producer, [p(1)]);
  const third = shard.add(producer, [p(1)]);
  shard.holdsAppends = false;
  shard.settle();
  assert.deepEqual([first.answer, second.answer, third.answer], [[NONE], [NONE], [NONE]]);
  assert.equal(shard.logged.length, 3);
});

test('refuses other producers and other epochs', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  for (const producerEpoch of [-1, 1])
    assert.deepEqual(shard.add({ ...producer, producerEpoch }, [p(0)]).answer, [PRODUCER_FENCED]);
  assert.deepEqual(shard.add({ ...producer, producerId: 1 }, [p(0)]).answer, [
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ]);
});

test('verifies that partitions are in the ongoing transaction', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  assert.deepEqual(shard.verify(producer, [p(0)]), [ErrorCode.TRANSACTION_ABORTABLE]);
  shard.add(producer, [p(0)], 0);
  assert.deepEqual(shard.verify(producer, [p(0), p(1)]), [NONE, ErrorCode.TRANSACTION_ABORTABLE]);
  assert.deepEqual(shard.verify({ ...producer, producerEpoch: 1 }, [p(0)]), [PRODUCER_FENCED]);
  shard.holdsMarkers = true;
  shard.end(producer, true, 0);
  assert.deepEqual(shard.verify(producer, [p(0)]), [CONCURRENT_TRANSACTIONS]);
  shard.holdsMarkers = false;
  shard.settle();
  assert.deepEqual(shard.verify(producer, [p(0)]), [ErrorCode.TRANSACTION_ABORTABLE]);
});

test('aborts a transaction that takes too long, and fences its producer', () => {
  for (const serverVersion of [0, 1, 2] as const) {
    const shard = new SimulatedTransactions();
    shard.serverVersion = serverVersion;
    const producer = shard.init({ transactionTimeoutMs: 1_000 }).answer!;
    shard.add(producer, [p(0)], 0);
    shard.pass(1_000);
    shard.shard.abortTimedOut();
    shard.settle();
    assert.equal(shard.state, 'Ongoing');
    shard.pass(1);
    shard.shard.abortTimedOut();
    shard.settle();
    assert.equal(shard.state, 'CompleteAbort');
    assert.equal(shard.described.producerEpoch, 1);
    assert.deepEqual(
      shard.markers.map(({ producerEpoch, committed }) => [producerEpoch, committed]),
      [[1, false]],
    );
    assert.deepEqual(shard.add(producer, [p(0)], 0).answer, [PRODUCER_FENCED]);
    assert.equal(shard.end(producer, true, 0).answer?.errorCode, PRODUCER_FENCED);
  }
});

test('a producer learns of the abort by its timeout from the end of its transaction (protocol 2)', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init({ transactionTimeoutMs: 1_000 }).answer!;
  shard.add(producer, [p(0)]);
  shard.pass(2_000);
  shard.shard.abortTimedOut();
  shard.settle();
  assert.equal(shard.end(producer, true).answer?.errorCode, ErrorCode.INVALID_TXN_STATE);
  // Its abort is the one that has happened: it may go on.
  assert.deepEqual(shard.end(producer, false).answer, {
    errorCode: NONE,
    producerId: 1000,
    producerEpoch: 1,
  });
});

test('a transaction that another system ends has no timeout', () => {
  const shard = new SimulatedTransactions();
  const partitions = new Map([['topic', new Set([0])]]);
  shard.given({ state: 'Ongoing', timeoutMs: NO_TIMEOUT_MS, startTimestampMs: 0, partitions });
  shard.shard.abortTimedOut();
  shard.settle();
  assert.equal(shard.state, 'Ongoing');
});

test('forgets ids that have not been used for long, when they are idle', () => {
  const shard = new SimulatedTransactions({ idExpirationMs: 10_000 });
  const producer = shard.init().answer!;
  shard.add(producer, [p(0)]);
  shard.pass(20_000);
  shard.shard.expireIds();
  shard.settle();
  assert.equal(shard.state, 'Ongoing');
  shard.end(producer, true);
  shard.pass(9_999);
  shard.shard.expireIds();
  shard.settle();
  assert.equal(shard.state, 'CompleteCommit');
  shard.pass(1);
  shard.shard.expireIds();
  shard.settle();
  assert.equal(shard.described.errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  assert.equal(shard.log.at(-1)?.value, null);
  shard.restart();
  assert.equal(shard.described.errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
});

test('who comes while an id is being forgotten comes again', () => {
  const shard = new SimulatedTransactions({ idExpirationMs: 10_000 });
  shard.init();
  shard.pass(10_000);
  shard.holdsAppends = true;
  shard.shard.expireIds();
  const began = shard.init();
  shard.commitOne();
  assert.equal(began.answer?.errorCode, CONCURRENT_TRANSACTIONS);
  shard.holdsAppends = false;
  assert.deepEqual(shard.init().answer, { errorCode: NONE, producerId: 1001, producerEpoch: 0 });
});

test('an id that the log does not let go stays', () => {
  const shard = new SimulatedTransactions({ idExpirationMs: 10_000 });
  shard.init();
  shard.pass(10_000);
  shard.appendError = new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS);
  shard.shard.expireIds();
  shard.settle();
  shard.appendError = null;
  assert.equal(shard.init().answer?.producerEpoch, 1);
});

test('lists transactions by state, producer, age and name', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  shard.init({ transactionalId: 'other' });
  shard.add(producer, [p(0)]);
  shard.pass(5_000);
  const ids = (filter: object) =>
    shard.shard.list({ ...everything, ...filter }).map(({ transactionalId }) => transactionalId);
  assert.deepEqual(ids({}), [ID, 'other']);
  assert.deepEqual(ids({ stateFilters: ['Ongoing', 'Nonsense'] }), [ID]);
  assert.deepEqual(ids({ stateFilters: ['Nonsense'] }), []);
  assert.deepEqual(ids({ producerIdFilters: [1001, 5] }), ['other']);
  assert.deepEqual(ids({ durationFilterMs: 4_999, stateFilters: ['Ongoing'] }), [ID]);
  assert.deepEqual(ids({ durationFilterMs: 5_000, stateFilters: ['Ongoing'] }), []);
  assert.deepEqual(ids({ matchesId: (id: string) => id.startsWith('o') }), ['other']);
  assert.deepEqual(shard.shard.list(everything)[0], {
    transactionalId: ID,
    producerId: 1000,
    transactionState: 'Ongoing',
  });
});
