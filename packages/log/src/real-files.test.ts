import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeClock, nodeDisk, nodeRandom, nodeTimers, silentLogger } from '@moldau/io';
import { temporaryDirectory } from '@moldau/testing';
import { LogManager } from './log-manager.ts';
import { batchOf, openLog, readAll } from './testing-logs.ts';

function openManager(path: string): Promise<LogManager> {
  return LogManager.open({
    disk: nodeDisk,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    logger: silentLogger,
    logDirs: [path],
    identity: { clusterId: 'cluster', nodeId: 1 },
  });
}

test('keeps records in real files over restarts', async () => {
  await using folder = await temporaryDirectory();
  let expected = 0;
  for (let life = 0; life < 3; life++) {
    const manager = await openManager(folder.path);
    const log = await openLog(manager, { segmentBytes: 20_000, retentionMs: -1 });
    assert.equal(log.logEndOffset, expected);
    for (let index = 0; index < 200; index++) {
      log.append(batchOf([`${expected}`.padEnd(200, '.')]), { leaderEpoch: life });
      expected += 1;
      if (index % 40 === 0) await log.flush();
    }
    await log.flush();
    const records = await readAll(log, 0, 10_000);
    assert.deepEqual(
      records.map((record) => Number.parseInt(record.value, 10)),
      Array.from({ length: expected }, (_, index) => index),
    );
    assert.deepEqual(log.epochEndOffset(life), { leaderEpoch: life, endOffset: expected });
    await manager.close();
  }
});

test('a segment that is closed before its bytes are written is written all the same when it is read meanwhile', async () => {
  await using folder = await temporaryDirectory();
  const value = (index: number) => `${index}`.padEnd(400, '.');
  let manager = await openManager(folder.path);
  (await openLog(manager, { segmentBytes: 2_000 })).append(batchOf([value(0)]), { leaderEpoch: 0 });
  await manager.close();
  manager = await openManager(folder.path);
  const log = await openLog(manager, { segmentBytes: 2_000 });
  for (let index = 1; index < 8; index++) log.append(batchOf([value(index)]), { leaderEpoch: 0 });
  const reading = readAll(log, 0, 10_000);
  await log.flush();
  await reading;
  assert.equal((await readAll(log, 0, 10_000)).length, 8);
  await manager.close();
});
