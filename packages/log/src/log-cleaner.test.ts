// The rules of compaction, each through a whole log.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CompressionType } from '@moldau/protocol';
import type { Log } from './log.ts';
import { COMPACTED, compact, fixture, heldBatches, heldRecords, keyedBatch } from './testing-compaction.ts';
import { markerOf, openLog, World } from './testing-logs.ts';

const TRANSACTION = { producerId: 7, producerEpoch: 0, isTransactional: true };

function endTransaction(log: Log, isCommit: boolean): void {
  log.append(markerOf(7, 0, isCommit), { leaderEpoch: 0, origin: 'coordinator' });
}

/** As the coordinator's records, whose transaction nobody need verify. */
function appendTransactional(log: Log, records: readonly string[], baseSequence: number): void {
  log.append(keyedBatch(records, { ...TRANSACTION, baseSequence }), {
    leaderEpoch: 0,
    origin: 'coordinator',
  });
}

describe('what compaction keeps', () => {
  test('the latest record of each key, at its offset', async () => {
    const { log, append, compact, manager } = await fixture();
    append(['a=1', 'b=1']);
    append(['a=2', 'c=1']);
    append(['b=2']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['2:a=2', '3:c=1', '4:b=2']);
    assert.equal(log.logStartOffset, 0);
    assert.equal(log.logEndOffset, 5);
    const { runs, removedRecords, lastRun, uncleanable } = manager.cleaner.snapshot();
    assert.deepEqual([runs, removedRecords, uncleanable], [1, 2, []]);
    assert.equal(lastRun?.endOffset, 5);
    await manager.close();
  });

  test('batches that lose nothing, byte for byte, and batches with holes', async () => {
    const { log, append, compact, manager } = await fixture();
    append(['a=1', 'b=1', 'c=1']);
    append(['x=1', 'y=1']);
    append(['b=2']);
    const bytesAt = async (offset: number): Promise<Buffer> =>
      Buffer.concat((await log.read(offset, { maxBytes: 1, minOneBatch: true })).chunks);
    await log.flush();
    const whole = await bytesAt(3);
    await compact();
    assert.deepEqual(await bytesAt(3), whole);
    const [first] = await heldBatches(log);
    assert.deepEqual(first!.records, ['0:a=1', '2:c=1']);
    assert.deepEqual([first!.baseOffset, first!.lastOffset], [0, 2]);
    await manager.close();
  });

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies CompressionType[]) {
    test(`the codec of a batch: ${codec}`, async () => {
      const { log, append, compact, manager } = await fixture();
      append(['a=1', 'b=1', 'c=1'], { compression: codec });
      append(['b=2'], { compression: codec });
      await compact();
      const held = await heldBatches(log);
      assert.deepEqual(
        held.map(({ compression, records }) => [compression, ...records]),
        [
          [codec, '0:a=1', '2:c=1'],
          [codec, '3:b=2'],
        ],
      );
      await manager.close();
    });
  }

  test('the active segment, untouched', async () => {
    const { log, append, manager } = await fixture();
    append(['a=1']);
    append(['a=2']);
    await log.flush();
    await manager.cleaner.cleanAll();
    assert.deepEqual(await heldRecords(log), ['0:a=1', '1:a=2']);
    assert.equal(manager.cleaner.snapshot().runs, 0);
    await manager.close();
  });

  test('the header of the last batch, so that readers learn how far the log was', async () => {
    const { log, append, compact, manager, world } = await fixture({ deleteRetentionMs: 0 });
    append(['a=1']);
    append(['a']);
    await compact();
    await world.time.advance(1);
    append(['b=1']);
    await compact();
    append(['b']);
    await compact();
    await world.time.advance(1);
    append(['z=1']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['4:z=1']);
    await manager.close();
  });
});

describe('tombstones', () => {
  test('get a delete horizon in the first compaction and go in one after it', async () => {
    const { log, append, compact, manager, world } = await fixture({ deleteRetentionMs: 5000 });
    append(['a=1', 'b=1']);
    append(['a']);
    await compact();
    let held = await heldBatches(log);
    assert.deepEqual(await heldRecords(log), ['1:b=1', '2:a']);
    assert.deepEqual(
      held.map(({ hasDeleteHorizon }) => hasDeleteHorizon),
      [false, true],
    );
    assert.equal(held[1]!.maxTimestamp, 1_700_000_000_000, 'timestamps stay what they were');
    await world.time.advance(4999);
    append(['c=1']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['1:b=1', '2:a', '3:c=1']);
    await world.time.advance(1);
    append(['d=1']);
    await compact();
    held = await heldBatches(log);
    assert.deepEqual(await heldRecords(log), ['1:b=1', '3:c=1', '4:d=1']);
    await manager.close();
  });
});

describe('when a log is compacted', () => {
  test('only above min.cleanable.dirty.ratio', async () => {
    const { log, append, compact, manager } = await fixture({
      minCleanableDirtyRatio: 0.6,
      segmentBytes: 400,
    });
    for (let index = 0; index < 10; index++) append([`k${index}=1`, 'same=1']);
    await compact();
    assert.equal(manager.cleaner.snapshot().runs, 1);
    append(['more=1']);
    await compact();
    assert.equal(manager.cleaner.snapshot().runs, 1);
    for (let index = 0; index < 20; index++) append([`k${index}=2`, 'same=2']);
    await compact();
    assert.equal(manager.cleaner.snapshot().runs, 2);
    assert.ok((await heldRecords(log)).includes('11:same=1') === false);
    await manager.close();
  });

  test('never records younger than min.compaction.lag.ms', async () => {
    const { log, append, compact, manager, world } = await fixture({ minCompactionLagMs: 10_000 });
    const now = (): number => world.time.wallMs();
    append(['a=1'], { timestampMs: now() - 20_000 });
    append(['a=2'], { timestampMs: now() - 15_000 });
    await compact();
    append(['a=3'], { timestampMs: now() });
    await compact();
    assert.deepEqual(await heldRecords(log), ['1:a=2', '2:a=3']);
    await world.time.advance(10_001);
    await manager.cleaner.cleanAll();
    assert.deepEqual(await heldRecords(log), ['2:a=3']);
    await manager.close();
  });

  test('records older than max.compaction.lag.ms, even in the active segment of an idle log', async () => {
    const { log, append, manager, world } = await fixture({
      minCleanableDirtyRatio: 1,
      maxCompactionLagMs: 60_000,
    });
    append(['a=1'], { timestampMs: world.time.wallMs() });
    append(['a=2'], { timestampMs: world.time.wallMs() });
    await log.flush();
    await world.time.advance(30_000);
    assert.equal((await heldRecords(log)).length, 2);
    await world.time.advance(61_000);
    await manager.cleaner.cleanAll();
    assert.deepEqual(await heldRecords(log), ['1:a=2']);
    await manager.close();
  });

  test('an active segment beyond what the log may leave uncompacted', async () => {
    const { log, append, manager } = await fixture({ compactionRollBytes: 500, segmentBytes: 100_000 });
    for (let index = 0; index < 20; index++) append(['a=1']);
    await log.flush();
    await manager.cleaner.cleanAll();
    assert.deepEqual(await heldRecords(log), ['19:a=1']);
    await manager.close();
  });

  test('not where the policy does not ask for it', async () => {
    const { log, append, compact, manager } = await fixture({
      cleanupPolicy: { delete: true, compact: false },
    });
    append(['a=1']);
    append(['a=2']);
    await compact();
    assert.equal((await heldRecords(log)).length, 2);
    await manager.close();
  });

  test('not while the cleaner is switched off, and again when it is on', async () => {
    const { log, append, compact, manager } = await fixture();
    const { defaultCleanerConfig } = await import('./log-cleaner.ts');
    manager.cleaner.configure({ ...defaultCleanerConfig, enabled: false });
    append(['a=1']);
    append(['a=2']);
    await compact();
    assert.equal((await heldRecords(log)).length, 2);
    manager.cleaner.configure(defaultCleanerConfig);
    await manager.cleaner.cleanAll();
    assert.equal((await heldRecords(log)).length, 1);
    await manager.close();
  });
});

describe('transactions', () => {
  test('aborted records go at once, their marker and index entry when nothing is left before it', async () => {
    const { log, append, compact, manager, world } = await fixture({ deleteRetentionMs: 1000 });
    append(['a=1']);
    appendTransactional(log, ['a=2', 'b=2'], 0);
    endTransaction(log, false);
    append(['c=1']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['0:a=1', '3:ABORT', '4:c=1']);
    assert.equal((await log.abortedTransactions(0, 5)).length, 1);
    // The producer goes on: until then its last batch stays, emptied, and the marker with it.
    appendTransactional(log, ['d=1'], 2);
    endTransaction(log, true);
    await compact();
    append(['d=2']);
    await compact();
    const marker = (await heldBatches(log)).find(({ isControl }) => isControl);
    assert.equal(marker?.hasDeleteHorizon, true);
    await world.time.advance(1000);
    append(['e=1']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['0:a=1', '4:c=1', '6:COMMIT', '7:d=2', '8:e=1']);
    assert.deepEqual(await log.abortedTransactions(0, 9), []);
    await manager.close();
  });

  test('a commit marker stays as long as a record of its transaction does', async () => {
    const { log, append, compact, manager, world } = await fixture({ deleteRetentionMs: 0 });
    appendTransactional(log, ['a=1'], 0);
    endTransaction(log, true);
    append(['b=1']);
    await compact();
    await world.time.advance(1);
    append(['b=2']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['0:a=1', '1:COMMIT', '3:b=2']);
    appendTransactional(log, ['a=2'], 1);
    endTransaction(log, true);
    for (const record of ['v=1', 'w=1', 'x=1', 'y=1']) {
      append([record]);
      await compact();
      await world.time.advance(1);
    }
    assert.ok((await heldRecords(log)).includes('4:a=2'));
    assert.ok(!(await heldRecords(log)).includes('1:COMMIT'));
    await manager.close();
  });

  test('nothing at or above an open transaction is touched', async () => {
    const { log, append, compact, manager } = await fixture();
    append(['a=1']);
    append(['a=2']);
    await compact();
    appendTransactional(log, ['t=1'], 0);
    append(['a=3']);
    append(['a=4']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['1:a=2', '2:t=1', '3:a=3', '4:a=4']);
    endTransaction(log, true);
    await compact();
    assert.deepEqual(await heldRecords(log), ['2:t=1', '4:a=4', '5:COMMIT']);
    await manager.close();
  });
});

describe('producers', () => {
  test('the last batch of a remembered producer stays, without its records', async () => {
    const world = new World();
    const first = await fixture({}, world);
    const idempotent = { producerId: 3, producerEpoch: 1 };
    first.append(['a=1', 'b=1'], { ...idempotent, baseSequence: 0 });
    first.append(['a=2', 'b=2']);
    await first.compact();
    const held = await heldBatches(first.log);
    assert.deepEqual(
      held.map(({ producerId, lastSequence, records }) => [producerId, lastSequence, ...records]),
      [
        [3, 1],
        [-1, -1, '2:a=2', '3:b=2'],
      ],
    );
    const again = first.log.append(keyedBatch(['a=1', 'b=1'], { ...idempotent, baseSequence: 0 }), {
      leaderEpoch: 0,
    });
    assert.equal(again.duplicate, true);
    first.append(['c=1'], { ...idempotent, baseSequence: 2 });
    await first.compact();
    assert.equal(
      (await heldBatches(first.log)).find(({ lastSequence }) => lastSequence === 1),
      undefined,
    );
    await first.manager.close();
  });
});

describe('segments', () => {
  test('are merged up to segment.bytes', async () => {
    const { log, append, compact, manager, world } = await fixture({ segmentBytes: 300 });
    for (let index = 0; index < 40; index++) append([`k${index % 3}=${index}`]);
    await compact();
    const files = (await world.names('/data/topic-0')).filter((name) => name.endsWith('.log'));
    assert.ok(files.length < 20, `${files.length} segments after the first compaction`);
    append(['x=1']);
    await compact();
    const fewer = (await world.names('/data/topic-0')).filter((name) => name.endsWith('.log'));
    assert.ok(fewer.length <= 3, fewer.join());
    assert.deepEqual(await heldRecords(log), ['37:k1=37', '38:k2=38', '39:k0=39', '40:x=1']);
    await manager.close();
  });

  test('old files stay for file.delete.delay.ms, then go', async () => {
    const { append, compact, manager, world } = await fixture({ fileDeleteDelayMs: 1000 });
    append(['a=1']);
    append(['a=2']);
    await compact();
    const deleted = async (): Promise<string[]> =>
      (await world.names('/data/topic-0')).filter((name) => name.endsWith('.deleted'));
    assert.ok((await deleted()).length > 0);
    await world.time.advance(1001);
    await manager.close();
    assert.deepEqual(await deleted(), []);
  });

  test('offsets by time and reads from removed offsets find what follows', async () => {
    const { log, append, compact, manager } = await fixture();
    for (let index = 0; index < 20; index++)
      append([`k${index % 2}=${index}`], { timestampMs: 1000 + index * 10 });
    await compact();
    assert.deepEqual(await heldRecords(log), ['18:k0=18', '19:k1=19']);
    const result = await log.read(3, { maxBytes: 100, minOneBatch: true });
    assert.equal(result.firstOffset, 18);
    assert.equal((await log.offsetForTimestamp(1050))?.offset, 18);
    assert.equal((await log.offsetForTimestamp(1185))?.offset, 19);
    assert.equal((await log.offsetOfMaxTimestamp())?.offset, 19);
    await manager.close();
  });

  test('a restart goes on from the checkpoint, whose file Kafka could read', async () => {
    const world = new World();
    const before = await fixture({}, world);
    before.append(['a=1']);
    before.append(['a=2']);
    await before.compact();
    await before.manager.close();
    const text = (await world.disk.readFile('/data/cleaner-offset-checkpoint')).toString();
    assert.equal(text, '0\n1\ntopic 0 2\n');
    const after = await fixture({}, world);
    await after.manager.cleaner.cleanAll();
    assert.equal(after.manager.cleaner.snapshot().runs, 0);
    assert.deepEqual(await heldRecords(after.log), ['1:a=2']);
    await after.manager.close();
  });
});

describe('memory', () => {
  test('a map that is too small for all keys compacts the log piece by piece', async () => {
    const world = new World();
    const { defaultCleanerConfig } = await import('./log-cleaner.ts');
    const manager = await world.open({
      cleaner: { ...defaultCleanerConfig, dedupeBufferBytes: 256 * 20 * 16, loadFactor: 0.9 },
    });
    const log = await openLog(manager, { ...COMPACTED, segmentBytes: 100_000 });
    for (let index = 0; index < 10_000; index += 100) {
      const records = Array.from({ length: 100 }, (_, at) => `key-${(index + at) % 5000}=${index}`);
      log.append(keyedBatch(records), { leaderEpoch: 0 });
    }
    await compact(manager, log);
    assert.equal((await heldRecords(log)).length, 5000);
    const { runs, maxMapFill } = manager.cleaner.snapshot();
    assert.ok(runs > 1, `${runs} runs`);
    assert.ok(maxMapFill <= 1);
    await manager.close();
  });

  test('a log in memory is compacted in memory', async () => {
    const { log, append, compact, manager, world } = await fixture({ durability: 'memory' });
    for (let index = 0; index < 30; index++) append([`k${index % 3}=${index}`]);
    await compact();
    assert.deepEqual(await heldRecords(log), ['27:k0=27', '28:k1=28', '29:k2=29']);
    append(['k0=30']);
    await compact();
    assert.deepEqual(await heldRecords(log), ['28:k1=28', '29:k2=29', '30:k0=30']);
    assert.equal(log.logStartOffset, 0);
    assert.equal(await world.has('/data/topic-0'), false);
    await manager.close();
  });
});
