import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeClock, nodeDisk, nodeRandom, nodeTimers, silentLogger } from '@moldau/io';
import { temporaryDirectory } from '@moldau/testing';
import { LogManager } from './log-manager.ts';
import { batchOf, openLog, readAll } from './testing-logs.ts';

test('keeps records in real files over restarts', async () => {
  await using folder = await temporaryDirectory();
  const open = (): Promise<LogManager> =>
    LogManager.open({
      disk: nodeDisk,
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
      logger: silentLogger,
      logDirs: [folder.path],
      identity: { clusterId: 'cluster', nodeId: 1 },
    });
  let expected = 0;
  for (let life = 0; life < 3; life++) {
    const manager = await open();
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
