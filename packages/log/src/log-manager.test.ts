import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { LogDirError } from './log-dir-opening.ts';
import { batchOf, markerOf, openLog, readAll, settle, TOPIC_ID, World } from './testing-logs.ts';

const LEADER = { leaderEpoch: 0 };

test('spreads partitions over the log dirs and finds them again', async () => {
  const world = new World();
  const options = { logDirs: ['/one', '/two'] };
  let manager = await world.open(options);
  for (let index = 0; index < 6; index++) {
    const log = await openLog(manager, {}, `spread-${index}`);
    await log.append(batchOf([`${index}`]), LEADER).written;
  }
  for (const path of options.logDirs) {
    assert.equal((await world.names(path)).filter((name) => name.startsWith('spread-')).length, 3);
  }
  await manager.close();
  manager = await world.open(options);
  assert.equal(manager.directoryNames().length, 6);
  for (let index = 0; index < 6; index++) {
    assert.equal((await readAll(await openLog(manager, {}, `spread-${index}`)))[0]?.value, `${index}`);
  }
  await manager.close();
});

test('refuses a folder that another process holds, one of another cluster, and one of another node', async () => {
  const world = new World();
  const manager = await world.open({ identity: { clusterId: 'mine', nodeId: 1 } });
  await assert.rejects(world.open(), (error) => error instanceof LogDirError && /in use/.test(error.message));
  await manager.close();
  const other = world.open({ identity: { clusterId: 'yours', nodeId: 1 } });
  await assert.rejects(other, (error) => error instanceof LogDirError && /cluster mine/.test(error.message));
  const advice = /belongs to node 1, not to 2: start with --set node\.id=1/;
  const another = world.open({ identity: { clusterId: 'mine', nodeId: 2 } });
  await assert.rejects(another, (error) => error instanceof LogDirError && advice.test(error.message));
  await (await world.open({ identity: { clusterId: 'mine', nodeId: 1 } })).close();
});

test('goes on with the other log dirs when one cannot be used', async () => {
  const world = new World();
  world.disk.fail({ operation: 'makeDirectory', path: '/broken', code: 'EACCES' });
  const manager = await world.open({ logDirs: ['/broken', '/fine'] });
  const log = await openLog(manager);
  await log.append(batchOf(['x']), LEADER).written;
  assert.equal(await world.has('/fine/topic-0'), true);
  assert.match(
    (await manager.logDirUsage())[0]?.offlineReason ?? '',
    /^log dir \/broken cannot be used: opening it failed \(EACCES[^)]*\)\. Give it to the user .*\(chown\)/,
  );
  await manager.close();
});

test('a clean stop leaves the marker, and a start takes it away', async () => {
  const world = new World();
  let manager = await world.open();
  await (await openLog(manager)).append(batchOf(['x']), LEADER).written;
  await manager.close();
  assert.equal(await world.has('/data/.kafka_cleanshutdown'), true);
  assert.equal(await world.has('/data/topic-0/00000000000000000000.timeindex'), true);
  manager = await world.open();
  assert.equal(await world.has('/data/.kafka_cleanshutdown'), false);
  await manager.close();
});

test('a log that was not recovered since a crash is still recovered after a clean stop', async () => {
  const world = new World();
  let manager = await world.open();
  await (await openLog(manager)).append(batchOf(['x']), LEADER).written;
  await settle();
  await world.kill();
  await world.damage('/data/topic-0/00000000000000000000.log', (bytes) =>
    Buffer.concat([bytes, Buffer.from('torn')]),
  );
  manager = await world.open();
  await manager.close();
  assert.equal(await world.has('/data/.kafka_cleanshutdown'), false);
  manager = await world.open();
  assert.equal((await openLog(manager)).logEndOffset, 1);
  assert.ok(world.told('warn').some((line) => line.includes('torn tail')));
  await manager.close();
});

test('after a crash all known logs are recovered in the background', async () => {
  const world = new World();
  await (await openLog(await world.open())).append(batchOf(['x']), LEADER).written;
  await settle();
  await world.kill();
  const manager = await world.open();
  const log = manager.log(
    { directoryName: 'topic-0', topicId: TOPIC_ID },
    (await openLog(manager, {}, 'other-0')).config,
  );
  await world.time.advance(4000);
  await settle();
  assert.equal(log.isReady, true);
  await manager.close();
});

test('removes a partition at once, its bytes later, and its name can be used again', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  await log.append(batchOf(['old']), LEADER).written;
  const removed = manager.remove('topic-0');
  const again = await openLog(manager);
  const appended = again.append(batchOf(['new']), LEADER);
  await Promise.all([removed, appended.written]);
  assert.throws(
    () => log.append(batchOf(['no']), LEADER),
    (error) => error instanceof KafkaError && error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  );
  assert.deepEqual(
    (await readAll(again)).map((record) => record.value),
    ['new'],
  );
  assert.equal((await world.names('/data')).filter((name) => name.endsWith('-delete')).length, 1);
  await world.time.advance(61_000);
  await settle();
  assert.equal((await world.names('/data')).filter((name) => name.endsWith('-delete')).length, 0);
  await manager.remove('never-was-0');
  await manager.close();
});

test('keeps no more files open than it may, whatever the number of logs', async () => {
  const world = new World();
  const manager = await world.open({ maxOpenFiles: 5 });
  const logs = await Promise.all(
    Array.from({ length: 30 }, (_, index) => openLog(manager, {}, `files-${index}`)),
  );
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, world.disk.openFileCount);
  }, 0);
  for (let round = 0; round < 3; round++) {
    await Promise.all(logs.map((log) => log.append(batchOf(['x']), LEADER).written));
  }
  await Promise.all(logs.map((log) => log.flush()));
  await settle();
  clearInterval(watch);
  assert.ok(world.disk.openFileCount <= 5, `${world.disk.openFileCount} open`);
  // Small files beside the logs come and go on top.
  assert.ok(most <= 5 + 24, `${most} open at once`);
  await manager.close();
});

test('removes segments by time and size, rolling the active one when it is due', async () => {
  const world = new World();
  const manager = await world.open({ retentionCheckIntervalMs: 10_000 });
  const config = { segmentBytes: 400, retentionMs: 60_000, fileDeleteDelayMs: 1000 };
  const log = await openLog(manager, config);
  for (let index = 0; index < 20; index++) {
    await log.append(batchOf([`v${index}`], { timestampMs: world.time.wallMs() + index * 5000 }), LEADER)
      .written;
  }
  await world.time.advance(90_000);
  await settle();
  assert.ok(log.logStartOffset > 2 && log.logStartOffset < 20, `${log.logStartOffset}`);
  assert.equal((await readAll(log))[0]?.offset, log.logStartOffset);
  assert.throws(() => log.read(0, { maxBytes: 1, minOneBatch: true }));
  await world.time.advance(120_000);
  await settle();
  assert.equal(log.logStartOffset, 20);
  assert.equal(log.sizeBytes, 0);
  await world.time.advance(10_000);
  await settle();
  assert.deepEqual(
    (await world.names('/data/topic-0')).filter((name) => name.endsWith('.log') || name.endsWith('.deleted')),
    ['00000000000000000020.log'],
  );
  const sized = await openLog(
    manager,
    { segmentBytes: 400, retentionMs: -1, retentionBytes: 1000 },
    'sized-0',
  );
  for (let index = 0; index < 40; index++) await sized.append(batchOf([`v${index}`]), LEADER).written;
  await sized.enforceRetention(world.time.wallMs());
  assert.ok(sized.sizeBytes >= 1000 && sized.sizeBytes < 1400, `${sized.sizeBytes}`);
  await manager.close();
});

test('retention finds logs that nobody has loaded', async () => {
  const world = new World();
  let manager = await world.open();
  const config = { segmentBytes: 300, retentionBytes: 300 };
  const log = await openLog(manager, config);
  for (let index = 0; index < 20; index++) await log.append(batchOf([`v${index}`]), LEADER).written;
  await manager.close();
  manager = await world.open({ retentionCheckIntervalMs: 1000 });
  const unloaded = manager.log({ directoryName: 'topic-0', topicId: TOPIC_ID }, log.config);
  for (let step = 0; step < 5; step++) {
    await world.time.advance(1000);
    await settle(60);
  }
  await unloaded.ready();
  assert.ok(unloaded.logStartOffset > 0);
  await manager.close();
});

test('deleteRecordsBefore moves the start, over a restart too', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager, { segmentBytes: 500 });
  for (let index = 0; index < 20; index++) await log.append(batchOf([`v${index}`]), LEADER).written;
  assert.equal(await log.deleteRecordsBefore(9), 9);
  assert.equal(await log.deleteRecordsBefore(3), 9);
  await assert.rejects(log.deleteRecordsBefore(21));
  await settle();
  await world.kill();
  manager = await world.open();
  log = await openLog(manager, { segmentBytes: 500 });
  assert.equal(log.logStartOffset, 9);
  assert.equal((await readAll(log))[0]?.offset, 9);
  assert.equal((await log.offsetForTimestamp(0))?.offset, 9);
  await manager.close();
});

test('knows open and aborted transactions', async () => {
  const world = new World();
  let manager = await world.open();
  let log = await openLog(manager);
  const data = (producerId: number, baseSequence: number): Buffer =>
    batchOf(['t'], { producerId, producerEpoch: 0, baseSequence, isTransactional: true });
  log.append(data(1, 0), { ...LEADER, verification: 'waived' });
  log.append(data(2, 0), { ...LEADER, verification: 'waived' });
  await log.append(batchOf(['plain']), LEADER).written;
  assert.equal(log.lastStableOffset, 0);
  log.append(markerOf(1, 0, false), { ...LEADER, origin: 'coordinator' });
  await settle();
  assert.equal(log.lastStableOffset, 1);
  await log.append(markerOf(2, 0, true), { ...LEADER, origin: 'coordinator' }).written;
  assert.equal(log.lastStableOffset, 5);
  const aborted = [{ producerId: 1, firstOffset: 0, lastOffset: 3, lastStableOffset: 1 }];
  assert.deepEqual(await log.abortedTransactions(0, 5), aborted);
  assert.deepEqual(await log.abortedTransactions(4, 5), []);
  await manager.close();
  manager = await world.open();
  log = await openLog(manager);
  assert.deepEqual(await log.abortedTransactions(0, 5), aborted);
  assert.equal(log.activeProducers().find((each) => each.producerId === 1)?.coordinatorEpoch, 7);
  await manager.close();
});

test('opens a folder that Kafka stopped cleanly without its tail states', async () => {
  const world = new World();
  let manager = await world.open();
  const log = await openLog(manager, { indexIntervalBytes: 100 });
  for (let index = 0; index < 30; index++)
    await log.append(batchOf([`v${index}`]), { leaderEpoch: 3 }).written;
  await manager.close();
  await world.disk.remove('/data/.moldau-tails');
  manager = await world.open();
  const again = await openLog(manager, { indexIntervalBytes: 100 });
  assert.equal(again.logEndOffset, 30);
  assert.equal(again.lastLeaderEpoch, 3);
  assert.equal((await readAll(again)).length, 30);
  await manager.close();
});
