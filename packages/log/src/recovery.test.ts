import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { Log } from './log.ts';
import { batchOf, openLog, readAll, settle, World } from './testing-logs.ts';

const LEADER = { leaderEpoch: 0 };
const LOG = '/data/topic-0/00000000000000000000.log';

function hasCode(code: number): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === code;
}

/** Sixty batches of one record, flushed, and then a kill or a clean stop. */
async function filled(world: World, end: 'kill' | 'stop', config = {}): Promise<void> {
  const manager = await world.open();
  const log = await openLog(manager, config);
  for (let index = 0; index < 60; index++) {
    await log.append(batchOf([`value ${index}`], { timestampMs: 1_767_225_600_000 + index }), LEADER).written;
  }
  await log.flush();
  if (end === 'stop') await manager.close();
  else await world.time.advance(61_000);
  await settle();
  await world.kill();
}

test('cuts a torn tail off after kill -9 and goes on behind it', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  for (const value of ['a', 'b', 'c']) await log.append(batchOf([value]), LEADER).written;
  await world.kill();
  await world.damage(LOG, (bytes) => bytes.subarray(0, bytes.length - 5));
  const again = await openLog(await world.open());
  assert.equal(again.logEndOffset, 2);
  assert.ok(world.told('warn').some((line) => line.includes('torn tail')));
  assert.equal(again.append(batchOf(['d']), LEADER).baseOffset, 2);
  await again.flush();
  assert.deepEqual(
    (await readAll(again)).map((record) => record.value),
    ['a', 'b', 'd'],
  );
});

test('damage below the recovery point is told, kept aside and readable around; appends go on', async () => {
  const world = new World();
  await filled(world, 'kill', { indexIntervalBytes: 100 });
  const size = (await world.disk.readFile(LOG)).length;
  await world.disk.remove('/data/topic-0/00000000000000000000.index');
  await world.disk.remove('/data/recovery-point-offset-checkpoint');
  await world.disk.replaceFile('/data/recovery-point-offset-checkpoint', Buffer.from('0\n1\ntopic 0 20\n'));
  await world.damage(LOG, (bytes) => {
    bytes.fill(0xee, Math.floor(size / 6), Math.floor(size / 6) + 30);
    return bytes;
  });
  const log = await openLog(await world.open());
  assert.equal(log.logEndOffset, 60);
  assert.ok(
    world.told('error').some((line) => line.includes('topic-0 is damaged: offsets 10 to 10 ')),
    world.told('error').join(),
  );
  assert.equal((await world.disk.readFile(`${LOG}.corrupt`)).length, size);
  assert.equal((await world.disk.readFile(LOG)).length, size);
  await assert.rejects(
    async () => log.read(10, { maxBytes: 100, minOneBatch: true }),
    hasCode(ErrorCode.CORRUPT_MESSAGE),
  );
  assert.equal((await log.read(0, { maxBytes: 100_000, minOneBatch: true })).nextOffset, 10);
  assert.deepEqual(
    (await readAll(log, 20)).map((record) => record.offset),
    Array.from({ length: 40 }, (_, index) => 20 + index),
  );
  assert.equal(log.append(batchOf(['more']), LEADER).baseOffset, 60);
  await log.flush();
  assert.equal((await readAll(log, 60))[0]?.value, 'more');
});

test('damage in the middle on the same boot is not taken for a torn tail', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, { durability: 'replicated' });
  for (let index = 0; index < 10; index++) await log.append(batchOf([`value ${index}`]), LEADER).written;
  await settle();
  await world.kill();
  await world.damage(LOG, (bytes) => {
    bytes[bytes.length / 2 + 70]! ^= 0xff;
    return bytes;
  });
  const again = await openLog(await world.open(), { durability: 'replicated' });
  assert.equal(again.logEndOffset, 10);
  assert.ok(world.told('error').some((line) => line.includes('is damaged')));
});

test('a log shorter than its recovery point never gives out those offsets again', async () => {
  const world = new World();
  await filled(world, 'kill');
  await world.damage(LOG, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)));
  const log = await openLog(await world.open());
  assert.equal(log.logEndOffset, 60);
  assert.ok(world.told('error').length > 0);
  assert.equal(log.append(batchOf(['next']), LEADER).baseOffset, 60);
  await log.flush();
  assert.equal((await readAll(log, 60))[0]?.value, 'next');
});

test('builds indexes again that are missing or make no sense', async () => {
  for (const harm of ['remove', 'empty', 'garble'] as const) {
    const world = new World();
    const config = { segmentBytes: 1500, indexIntervalBytes: 100 };
    await filled(world, 'stop', config);
    for (const name of await world.names('/data/topic-0')) {
      if (!name.endsWith('index')) continue;
      const path = `/data/topic-0/${name}`;
      if (harm === 'remove') await world.disk.remove(path);
      else
        await world.damage(path, (bytes) =>
          harm === 'empty' ? Buffer.alloc(0) : Buffer.alloc(bytes.length, 0x7f),
        );
    }
    const log = await openLog(await world.open(), config);
    assert.equal((await readAll(log)).length, 60);
    assert.equal((await log.offsetForTimestamp(1_767_225_600_033))?.offset, 33, harm);
    assert.equal((await log.read(41, { maxBytes: 1, minOneBatch: true })).firstOffset, 41, harm);
  }
});

test('removes leftovers and folders of deleted partitions, and completes a swap', async () => {
  const world = new World();
  await filled(world, 'stop', { segmentBytes: 1500 });
  const bases = (await world.names('/data/topic-0')).filter((name) => name.endsWith('.log'));
  const second = bases[1]!.slice(0, 20);
  await world.disk.rename(`/data/topic-0/${second}.log`, `/data/topic-0/${second}.log.swap`);
  for (const name of [
    '00000000000000000099.log.deleted',
    '00000000000000000000.index.cleaned.x',
    'half.tmp',
  ]) {
    await world.disk.replaceFile(`/data/topic-0/${name}`, Buffer.from('x'));
  }
  await world.disk.makeDirectory('/data/gone-0.0123456789abcdef-delete');
  const manager = await world.open();
  await world.time.advance(10);
  const log = await openLog(manager, { segmentBytes: 1500 });
  assert.equal((await readAll(log)).length, 60);
  await settle();
  assert.deepEqual(
    (await world.names('/data')).filter((name) => name.endsWith('-delete')),
    [],
  );
  assert.ok(
    !(await world.names('/data/topic-0')).some(
      (name) => name.endsWith('.deleted') || name.endsWith('.tmp') || name.endsWith('.swap'),
    ),
  );
  assert.deepEqual(manager.directoryNames(), ['topic-0']);
});

test('a full disk refuses appends, cuts the torn bytes, keeps reads and takes appends again when there is room', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  const send = (sequence: number): Promise<void> =>
    log.append(batchOf([`v${sequence}`], { producerId: 5, producerEpoch: 0, baseSequence: sequence }), LEADER)
      .written;
  await send(0);
  world.disk.fail({ operation: 'write', path: '.log', code: 'ENOSPC', writtenBytes: 20 });
  await assert.rejects(
    send(1),
    (error) => hasCode(ErrorCode.KAFKA_STORAGE_ERROR)(error) && /no space left/.test(String(error)),
  );
  await settle();
  assert.equal(log.logEndOffset, 1);
  assert.equal((await world.disk.readFile(LOG)).length, log.sizeBytes);
  assert.equal((await readAll(log)).length, 1);
  await world.time.advance(1500);
  assert.throws(() => log.append(batchOf(['x']), LEADER), hasCode(ErrorCode.KAFKA_STORAGE_ERROR));
  await settle();
  await send(1);
  await log.flush();
  assert.deepEqual(
    (await readAll(log)).map((record) => record.value),
    ['v0', 'v1'],
  );
  await manager.close();
});

test('a full disk at the first write of a log leaves the log usable', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager);
  world.disk.fail({ operation: 'makeDirectory', path: 'topic-0', code: 'ENOSPC' });
  await assert.rejects(log.append(batchOf(['a']), LEADER).written, hasCode(ErrorCode.KAFKA_STORAGE_ERROR));
  await world.time.advance(1500);
  assert.throws(() => log.append(batchOf(['b']), LEADER));
  await settle();
  assert.equal(log.append(batchOf(['c']), LEADER).baseOffset, 0);
  await log.flush();
  assert.deepEqual(
    (await readAll(log)).map((record) => record.value),
    ['c'],
  );
  await manager.close();
});

test('a failed fsync takes the log dir offline, is never retried, and flushed records stay readable', async () => {
  const world = new World();
  const manager = await world.open({ logDirs: ['/data', '/other'] });
  const log = await openLog(manager, {}, 'first-0');
  const second = await openLog(manager, {}, 'second-0');
  log.append(batchOf(['safe']), LEADER);
  await log.flush();
  second.append(batchOf(['elsewhere']), LEADER);
  await second.flush();
  world.disk.fail({ operation: 'sync', path: 'first-0', code: 'EIO' });
  log.append(batchOf(['lost']), LEADER);
  await assert.rejects(log.flush(), hasCode(ErrorCode.KAFKA_STORAGE_ERROR));
  const syncs = world.count('sync');
  await assert.rejects(log.flush(), hasCode(ErrorCode.KAFKA_STORAGE_ERROR));
  assert.equal(world.count('sync'), syncs);
  assert.throws(() => log.append(batchOf(['no']), LEADER), hasCode(ErrorCode.KAFKA_STORAGE_ERROR));
  assert.deepEqual((await log.read(0, { maxBytes: 1000, minOneBatch: true })).nextOffset, 1);
  assert.throws(
    () => log.read(1, { maxBytes: 1000, minOneBatch: true }),
    hasCode(ErrorCode.KAFKA_STORAGE_ERROR),
  );
  assert.equal(second.append(batchOf(['goes on']), LEADER).baseOffset, 1);
  await second.flush();
  const usage = await manager.logDirUsage();
  assert.match(usage[0]?.offlineReason ?? '', /offline/);
  assert.deepEqual(
    usage[1]?.logs.map((each) => each.directoryName),
    ['second-0'],
  );
  await openLog(manager, {}, 'third-0').then((third) => third.append(batchOf(['x']), LEADER).written);
  assert.equal(await world.has('/other/third-0'), true);
  await manager.close();
});

test('a log dir whose folder is removed while it is in use is offline soon, for what is written now nobody would find', async () => {
  const world = new World();
  const manager = await world.open({ identity: { clusterId: 'cluster', nodeId: 1 } });
  const log = await openLog(manager);
  log.append(batchOf(['a']), LEADER);
  await log.flush();
  await world.time.advance(10_000);
  await settle();
  log.append(batchOf(['b']), LEADER);
  await log.flush();
  await world.disk.removeTree('/data');
  await world.time.advance(10_000);
  await settle();
  assert.throws(() => log.append(batchOf(['c']), LEADER), /\/data is offline: .*meta\.properties.* gone/);
  await manager.close();
});

test('a log dir that does not answer keeps nobody from seeing that another one was removed', async () => {
  const world = new World();
  const logDirs = ['/data', '/other'];
  const manager = await world.open({ logDirs, identity: { clusterId: 'cluster', nodeId: 1 } });
  world.disk.fail({ operation: 'stat', path: '/data/meta.properties', code: 'EIO', times: 100 });
  await world.disk.removeTree('/other');
  await world.time.advance(10_000);
  await settle();
  const reasons = manager.logDirs().map(({ offlineReason }) => offlineReason);
  assert.equal(reasons[0], undefined);
  assert.match(String(reasons[1]), /\/other is offline: .*gone/);
  assert.doesNotMatch(world.told('error').join(), /periodic task failed/);
  await manager.close();
});

test('batches that were in flight together are known after a clean stop, when all of them are sent again', async () => {
  const world = new World();
  const send = (log: Log, sequence: number): { baseOffset: number } =>
    log.append(
      batchOf([`v${sequence}`], { producerId: 5, producerEpoch: 0, baseSequence: sequence }),
      LEADER,
    );
  let manager = await world.open();
  let log = await openLog(manager);
  for (let sequence = 0; sequence < 8; sequence++) send(log, sequence);
  await log.flush();
  for (let life = 0; life < 2; life++) {
    await manager.close();
    manager = await world.open();
    log = await openLog(manager);
    for (let sequence = 3; sequence < 8; sequence++) assert.equal(send(log, sequence).baseOffset, sequence);
    assert.equal(log.logEndOffset, 8);
    assert.throws(() => send(log, 2), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  }
  await manager.close();
});
