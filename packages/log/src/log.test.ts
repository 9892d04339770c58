import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, KafkaError, RecordBatch } from '@moldau/protocol';
import { batchOf, openLog, readAll, settle, World } from './testing-logs.ts';

function hasCode(code: number): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === code;
}

const LEADER = { leaderEpoch: 0 };

test('assigns offsets in order and gives back what was appended', async () => {
  const manager = await new World().open();
  const log = await openLog(manager);
  const first = log.append(batchOf(['a', 'b']), LEADER);
  const second = log.append(Buffer.concat([batchOf(['c']), batchOf(['d', 'e'])]), LEADER);
  assert.deepEqual([first.baseOffset, first.lastOffset, second.baseOffset, second.lastOffset], [0, 1, 2, 4]);
  assert.equal(log.logEndOffset, 5);
  assert.equal(log.writtenOffset, 0);
  await second.written;
  assert.equal(log.writtenOffset, 5);
  assert.deepEqual(
    (await readAll(log)).map((record) => record.value),
    ['a', 'b', 'c', 'd', 'e'],
  );
  await manager.close();
});

test('batches that lie apart in memory get their offsets like those side by side', async () => {
  const manager = await new World().open();
  const log = await openLog(manager);
  const apart = [batchOf(['a', 'b']), batchOf(['c']), batchOf(['d'])].map((bytes) => new RecordBatch(bytes));
  await log.append(apart, LEADER).written;
  assert.deepEqual(
    (await readAll(log)).map(({ offset, value }) => `${offset}${value}`),
    ['0a', '1b', '2c', '3d'],
  );
  await manager.close();
});

test('makes no folder and no file before the first write', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  assert.equal(await world.has('/data/topic-0'), false);
  await log.append(batchOf(['a']), LEADER).written;
  assert.equal(await world.has('/data/topic-0/00000000000000000000.log'), true);
  await manager.close();
});

test('gathers the appends of one turn into one write, and those during a write into the next', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  await log.append(batchOf(['warm']), LEADER).written;
  await settle();
  const before = world.count('write');
  const appended = Array.from(
    { length: 50 },
    (_, index) => log.append(batchOf([`v${index}`]), LEADER).written,
  );
  await Promise.all(appended);
  assert.equal(world.count('write') - before, 1);
  await manager.close();
});

test('serves many flushes with one fsync', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  log.append(batchOf(['warm']), LEADER);
  await log.flush();
  const before = world.count('sync');
  log.append(batchOf(['x']), LEADER);
  await Promise.all(Array.from({ length: 20 }, () => log.flush()));
  assert.equal(world.count('sync') - before, 1);
  assert.equal(log.flushedOffset, log.logEndOffset);
  await manager.close();
});

test('shares the fsync of the log dir among new partitions', async () => {
  const world = new World();
  const manager = await world.open();
  const logs = await Promise.all(
    Array.from({ length: 40 }, (_, index) => openLog(manager, {}, `many-${index}`)),
  );
  const before = world.count('syncDirectory');
  for (const log of logs) log.append(batchOf(['x']), LEADER);
  await Promise.all(logs.map((log) => log.flush()));
  const perLog = 40;
  assert.ok(
    world.count('syncDirectory') - before - perLog <= 12,
    `${world.count('syncDirectory') - before} folder fsyncs`,
  );
  await manager.close();
});

test('durability replicated resolves flush without an fsync', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { durability: 'replicated' });
  await settle();
  const before = world.count('sync');
  log.append(batchOf(['x']), LEADER);
  await log.flush();
  assert.equal(world.count('sync') - before, 0);
  assert.equal(log.writtenOffset, 1);
  await manager.close();
});

test('flush.messages adds an fsync after that many records', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { durability: 'replicated', flushMessages: 3 });
  await log.append(batchOf(['a', 'b', 'c']), LEADER).written;
  await settle();
  assert.equal(log.flushedOffset, 3);
  await manager.close();
});

test('flush.ms adds an fsync after that time', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { durability: 'replicated', flushMs: 500 });
  await log.append(batchOf(['a']), LEADER).written;
  await world.time.advance(499);
  assert.equal(log.flushedOffset, 0);
  await world.time.advance(2);
  await settle();
  assert.equal(log.flushedOffset, 1);
  await manager.close();
});

test('a log in memory makes no file, keeps within its bound, and is gone after a restart', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager, { durability: 'memory', retentionBytes: 20_000 });
  for (let index = 0; index < 100; index++)
    await log.append(batchOf([`${index}`.repeat(300)]), LEADER).written;
  await log.flush();
  assert.equal(log.logEndOffset, 100);
  assert.ok(log.sizeBytes <= 20_000, `${log.sizeBytes} bytes kept`);
  assert.ok(log.logStartOffset > 0);
  const records = await readAll(log);
  assert.equal(records[0]?.offset, log.logStartOffset);
  assert.equal(records.length, 100 - log.logStartOffset);
  assert.equal(await world.has('/data/topic-0'), false);
  await manager.close();
  manager = await world.open();
  log = await openLog(manager, { durability: 'memory' });
  assert.equal(log.logEndOffset, 0);
  await manager.close();
});

test('reads through segments, indexes and from the middle of a batch after a clean stop', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager, { segmentBytes: 3000, indexIntervalBytes: 200 });
  for (let index = 0; index < 120; index++)
    await log.append(batchOf([`x${index}`, `y${index}`]), LEADER).written;
  await manager.close();
  manager = await world.open();
  log = await openLog(manager, { segmentBytes: 3000, indexIntervalBytes: 200 });
  assert.equal(log.logEndOffset, 240);
  const whole = await readAll(log);
  assert.equal(whole.length, 240);
  for (const offset of [0, 1, 37, 38, 101, 239]) {
    const result = await log.read(offset, { maxBytes: 1, minOneBatch: true });
    assert.equal(result.firstOffset, offset - (offset % 2));
    assert.equal(result.nextOffset, offset - (offset % 2) + 2);
  }
  assert.equal((await log.read(5, { maxBytes: 1, minOneBatch: false })).sizeBytes, 0);
  assert.equal((await log.read(240, { maxBytes: 100, minOneBatch: true })).sizeBytes, 0);
  await assert.rejects(
    async () => log.read(241, { maxBytes: 100, minOneBatch: true }),
    hasCode(ErrorCode.OFFSET_OUT_OF_RANGE),
  );
  assert.ok(!world.lines.some((line) => line.message.includes('recovered')));
  await manager.close();
});

test('never reads batches that end beyond upToOffset', async () => {
  const manager = await new World().open();
  const log = await openLog(manager);
  await log.append(Buffer.concat([batchOf(['a', 'b']), batchOf(['c', 'd'])]), LEADER).written;
  const result = await log.read(0, { maxBytes: 10_000, minOneBatch: true, upToOffset: 3 });
  assert.equal(result.nextOffset, 2);
  await manager.close();
});

test('a read goes on from disk into the tail cache', async () => {
  const world = new World();
  const manager = await world.open({ tailCacheBytes: 4000 });
  const log = await openLog(manager, { segmentBytes: 6000 });
  for (let index = 0; index < 100; index++)
    await log.append(batchOf([`${index}`.padStart(100, '.')]), LEADER).written;
  const records = await readAll(log, 0, 7000);
  assert.deepEqual(
    records.map((record) => record.offset),
    Array.from({ length: 100 }, (_, index) => index),
  );
  const tail = log.read(99, { maxBytes: 1000, minOneBatch: true });
  assert.ok(!(tail instanceof Promise), 'the tail is read synchronously');
  assert.ok(log.read(0, { maxBytes: 1000, minOneBatch: true }) instanceof Promise);
  await manager.close();
});

test('rolls a segment that would exceed segment.bytes, and one older than segment.ms', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { segmentMs: 1000 });
  await log.append(batchOf(['a'], { timestampMs: 5000 }), LEADER).written;
  await log.append(batchOf(['b'], { timestampMs: 6000 }), LEADER).written;
  await log.append(batchOf(['c'], { timestampMs: 6001 }), LEADER).written;
  await settle();
  assert.equal(await world.has('/data/topic-0/00000000000000000001.log'), false);
  assert.equal(await world.has('/data/topic-0/00000000000000000002.log'), true);
  assert.equal(await world.has('/data/topic-0/00000000000000000002.snapshot'), true);
  assert.throws(
    () =>
      log.append(batchOf(['x'.repeat(200)]), LEADER) &&
      log.updateConfig({ ...log.config, segmentBytes: 100 }) === undefined &&
      log.append(batchOf(['x'.repeat(200)]), LEADER),
    hasCode(ErrorCode.RECORD_LIST_TOO_LARGE),
  );
  await manager.close();
});

test('a producer that sends again gets the old offsets; a gap and an old epoch are refused and change nothing', async () => {
  const manager = await new World().open();
  const log = await openLog(manager);
  const batch = (sequence: number, epoch = 0): Buffer =>
    batchOf(['v'], { producerId: 9, producerEpoch: epoch, baseSequence: sequence });
  for (let sequence = 0; sequence < 7; sequence++) log.append(batch(sequence), LEADER);
  const repeated = log.append(batch(3), LEADER);
  assert.deepEqual([repeated.duplicate, repeated.baseOffset, repeated.lastOffset], [true, 3, 3]);
  assert.throws(() => log.append(batch(1), LEADER), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  assert.throws(() => log.append(batch(8), LEADER), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  assert.equal(log.append(batch(7), LEADER).baseOffset, 7);
  assert.throws(() => log.append(batch(5, 1), LEADER), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  assert.equal(log.append(batch(0, 1), LEADER).baseOffset, 8);
  assert.throws(() => log.append(batch(8), LEADER), hasCode(ErrorCode.INVALID_PRODUCER_EPOCH));
  assert.equal(log.logEndOffset, 9);
  assert.deepEqual(
    log.activeProducers().map((each) => [each.producerId, each.producerEpoch, each.lastSequence]),
    [[9, 1, 0]],
  );
  await manager.close();
});

test('remembers producers over a clean stop', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager);
  for (let sequence = 0; sequence < 3; sequence++) {
    log.append(batchOf(['v'], { producerId: 9, producerEpoch: 0, baseSequence: sequence }), LEADER);
  }
  await manager.close();
  manager = await world.open();
  log = await openLog(manager);
  assert.equal(
    log.append(batchOf(['v'], { producerId: 9, producerEpoch: 0, baseSequence: 2 }), LEADER).duplicate,
    true,
  );
  assert.equal(
    log.append(batchOf(['v'], { producerId: 9, producerEpoch: 0, baseSequence: 3 }), LEADER).baseOffset,
    3,
  );
  await manager.close();
});

test('LogAppendTime puts the wall time into the batches', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { timestampType: 'LogAppendTime' });
  const { appendTimeMs, written } = log.append(batchOf(['a'], { timestampMs: 5 }), LEADER);
  await written;
  assert.equal(appendTimeMs, world.time.wallMs());
  assert.equal((await log.offsetOfMaxTimestamp())?.timestampMs, world.time.wallMs());
  await manager.close();
});

test('finds offsets by time, in old segments and in the active one, before and after a restart', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager, { segmentBytes: 1500, indexIntervalBytes: 100 });
  for (let index = 0; index < 60; index++) {
    await log.append(batchOf([`a${index}`, `b${index}`], { timestampMs: 10_000 + index * 10 }), LEADER)
      .written;
  }
  for (const when of ['before', 'after']) {
    assert.equal((await log.offsetForTimestamp(0))?.offset, 0, when);
    assert.equal((await log.offsetForTimestamp(10_100))?.offset, 20, when);
    assert.equal((await log.offsetForTimestamp(10_101))?.offset, 21, when);
    assert.equal((await log.offsetForTimestamp(10_102))?.offset, 22, when);
    assert.deepEqual(await log.offsetForTimestamp(10_590), {
      offset: 118,
      timestampMs: 10_590,
      leaderEpoch: 0,
    });
    assert.equal(await log.offsetForTimestamp(10_592), undefined, when);
    assert.equal(await log.offsetForTimestamp(10_590, 118), undefined, when);
    assert.equal((await log.offsetOfMaxTimestamp())?.offset, 119, when);
    await manager.close();
    manager = await world.open();
    log = await openLog(manager, { segmentBytes: 1500, indexIntervalBytes: 100 });
  }
  await manager.close();
});

test('keeps leader epochs over a restart and answers where they end', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager);
  await log.append(batchOf(['a', 'b']), { leaderEpoch: 2 }).written;
  await log.append(batchOf(['c']), { leaderEpoch: 5 }).written;
  await manager.close();
  manager = await world.open();
  log = await openLog(manager);
  assert.equal(log.lastLeaderEpoch, 5);
  assert.deepEqual(log.epochEndOffset(2), { leaderEpoch: 2, endOffset: 2 });
  assert.deepEqual(log.epochEndOffset(4), { leaderEpoch: 2, endOffset: 2 });
  assert.deepEqual(log.epochEndOffset(5), { leaderEpoch: 5, endOffset: 3 });
  assert.deepEqual(log.epochEndOffset(6), { leaderEpoch: -1, endOffset: -1 });
  await manager.close();
});

test('tells listeners when bytes have been written', async () => {
  const manager = await new World().open();
  const log = await openLog(manager);
  const seen: number[] = [];
  const stop = log.onWritten((each) => seen.push(each.writtenOffset));
  await log.append(batchOf(['a']), LEADER).written;
  stop();
  await log.append(batchOf(['b']), LEADER).written;
  assert.deepEqual(seen, [1]);
  await manager.close();
});

test('truncates to an offset, and forgets producers and epochs beyond it', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { segmentBytes: 400 });
  for (let sequence = 0; sequence < 20; sequence++) {
    const batch = batchOf([`v${sequence}`], { producerId: 3, producerEpoch: 0, baseSequence: sequence });
    await log.append(batch, { leaderEpoch: sequence < 10 ? 1 : 2 }).written;
  }
  await log.truncateTo(7);
  assert.equal(log.logEndOffset, 7);
  assert.equal(log.lastLeaderEpoch, 1);
  const { baseOffset } = log.append(batchOf(['new'], { producerId: 3, producerEpoch: 0, baseSequence: 7 }), {
    leaderEpoch: 3,
  });
  assert.equal(baseOffset, 7);
  await log.flush();
  assert.deepEqual(
    (await readAll(log)).map((record) => record.value),
    ['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'new'],
  );
  await manager.close();
});

test('a folder of another topic of the same name is kept aside', async () => {
  const world = new World();
  let manager = await world.open();
  await (await openLog(manager)).append(batchOf(['old']), LEADER).written;
  await manager.close();
  manager = await world.open();
  const log = manager.log(
    { directoryName: 'topic-0', topicId: 'zzzzzzzzzzzzzzzzzzzzzz' },
    (await openLog(manager, {}, 'other-0')).config,
  );
  await log.ready();
  assert.equal(log.logEndOffset, 0);
  assert.ok((await world.names('/data')).some((name) => name.endsWith('-stray')));
  await manager.close();
});

test('records without a timestamp are kept as long as their file is young', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { retentionMs: 3_600_000 });
  await log.append(batchOf(['a'], { timestampMs: -1 }), LEADER).written;
  // Files in memory were all modified at time 0, and no timestamp is -1.
  assert.equal(await log.enforceRetention(3_600_000), 0);
  assert.equal(await log.enforceRetention(3_600_001), 1);
  await manager.close();
});
