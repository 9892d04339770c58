import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { type Producer, p, SimulatedTransactions } from './testing-transactions.ts';
import { LAST_CLIENT_EPOCH, LAST_EPOCH } from './transaction-metadata.ts';

const { NONE, CONCURRENT_TRANSACTIONS, PRODUCER_FENCED, INVALID_TXN_STATE } = ErrorCode;
const { INVALID_PRODUCER_ID_MAPPING } = ErrorCode;

/** A shard with an ongoing transaction of two partitions. */
function begun(clientVersion: 0 | 2 = 2): { shard: SimulatedTransactions; producer: Producer } {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  assert.deepEqual(shard.add(producer, [p(0), p(1)], clientVersion).answer, [NONE, NONE]);
  return { shard, producer };
}

test('the decision is committed before it is told, and told before the markers are written', () => {
  const { shard, producer } = begun();
  shard.holdsAppends = true;
  shard.holdsMarkers = true;
  const ended = shard.end(producer, true);
  assert.equal(ended.answer, undefined);
  assert.equal(shard.openMarkers, 0);
  shard.commitOne();
  assert.deepEqual(ended.answer, { errorCode: NONE, producerId: 1000, producerEpoch: 1 });
  assert.equal(shard.state, 'PrepareCommit');
  assert.equal(shard.openMarkers, 1);
  shard.deliverOne();
  assert.equal(shard.state, 'CompleteCommit');
  const of = { producerId: 1000, coordinatorEpoch: 7, transactionVersion: 2 };
  assert.deepEqual(
    shard.markers,
    [p(0), p(1)].map((each) => ({ ...of, producerEpoch: 1, committed: true, ...each })),
  );
});

test('the old protocol keeps the epoch and tells no producer', () => {
  const { shard, producer } = begun(0);
  const answer = { errorCode: NONE, producerId: -1, producerEpoch: -1 };
  assert.deepEqual(shard.end(producer, false, 0).answer, answer);
  assert.equal(shard.state, 'CompleteAbort');
  assert.equal(shard.described.producerEpoch, 0);
  assert.deepEqual(
    shard.markers.map(({ producerEpoch, transactionVersion }) => [producerEpoch, transactionVersion]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test('the old protocol: an end in each state', () => {
  const cases = [
    ['Empty', INVALID_TXN_STATE, INVALID_TXN_STATE],
    ['CompleteCommit', NONE, INVALID_TXN_STATE],
    ['CompleteAbort', INVALID_TXN_STATE, NONE],
    // While markers are written a transition is pending, which is looked at first.
    ['PrepareCommit', CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    ['PrepareAbort', CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
  ] as const;
  for (const [state, onCommit, onAbort] of cases) {
    for (const committed of [true, false]) {
      const shard = new SimulatedTransactions();
      shard.holdsMarkers = true;
      shard.given({ state, partitions: new Map([['topic', new Set([0])]]), clientVersion: 0 });
      const producer = { producerId: 1, producerEpoch: 5 };
      const end = (by: Producer) => {
        const ended = shard.end(by, committed, 0);
        shard.pass(200);
        return ended.answer?.errorCode;
      };
      assert.equal(end({ ...producer, producerEpoch: 4 }), PRODUCER_FENCED, state);
      assert.equal(end({ ...producer, producerEpoch: 6 }), PRODUCER_FENCED, state);
      assert.equal(end({ ...producer, producerId: 2 }), INVALID_PRODUCER_ID_MAPPING, state);
      assert.equal(end(producer), committed ? onCommit : onAbort, `${state} ${committed}`);
    }
  }
});

test('the new protocol: an end in each state, by the epoch it comes with', () => {
  const fenced = PRODUCER_FENCED;
  const concurrent = CONCURRENT_TRANSACTIONS;
  const invalid = INVALID_TXN_STATE;
  // Epoch 5 is the present one; 4 is that of the transaction before: a retry.
  const cases = [
    // state, commit with 3, 4, 5, 6, abort with 3, 4, 5, 6
    ['Empty', fenced, fenced, invalid, fenced, fenced, fenced, NONE, fenced],
    ['CompleteCommit', fenced, NONE, invalid, fenced, fenced, invalid, NONE, fenced],
    ['CompleteAbort', fenced, invalid, invalid, fenced, fenced, NONE, NONE, fenced],
    [
      'PrepareCommit',
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
    ],
    [
      'PrepareAbort',
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
      concurrent,
    ],
    ['Ongoing', fenced, fenced, NONE, fenced, fenced, fenced, NONE, fenced],
  ] as const;
  for (const [state, ...codes] of cases) {
    codes.forEach((expected, index) => {
      const committed = index < 4;
      const producerEpoch = 3 + (index % 4);
      const shard = new SimulatedTransactions();
      shard.holdsMarkers = true;
      const partitions = new Map(state === 'Empty' ? [] : [['topic', new Set([0])]]);
      shard.given({ state, partitions, startTimestampMs: shard.wallMs });
      const ended = shard.end({ producerId: 1, producerEpoch }, committed);
      shard.pass(200);
      assert.equal(ended.answer?.errorCode, expected, `${state} ${committed} epoch ${producerEpoch}`);
    });
  }
});

test('an unknown transactional id or producer id is told so', () => {
  const shard = new SimulatedTransactions();
  for (const version of [0, 2] as const) {
    const producer = { producerId: 1, producerEpoch: 0 };
    assert.equal(shard.end(producer, true, version).answer?.errorCode, INVALID_PRODUCER_ID_MAPPING);
    assert.deepEqual(shard.add(producer, [p(0), p(1)], version).answer, [
      INVALID_PRODUCER_ID_MAPPING,
      INVALID_PRODUCER_ID_MAPPING,
    ]);
  }
  assert.deepEqual(shard.verify({ producerId: 1, producerEpoch: 0 }, [p(0)]), [INVALID_PRODUCER_ID_MAPPING]);
});

test('a retry of an end is answered as the end was', () => {
  const { shard, producer } = begun();
  const answer = shard.end(producer, true).answer;
  assert.deepEqual(shard.end(producer, true).answer, answer);
  shard.restart();
  assert.deepEqual(shard.end(producer, true).answer, answer);
  assert.equal(shard.end(producer, false).answer?.errorCode, INVALID_TXN_STATE);
  assert.equal(shard.markers.length, 2);
});

test('a late end of the transaction before does not touch the next one', () => {
  const { shard, producer } = begun();
  const next = shard.end(producer, true).answer!;
  shard.add(next, [p(2)]);
  for (const committed of [true, false])
    assert.equal(shard.end(producer, committed).answer?.errorCode, PRODUCER_FENCED);
  assert.equal(shard.state, 'Ongoing');
});

test('late partitions of the transaction before do not get into the next one', () => {
  const { shard, producer } = begun();
  shard.end(producer, true);
  assert.deepEqual(shard.add(producer, [p(2)]).answer, [PRODUCER_FENCED]);
  assert.deepEqual(shard.verify(producer, [p(0)]), [PRODUCER_FENCED]);
});

test('an abort of nothing bumps the epoch all the same', () => {
  const shard = new SimulatedTransactions();
  const producer = shard.init().answer!;
  assert.deepEqual(shard.end(producer, false).answer, {
    errorCode: NONE,
    producerId: 1000,
    producerEpoch: 1,
  });
  assert.equal(shard.state, 'CompleteAbort');
  assert.deepEqual(shard.markers, []);
  const next = { producerId: 1000, producerEpoch: 1 };
  assert.equal(shard.end(next, false).answer?.producerEpoch, 2);
});

test('changes the producer id at the end of a transaction whose epoch is the last', () => {
  const shard = new SimulatedTransactions();
  const producer = { producerId: 1, producerEpoch: LAST_CLIENT_EPOCH };
  const partitions = new Map([['topic', new Set([0])]]);
  shard.given({ state: 'Ongoing', ...producer, partitions, startTimestampMs: shard.wallMs });
  shard.holdsMarkers = true;
  const answer = { errorCode: NONE, producerId: 1000, producerEpoch: 0 };
  assert.deepEqual(shard.end(producer, true).answer, answer);
  assert.equal(shard.logged.at(-1)?.nextProducerId, 1000);
  // The markers are still those of the old id, whatever happens meanwhile.
  shard.restart();
  shard.holdsMarkers = false;
  shard.settle();
  assert.deepEqual(
    shard.markers.map(({ producerId, producerEpoch }) => [producerId, producerEpoch]),
    [[1, LAST_EPOCH]],
  );
  assert.deepEqual(shard.end(producer, true).answer, answer, 'the retry is known by the id before');
  assert.equal(shard.end(producer, false).answer?.errorCode, INVALID_TXN_STATE);
  assert.deepEqual(shard.add({ producerId: 1000, producerEpoch: 0 }, [p(0)]).answer, [NONE]);
  assert.equal(shard.end(producer, true).answer?.errorCode, INVALID_PRODUCER_ID_MAPPING);
});

test('a decision that the log refuses is none', () => {
  const { shard, producer } = begun();
  shard.appendError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(shard.end(producer, true).answer?.errorCode, ErrorCode.NOT_COORDINATOR);
  assert.equal(shard.state, 'Ongoing');
  assert.deepEqual(shard.markers, []);
  shard.appendError = null;
  assert.equal(shard.end(producer, false).answer?.errorCode, NONE);
  assert.ok(shard.markers.every(({ committed }) => !committed));
});

test('goes on with markers until each partition has its own', () => {
  const { shard, producer } = begun();
  const refused = [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.UNKNOWN_SERVER_ERROR];
  shard.markerError = ({ partition }) => (partition === 1 ? (refused.shift() ?? NONE) : NONE);
  shard.end(producer, true);
  assert.deepEqual(shard.described.topics, [{ topic: 'topic', partitions: [1] }]);
  assert.equal(shard.state, 'PrepareCommit');
  shard.pass(5_000);
  assert.equal(shard.state, 'CompleteCommit');
  assert.deepEqual(
    shard.markers.map(({ partition }) => partition),
    [0, 1],
  );
});

test('a topic that is gone, and a partition that knows a later epoch, need no marker', () => {
  const { shard, producer } = begun();
  shard.markerError = ({ partition }) =>
    partition === 1 ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_PRODUCER_EPOCH;
  shard.end(producer, true);
  assert.equal(shard.state, 'CompleteCommit');
});

test('sends markers again after a restart, for each decision in the log', () => {
  for (const committed of [true, false]) {
    const { shard, producer } = begun();
    shard.holdsMarkers = true;
    shard.end(producer, committed);
    shard.restart();
    assert.equal(shard.state, committed ? 'PrepareCommit' : 'PrepareAbort');
    shard.holdsMarkers = false;
    shard.settle();
    assert.equal(shard.state, committed ? 'CompleteCommit' : 'CompleteAbort');
    assert.deepEqual(
      shard.markers.map((marker) => [marker.partition, marker.committed]),
      [
        [0, committed],
        [1, committed],
      ],
    );
  }
});

test('the next transaction waits for the markers of the last, and no longer', () => {
  const { shard, producer } = begun();
  shard.holdsMarkers = true;
  const next = shard.end(producer, true).answer!;
  const added = shard.add(next, [p(2)]);
  assert.equal(added.answer, undefined);
  shard.deliverOne();
  assert.equal(added.answer, undefined, 'its record is not committed');
  shard.settle();
  assert.deepEqual(added.answer, [NONE]);
  // The end of the last transaction comes before the start of the next.
  assert.deepEqual(
    shard.logged.map(({ state }) => state),
    ['Empty', 'Ongoing', 'PrepareCommit', 'CompleteCommit', 'Ongoing'],
  );
});

test('a completion that the log refuses is written later, but never after what followed it', () => {
  const { shard, producer } = begun();
  shard.holdsMarkers = true;
  const next = shard.end(producer, true).answer!;
  shard.appendError = new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS);
  shard.holdsMarkers = false;
  shard.settle();
  assert.equal(shard.logged.at(-1)?.state, 'PrepareCommit');
  shard.appendError = null;
  shard.pass(2_000);
  assert.equal(shard.logged.at(-1)?.state, 'CompleteCommit');
  shard.add(next, [p(0)]);
  shard.appendError = new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS);
  shard.end(next, true);
  shard.appendError = null;
  shard.end(next, true);
  shard.pass(2_000);
  assert.deepEqual(
    shard.logged.slice(-3).map(({ state }) => state),
    ['Ongoing', 'PrepareCommit', 'CompleteCommit'],
  );
});

test('everyone who waits is sent elsewhere when the shard goes', () => {
  const { shard, producer } = begun();
  shard.holdsMarkers = true;
  const next = shard.end(producer, true).answer!;
  const added = shard.add(next, [p(2)]);
  shard.holdsProducerIds = true;
  const began = shard.init();
  shard.shard.abandon(ErrorCode.NOT_COORDINATOR);
  assert.deepEqual(added.answer, [ErrorCode.NOT_COORDINATOR]);
  assert.equal(began.answer?.errorCode, ErrorCode.NOT_COORDINATOR);
  shard.deliverOne();
  assert.equal(shard.openAppends, 0);
});
