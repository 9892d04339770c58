// Compaction beside readers, retention, removal and what goes wrong.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batches } from '@moldau/protocol';
import { COMPACTED, compact, fixture, heldRecords, keyedBatch } from './testing-compaction.ts';
import { openLog, settle, World } from './testing-logs.ts';

describe('readers', () => {
  test('go on while the segments they read are replaced again and again', async () => {
    const world = new World({ seed: 9 });
    const manager = await world.open({ tailCacheBytes: 500, maxOpenFiles: 3 });
    const log = await openLog(manager, { ...COMPACTED, segmentBytes: 400, fileDeleteDelayMs: 0 });
    const appended: string[] = [];
    let isOver = false;
    const reader = async (): Promise<void> => {
      for (let offset = 0; !isOver; ) {
        const result = await log.read(offset, { maxBytes: 300, minOneBatch: true });
        if (result.sizeBytes === 0) {
          offset = 0;
          await settle(1);
          continue;
        }
        assert.ok(result.nextOffset > offset);
        for (const chunk of result.chunks) {
          for (const batch of batches(chunk)) {
            assert.ok(batch.isCrcValid());
            for (const record of batch.records())
              assert.equal(`${record.key}=${record.value}`, appended[record.offset]);
          }
        }
        offset = result.nextOffset;
      }
    };
    const readers = [reader(), reader(), reader()];
    for (let round = 0; round < 12; round++) {
      for (let index = 0; index < 12; index++) {
        const record = `k${world.random.below(6)}=${appended.length}`;
        appended.push(record);
        log.append(keyedBatch([record]), { leaderEpoch: 0 });
      }
      await compact(manager, log);
      await world.time.advance(1);
    }
    isOver = true;
    await Promise.all(readers);
    assert.ok(manager.cleaner.snapshot().runs >= 12);
    assert.deepEqual(world.told('error'), []);
    await manager.close();
  });
});

describe('retention', () => {
  test('removes old segments of a log that is compacted and deleted from', async () => {
    const { log, append, compact, manager, world } = await fixture({
      cleanupPolicy: { delete: true, compact: true },
      retentionMs: 60_000,
    });
    append(['a=1', 'b=1'], { timestampMs: world.time.wallMs() });
    append(['a=2'], { timestampMs: world.time.wallMs() });
    await compact();
    assert.deepEqual(await heldRecords(log), ['1:b=1', '2:a=2']);
    await world.time.advance(50_000);
    append(['c=1'], { timestampMs: world.time.wallMs() });
    await log.flush();
    await world.time.advance(20_000);
    await log.enforceRetention(world.time.wallMs());
    assert.deepEqual(await heldRecords(log), ['3:c=1']);
    assert.equal(log.logStartOffset, 3);
    await compact();
    assert.deepEqual(await heldRecords(log), ['3:c=1']);
    await manager.close();
  });
});

describe('retention beside compaction', () => {
  test('removes nothing that is not due, however the two meet', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const world = new World({ seed });
      const manager = await world.open();
      const log = await openLog(manager, {
        ...COMPACTED,
        segmentBytes: 300,
        retentionMs: 60_000,
        cleanupPolicy: { delete: true, compact: true },
      });
      const nowMs = world.time.wallMs();
      for (let index = 0; index < 24; index++) {
        const timestampMs = index < 12 ? nowMs - 100_000 : nowMs;
        log.append(keyedBatch([`k${index}=1`], { timestampMs }), { leaderEpoch: 0 });
      }
      await log.flush();
      log.rollForCleaning();
      await log.internals!.state.sealing;
      const compacting = manager.cleaner.cleanAll();
      await settle(seed * 12);
      await log.enforceRetention(nowMs);
      await compacting;
      const young = (await heldRecords(log)).filter((record) => Number(record.split(':')[0]) >= 12);
      assert.equal(young.length, 12, `seed ${seed}: ${young.join()}`);
      await manager.close();
    }
  });
});

describe('a segment that lost all its records', () => {
  test('keeps the start of the log over restarts, and goes with what is deleted after it', async () => {
    const world = new World();
    const config = { segmentBytes: 150, retentionMs: 60_000, cleanupPolicy: { delete: true, compact: true } };
    const before = await fixture(config, world);
    const now = { timestampMs: world.time.wallMs() };
    before.append(['a=1'], now);
    before.append(['a=2'], now);
    before.append(['b=1'], now);
    before.append(['b=2'], now);
    before.append(['a=3'], now);
    await before.compact();
    assert.deepEqual(await heldRecords(before.log), ['3:b=2', '4:a=3']);
    assert.equal(before.log.internals!.state.segments[0]!.sizeBytes, 0);
    await before.manager.close();
    const after = await fixture(config, world);
    assert.equal(after.log.logStartOffset, 0);
    assert.equal((await after.log.read(0, { maxBytes: 1000, minOneBatch: true })).firstOffset, 3);
    await world.time.advance(61_000);
    await after.log.enforceRetention(world.time.wallMs());
    assert.equal(after.log.logStartOffset, 5);
    await after.manager.close();
  });
});

describe('what goes wrong', () => {
  test('a damaged log is left alone and reported', async () => {
    const { log, append, compact, manager, world } = await fixture();
    append(['a=1']);
    append(['a=2']);
    await log.flush();
    log.rollForCleaning();
    await log.internals!.state.sealing;
    const file = await world.disk.open('/data/topic-0/00000000000000000000.log', 'write');
    await file.write([Buffer.from([0xff])], 65);
    await file.close();
    await compact();
    const { uncleanable, runs } = manager.cleaner.snapshot();
    assert.equal(runs, 0);
    assert.equal(uncleanable[0]?.directoryName, 'topic-0');
    assert.match(uncleanable[0]!.reason, /checksum/);
    assert.deepEqual(
      (await world.names('/data/topic-0')).filter((name) => name.endsWith('.cleaned')),
      [],
    );
    await manager.close();
  });

  test('a full disk leaves the log as it was, to be tried again', async () => {
    const { log, append, compact, manager, world } = await fixture();
    append(['a=1']);
    append(['a=2']);
    await log.flush();
    const clear = world.disk.fail({ operation: 'write', path: '.cleaned', code: 'ENOSPC', times: 100 });
    await compact();
    assert.deepEqual(await heldRecords(log), ['0:a=1', '1:a=2']);
    assert.deepEqual(manager.cleaner.snapshot().uncleanable, []);
    clear();
    await manager.cleaner.cleanAll();
    assert.deepEqual(await heldRecords(log), ['1:a=2']);
    await manager.close();
  });

  test('a log is not compacted while nobody can be told of the gaps that leaves', async () => {
    const { log, append, compact, manager, world } = await fixture({ segmentBytes: 300 });
    append(['kept=1']);
    for (let index = 0; index < 30; index++) append([`a=${index}`]);
    append(['end=1']);
    await log.flush();
    world.disk.fail({ operation: 'write', path: 'checkpoint', code: 'ENOSPC', times: 1000 });
    await compact();
    assert.deepEqual(manager.cleaner.snapshot().uncleanable, []);
    await world.cutPower();
    const again = await world.open();
    const records = await heldRecords(await openLog(again, { ...COMPACTED, segmentBytes: 300 }));
    assert.deepEqual([records[0], ...records.slice(-2)], ['0:kept=1', '30:a=29', '31:end=1']);
    await again.close();
  });

  test('a log whose epochs could not be written is compacted when they are', async () => {
    const { log, append, compact, manager, world } = await fixture({ segmentBytes: 300 });
    append(['kept=1']);
    await log.flush();
    const clear = world.disk.fail({ operation: 'write', path: 'epoch', code: 'ENOSPC', times: 1000 });
    for (let index = 0; index < 30; index++) log.append(keyedBatch([`a=${index}`]), { leaderEpoch: 1 });
    await log.flush();
    await compact();
    assert.equal((await heldRecords(log)).length, 31);
    clear();
    log.append(keyedBatch(['end=1']), { leaderEpoch: 1 });
    await log.flush();
    await settle();
    await world.time.advance(61_000);
    await settle();
    await manager.cleaner.cleanAll();
    assert.equal((await heldRecords(log)).length < 10, true);
    await world.cutPower();
    const again = await world.open();
    const records = await heldRecords(await openLog(again, { ...COMPACTED, segmentBytes: 300 }));
    assert.deepEqual([records[0], ...records.slice(-2)], ['0:kept=1', '30:a=29', '31:end=1']);
    await again.close();
  });

  test('a failed fsync of the output takes the log dir offline', async () => {
    const { append, compact, manager, world, log } = await fixture();
    append(['a=1']);
    append(['a=2']);
    await log.flush();
    world.disk.fail({ operation: 'sync', path: '.log.cleaned', code: 'EIO' });
    await compact();
    assert.notEqual((await manager.logDirUsage())[0]!.offlineReason, undefined);
    await manager.close();
  });

  test('a log that is removed while it is compacted is gone', async () => {
    const { append, compact, manager, world, log } = await fixture();
    for (let index = 0; index < 50; index++) append([`a=${index}`]);
    await log.flush();
    const compacting = compact();
    await manager.remove('topic-0');
    await compacting;
    assert.equal(await world.has('/data/topic-0'), false);
    assert.deepEqual(world.told('error'), []);
    await manager.close();
  });
});
