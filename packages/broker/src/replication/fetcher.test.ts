import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@moldau/io';
import { batches, ErrorCode, encodeBatch, RecordBatch } from '@moldau/protocol';
import { settled } from '@moldau/testing';
import { Fetcher } from './fetcher.ts';
import type { Partition } from './partition.ts';
import { batchOf, fetched, TOPIC_ID, testPartitions } from './testing-partitions.ts';

const LIMITS = {
  minBytes: 1,
  maxBytes: 1_000_000,
  maxWaitMs: 500,
  isHardLimit: false,
  isReadCommitted: false,
  skipsControl: false,
};
const stays = () => () => {};

async function fetcherOf(configs: Record<string, string> = {}) {
  const all = await testPartitions(configs);
  const { partitions, time } = all;
  const fetcher = new Fetcher({ partitions, timers: time, clock: time, logger: silentLogger });
  for (const index of [0, 1]) await partitions.get('orders', index)!.log.ready();
  return { ...all, fetcher };
}

test('answers at once when there is enough, with whole batches up to the limit', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const partition = partitions.get('orders', 0)!;
  const size = batchOf(100).sizeBytes;
  for (let i = 0; i < 3; i += 1) await partition.append([batchOf(100)]).written;
  const [read] = await fetcher.fetch([fetched(0, 0, { maxBytes: 2 * size + 5 })], LIMITS, stays);
  assert.equal(read?.sizeBytes, 2 * size);
  assert.equal(read?.highWatermark, 3);
});

test('the first partition with data gives one batch however large, the others keep to what is left', async () => {
  const { fetcher, partitions } = await fetcherOf();
  for (const index of [0, 1]) await partitions.get('orders', index)!.append([batchOf(1000)]).written;
  const wanted = [fetched(0, 0, { maxBytes: 1 }), fetched(1, 0)];
  const reads = await fetcher.fetch(wanted, { ...LIMITS, maxBytes: 10 }, stays);
  assert.deepEqual(
    reads.map(({ sizeBytes }) => sizeBytes > 0),
    [true, false],
  );
  const hard = await fetcher.fetch(
    wanted,
    { ...LIMITS, maxBytes: 10, maxWaitMs: 0, isHardLimit: true },
    stays,
  );
  assert.deepEqual(
    hard.map(({ sizeBytes }) => sizeBytes),
    [0, 0],
  );
});

test('waits until enough bytes came over all partitions', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const size = batchOf(100).sizeBytes;
  let answer: number[] | undefined;
  const fetching = fetcher
    .fetch([fetched(0, 0), fetched(1, 0)], { ...LIMITS, minBytes: 2 * size }, stays)
    .then((reads) => {
      answer = reads.map(({ sizeBytes }) => sizeBytes);
    });
  await settled();
  await partitions.get('orders', 0)!.append([batchOf(100)]).written;
  await settled();
  assert.equal(answer, undefined);
  await partitions.get('orders', 1)!.append([batchOf(100)]).written;
  await fetching;
  assert.deepEqual(answer, [size, size]);
  assert.equal(partitions.get('orders', 0)!.waits.size, 0);
});

test('answers with what there is when the time is over, when the client is gone and when the broker stops', async () => {
  const { fetcher, partitions, time } = await fetcherOf();
  const late = fetcher.fetch([fetched(0, 0)], LIMITS, stays);
  await time.advance(500);
  assert.equal((await late)[0]?.errorCode, ErrorCode.NONE);
  let hangUp = () => {};
  const gone = fetcher.fetch([fetched(0, 0)], LIMITS, (run) => {
    hangUp = run;
    return () => {};
  });
  await settled();
  hangUp();
  assert.equal((await gone)[0]?.sizeBytes, 0);
  const stopped = fetcher.fetch([fetched(0, 0)], LIMITS, stays);
  await settled();
  fetcher.stop();
  assert.equal((await stopped)[0]?.sizeBytes, 0);
  assert.equal(partitions.get('orders', 0)!.waits.size, 0);
});

test('errors are answered at once: unknown topic, unknown id, known id without that partition, offset out of range, wrong leader epoch', async () => {
  const { fetcher } = await fetcherOf();
  const reads = await fetcher.fetch(
    [
      fetched(9, 0),
      fetched(0, 0, { topic: '', topicId: 'unknown-topic-id______' }),
      fetched(9, 0, { topic: '', topicId: TOPIC_ID }),
      fetched(0, 0, { topic: '' }),
      fetched(0, 5),
      fetched(0, 0, { currentLeaderEpoch: 3 }),
    ],
    LIMITS,
    stays,
  );
  assert.deepEqual(
    reads.map(({ errorCode }) => errorCode),
    [
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.UNKNOWN_TOPIC_ID,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.UNKNOWN_TOPIC_ID,
      ErrorCode.OFFSET_OUT_OF_RANGE,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    ],
  );
  assert.ok(
    reads.every(({ highWatermark, logStartOffset }) => highWatermark === -1 && logStartOffset === -1),
  );
});

test('a client past the end of the epoch it read last is told where that epoch ends', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const partition = partitions.get('orders', 0)!;
  await partition.append([batchOf(10)]).written;
  const fetchAt = async (offset: number, lastFetchedEpoch: number) => {
    const [read] = await fetcher.fetch([fetched(0, offset, { lastFetchedEpoch })], LIMITS, stays);
    return { errorCode: read?.errorCode, divergingEpoch: read?.divergingEpoch };
  };
  const { leaderEpoch } = partition;
  assert.deepEqual(await fetchAt(4, leaderEpoch), {
    errorCode: ErrorCode.NONE,
    divergingEpoch: { epoch: leaderEpoch, endOffset: 1 },
  });
  assert.deepEqual(await fetchAt(0, leaderEpoch), { errorCode: ErrorCode.NONE, divergingEpoch: undefined });
  assert.deepEqual(await fetchAt(0, leaderEpoch + 1), {
    errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
    divergingEpoch: undefined,
  });
});

test('a topic that is deleted while a fetch waits ends the wait with an error', async () => {
  const { fetcher, partitions, image } = await fetcherOf();
  const fetching = fetcher.fetch([fetched(0, 0)], LIMITS, stays);
  await settled();
  const topic = image.topicByName('orders')!;
  image.apply({ type: 'topic-removed', topicId: TOPIC_ID });
  await partitions.topicRemoved(topic);
  assert.equal((await fetching)[0]?.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});

test('nothing is visible before it is in the page cache', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const appended = partitions.get('orders', 0)!.append([batchOf(10)]);
  const [before] = await fetcher.fetch([fetched(0, 0)], { ...LIMITS, maxWaitMs: 0 }, stays);
  assert.equal(before?.sizeBytes, 0);
  await appended.written;
  const [after] = await fetcher.fetch([fetched(0, 0)], { ...LIMITS, maxWaitMs: 0 }, stays);
  assert.ok(after!.sizeBytes > 0);
});

test('a topic in memory makes no file', async () => {
  const { fetcher, partitions, disk } = await fetcherOf({ 'moldau.durability': 'memory' });
  const before = (await disk.list('/data')).length;
  const partition = partitions.get('orders', 0)!;
  await partition.append([batchOf(10)]).written;
  await partition.log.flush();
  const [read] = await fetcher.fetch([fetched(0, 0)], LIMITS, stays);
  assert.ok(read!.sizeBytes > 0);
  assert.equal((await disk.list('/data')).length, before);
});

/** Appends a batch of a producer's transaction. */
async function appendInTransaction(
  partition: Partition,
  producerId: number,
  baseSequence = 0,
): Promise<void> {
  const records = [{ timestamp: 1, key: null, value: Buffer.alloc(100) }];
  const fields = { producerId, producerEpoch: 0, baseSequence, isTransactional: true };
  const batch = new RecordBatch(encodeBatch({ records, ...fields }));
  await partition.append([batch], { verification: 'waived' }).written;
}

function end(partition: Partition, producerId: number, committed: boolean): Promise<void> {
  const marker = { producerId, producerEpoch: 0, coordinatorEpoch: 0, committed, transactionVersion: 0 };
  return partition.appendMarker(marker, 1);
}

const COMMITTED = { ...LIMITS, isReadCommitted: true };

test('readers of committed records stop at the open transaction and are told which were aborted', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const partition = partitions.get('orders', 0)!;
  await appendInTransaction(partition, 1);
  await end(partition, 1, false);
  await appendInTransaction(partition, 2);
  const read = async (offset: number, limits = { ...COMMITTED, maxWaitMs: 0 }) =>
    (await fetcher.fetch([fetched(0, offset)], limits, stays))[0]!;
  const committed = await read(0);
  assert.deepEqual([committed.highWatermark, committed.lastStableOffset], [3, 2]);
  assert.deepEqual(
    committed.abortedTransactions?.map(({ producerId, firstOffset }) => [producerId, firstOffset]),
    [[1, 0]],
  );
  const uncommitted = await read(0, { ...LIMITS, maxWaitMs: 0 });
  assert.equal(uncommitted.abortedTransactions, null);
  assert.ok(uncommitted.sizeBytes > committed.sizeBytes);
  for (const offset of [2, 3]) {
    const waiting = await read(offset);
    assert.deepEqual([waiting.sizeBytes, waiting.errorCode], [0, ErrorCode.NONE]);
    assert.deepEqual(waiting.abortedTransactions, []);
  }
});

test('a reader of committed records wakes when the transaction ends, and not before', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const partition = partitions.get('orders', 0)!;
  await appendInTransaction(partition, 1);
  let answer: number | undefined;
  const fetching = fetcher.fetch([fetched(0, 0)], COMMITTED, stays).then(([read]) => {
    answer = read!.sizeBytes;
  });
  await settled();
  await partition.append([batchOf(100)]).written;
  await appendInTransaction(partition, 1, 1);
  await settled();
  assert.equal(answer, undefined);
  assert.equal(partition.stableWaits.size, 1);
  await end(partition, 1, true);
  await fetching;
  assert.ok(answer! > 300);
});

test('clients that know no control batches get what follows them', async () => {
  const { fetcher, partitions } = await fetcherOf();
  const partition = partitions.get('orders', 0)!;
  for (const producerId of [1, 2]) await end(partition, producerId, true);
  await partition.append([batchOf(100)]).written;
  const limits = { ...LIMITS, maxBytes: 80, skipsControl: true };
  const [read] = await fetcher.fetch([fetched(0, 0, { maxBytes: 80 })], limits, stays);
  const found = [...batches(Buffer.concat([...read!.chunks]))];
  assert.deepEqual(
    found.map(({ baseOffset, isControl }) => [baseOffset, isControl]),
    [[2, false]],
  );
});

test('who fetches is told how long it has waited, and of nothing when it has not', async () => {
  const { fetcher, partitions, time } = await fetcherOf();
  const waits: number[] = [];
  const fetching = fetcher.fetch([fetched(0, 0)], LIMITS, stays, (ms) => void waits.push(ms));
  await settled();
  assert.equal(fetcher.waitingCount, 1);
  await time.advance(120);
  await partitions.get('orders', 0)!.append([batchOf(100)]).written;
  await fetching;
  assert.equal(fetcher.waitingCount, 0);
  await fetcher.fetch([fetched(0, 0)], LIMITS, stays, (ms) => void waits.push(ms));
  assert.deepEqual(waits, [120]);
});
