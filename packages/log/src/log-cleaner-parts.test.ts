// The pieces of compaction by themselves: digests, the offset map, reading, pace, the swap's recovery, the gate.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batches, RecordBatch } from '@moldau/protocol';
import { RecordCursor, RetainedRecords, withoutRecords } from '@moldau/protocol/compaction';
import { ManualTime, MemoryDisk, SeededRandom } from '@moldau/testing';
import { KeyDigest } from './key-digest.ts';
import { OffsetMap } from './log-cleaner-offset-map.ts';
import { CleanerPace } from './log-cleaner-pace.ts';
import { BatchFilter, noteKeys, retainBatches } from './log-cleaner-passes.ts';
import { FilePieces, MemoryPieces, ReadBuffers } from './log-cleaner-source.ts';
import { CleanedTransactions } from './log-cleaner-transactions.ts';
import { groupsOf, newStatistics } from './log-cleaning.ts';
import type { LogState } from './log-state.ts';
import { ReshapeGate } from './reshape-gate.ts';
import { Segment } from './segment.ts';
import { settleFolder } from './swap-recovery.ts';
import { keyedBatch } from './testing-compaction.ts';
import { markerOf, settle } from './testing-logs.ts';

describe('KeyDigest', () => {
  /** The key, and the digests of 0, 1, 2 and 3 bytes 00 01 02, that Chaskey's authors published. */
  const key = Buffer.alloc(16);
  for (const [index, word] of [0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39].entries())
    key.writeUInt32LE(word, index * 4);
  const published = [
    '792e8fe5 75ce87aa 2d1450b5 1191970b',
    '13a9307b 50e62c89 4577bd88 c0bbdc18',
    '55df8922 2c7ff577 73809ef4 4e5084c0',
    '1bdbb264 a07680d8 8e5b2ab8 20660413',
  ];

  function digestOf(bytes: Uint8Array, start = 0, length = bytes.length): string {
    const digest = new KeyDigest(key);
    digest.compute(bytes, start, length);
    return [digest.word0, digest.word1, digest.word2, digest.word3]
      .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
      .join(' ');
  }

  test('is Chaskey', () => {
    for (const [length, digest] of published.entries())
      assert.equal(digestOf(Buffer.from([0, 1, 2]), 0, length), digest);
  });

  test('tells all lengths apart, wherever the bytes lie', () => {
    const zeros = Buffer.alloc(100);
    const seen = new Set<string>();
    for (let length = 0; length <= 70; length++) {
      seen.add(digestOf(zeros, 0, length));
      assert.equal(digestOf(zeros, 3, length), digestOf(zeros, 0, length));
    }
    assert.equal(seen.size, 71);
  });
});

describe('OffsetMap', () => {
  const options = {
    memoryBytes: 4 << 20,
    loadFactor: 0.9,
    digestKey: Buffer.alloc(16, 7),
    firstOffset: 1000,
  };

  test('knows the latest offset of each key, and of no other', () => {
    const map = new OffsetMap(options);
    const random = new SeededRandom(3);
    const latest = new Map<string, number>();
    for (let offset = 1000; offset < 60_000; offset++) {
      const key = Buffer.from(`key-${random.below(20_000)}`);
      assert.ok(map.put(key, 0, key.length, offset));
      latest.set(key.toString(), offset);
    }
    assert.equal(map.size, latest.size);
    for (const [key, offset] of latest) assert.equal(map.get(Buffer.from(key), 0, key.length), offset);
    assert.equal(map.get(Buffer.from('other'), 0, 5), -1);
    assert.equal(map.latestOffset, 59_999);
  });

  test('never takes more than its bound, starts small, and uses what it may', () => {
    const map = new OffsetMap(options);
    assert.equal(map.memoryBytes, 0);
    let keys = 0;
    const key = Buffer.alloc(4);
    for (;;) {
      key.writeInt32BE(keys);
      if (!map.put(key, 0, 4, 1000 + keys)) break;
      keys += 1;
      assert.ok(keys < 1_000_000);
    }
    assert.ok(map.memoryBytes <= options.memoryBytes, `${map.memoryBytes} bytes`);
    assert.ok(keys > (options.memoryBytes / 20) * 0.8, `${keys} keys`);
    assert.equal(map.latestOffset, 1000 + keys - 1);
    key.writeInt32BE(5);
    assert.ok(map.put(key, 0, 4, 2_000_000), 'a key that is there always fits');
    assert.equal(map.get(key, 0, 4), 2_000_000);
  });

  test('takes offsets in a window of 2^32 alone', () => {
    const map = new OffsetMap({ ...options, firstOffset: 0 });
    const key = Buffer.from('k');
    assert.ok(map.put(key, 0, 1, 4_000_000_000));
    assert.equal(map.get(key, 0, 1), 4_000_000_000);
    assert.equal(map.put(key, 0, 1, 5_000_000_000), false);
  });
});

describe('FilePieces', () => {
  test('gives all batches whole and in order, large ones too, for every size of piece', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/data');
    const random = new SeededRandom(8);
    const sizes = Array.from({ length: 40 }, () => (random.chance(0.1) ? 3000 : random.below(300)));
    const all = Buffer.concat(sizes.map((size, index) => keyedBatch([`${index}=${'v'.repeat(size)}`])));
    const file = await disk.open('/data/log', 'write');
    await file.write([all], 0);
    for (const pieceBytes of [100, 128, 700, 1000, 5000, 1 << 20]) {
      const pieces = new FilePieces(file, 0, all.length, new ReadBuffers(pieceBytes));
      const got: string[] = [];
      for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
        for (const batch of batches(piece)) got.push(batch.recordList()[0]!.key!.toString());
      }
      assert.deepEqual(
        got,
        sizes.map((_, index) => String(index)),
        `pieces of ${pieceBytes}`,
      );
    }
  });

  test('stops at what cannot be a batch, and at one that is cut off', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/data');
    const good = keyedBatch(['a=1']);
    for (const bad of [Buffer.alloc(200, 9), good.subarray(0, good.length - 1), good.subarray(0, 20)]) {
      const file = await disk.open('/data/log', 'write');
      await file.truncate(0);
      await file.write([good, bad], 0);
      const pieces = new FilePieces(file, 0, good.length + bad.length, new ReadBuffers(4096));
      await assert.rejects(async () => {
        while ((await pieces.next()) !== undefined);
      }, /no batch stands there|cut off/);
      await pieces.close();
      await file.close();
    }
  });
});

describe('RetainedRecords', () => {
  test('moves timestamps to a delete horizon without changing what they are', () => {
    const batch = new RecordBatch(keyedBatch(['a=1', 'b', 'c=3'], { timestampMs: 1_700_000_000_000 }));
    const cursor = new RecordCursor();
    const retained = new RetainedRecords();
    const area = batch.recordArea();
    retained.start(batch, area);
    cursor.reset(area, 3);
    cursor.next();
    while (cursor.next()) retained.keep(cursor);
    assert.equal(retained.hasTombstones, true);
    const kept = new RecordBatch(retained.encode(1_800_000_000_123, cursor));
    assert.ok(kept.isCrcValid());
    assert.equal(kept.hasDeleteHorizon, true);
    assert.equal(kept.baseTimestamp, 1_800_000_000_123);
    assert.equal(kept.maxTimestamp, 1_700_000_000_002);
    assert.deepEqual(
      kept.recordList().map(({ offset, timestamp, key }) => [offset, timestamp, key!.toString()]),
      [
        [1, 1_700_000_000_001, 'b'],
        [2, 1_700_000_000_002, 'c'],
      ],
    );
    assert.deepEqual([kept.lastOffset, kept.recordCount], [2, 2]);
  });

  test('leaves a header that still has the sequences', () => {
    const batch = new RecordBatch(
      keyedBatch(['a=1', 'b=1'], { compression: 'gzip', producerId: 9, producerEpoch: 2, baseSequence: 40 }),
    );
    const empty = new RecordBatch(withoutRecords(batch));
    assert.ok(empty.isCrcValid());
    assert.deepEqual(
      [empty.sizeBytes, empty.recordCount, empty.lastOffset, empty.lastSequence, empty.compression],
      [61, 0, 1, 41, 'none'],
    );
    assert.deepEqual([empty.producerId, empty.producerEpoch, empty.maxTimestamp], [9, 2, batch.maxTimestamp]);
  });
});

describe('CleanedTransactions', () => {
  function placed(bytes: Buffer, offset: number): RecordBatch {
    const batch = new RecordBatch(bytes);
    batch.setBaseOffset(offset);
    return batch;
  }
  const records = (offset: number, producerId: number): RecordBatch =>
    placed(
      keyedBatch(['a=1'], { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true }),
      offset,
    );

  test('tells the records of two transactions of one producer apart', () => {
    const kept: number[] = [];
    const aborted = [{ producerId: 1, firstOffset: 10, lastOffset: 12, lastStableOffset: 13 }];
    const transactions = new CleanedTransactions(aborted, ({ lastOffset }) => kept.push(lastOffset));
    const decisions = [
      transactions.mayDiscard(records(5, 1)),
      transactions.mayDiscard(placed(markerOf(1, 0, true), 6)),
      transactions.mayDiscard(records(10, 1)),
      transactions.mayDiscard(records(11, 2)),
      transactions.mayDiscard(placed(markerOf(1, 0, false), 12)),
      transactions.mayDiscard(placed(markerOf(2, 0, true), 13)),
      transactions.mayDiscard(placed(markerOf(2, 0, true), 14)),
    ];
    assert.deepEqual(decisions, [false, false, true, false, false, false, true]);
    assert.deepEqual(kept, [12]);
  });
});

describe('groups of segments', () => {
  function group(
    config: { segmentBytes?: number; segmentIndexBytes?: number },
    ...segments: [number, number][]
  ) {
    const sources = segments.map(([baseOffset, sizeBytes]) => {
      const segment = new Segment(baseOffset, 0);
      segment.sizeBytes = sizeBytes;
      return { segment, sizeBytes };
    });
    const { segmentBytes = 1000, segmentIndexBytes = 1_000_000 } = config;
    const state = { config: { segmentBytes, segmentIndexBytes, indexIntervalBytes: 100 } } as LogState;
    const last = segments[segments.length - 1]![0] + 10;
    return groupsOf(state, sources, last).map((each) => each.map(({ segment }) => segment.baseOffset));
  }

  test('keep to segment.bytes, to the indexes, and to offsets that fit 32 bits', () => {
    assert.deepEqual(group({}, [0, 500], [10, 400], [20, 200], [30, 900]), [[0, 10], [20], [30]]);
    assert.deepEqual(group({ segmentIndexBytes: 90 }, [0, 400], [10, 400], [20, 100]), [[0], [10, 20]]);
    assert.deepEqual(group({}, [0, 10], [100, 10], [3_000_000_000, 10]), [[0], [100], [3_000_000_000]]);
    assert.deepEqual(group({}, [0, 10], [100, 10], [2_000_000_000, 10]), [[0, 100, 2_000_000_000]]);
  });
});

describe('CleanerPace', () => {
  test('moves no more bytes per second than it may', async () => {
    const time = new ManualTime();
    const pace = new CleanerPace(time, time, () => 1_000_000);
    const startedMs = time.monotonicMs();
    let moved = 0;
    const moving = (async () => {
      for (; moved < 20; moved++) await pace.moved(100_000);
    })();
    while (moved < 20) await time.advance(10);
    await moving;
    const tookMs = time.monotonicMs() - startedMs;
    assert.ok(tookMs >= 1800 && tookMs <= 2100, `2 MB took ${tookMs} ms`);
  });

  for (const compression of ['none', 'gzip'] as const) {
    test(`lets others run in the middle of a large batch (${compression})`, async () => {
      let nowMs = 0;
      // Each look at the clock finds that a millisecond has gone.
      const clock = { wallMs: () => 0, monotonicMs: () => ++nowMs };
      let rests = 0;
      const timers = {
        soon(run: () => void) {
          rests += 1;
          queueMicrotask(run);
        },
        after(_delayMs: number, run: () => void) {
          queueMicrotask(run);
          return { cancel() {} };
        },
      };
      const pace = new CleanerPace(clock, timers, () => Infinity);
      const context = { pace, maxDecompressedBytes: Infinity, check() {} };
      const records = Array.from({ length: 4000 }, (_, n) => `${n % 1000}=${'v'.repeat(90)}`);
      const batch = keyedBatch(records, { compression });
      const map = new OffsetMap({
        ...{ memoryBytes: 1 << 20, loadFactor: 0.9, firstOffset: 0 },
        digestKey: Buffer.alloc(16),
      });
      const transactions = new CleanedTransactions([]);
      await noteKeys(new MemoryPieces([batch]), map, {
        ...{ ...context, firstOffset: 0, transactions },
        statistics: { records: 0, bytes: 0 },
      });
      assert.equal(map.size, 1000);
      assert.ok(rests >= 4000 / 256, `${rests} rests while keys were noted`);
      rests = 0;
      const statistics = newStatistics();
      const kept: number[] = [];
      const filter = new BatchFilter(
        {
          ...{ map, transactions, nowMs: 0, deleteRetentionMs: 0 },
          ...{ upperBoundOffset: 4000, lastOfProducers: new Map() },
        },
        Infinity,
        statistics,
      );
      const sink = {
        write(each: RecordBatch) {
          kept.push(each.recordCount);
          return false;
        },
        async drain() {},
      };
      await retainBatches(new MemoryPieces([batch]), filter, sink, statistics, context);
      assert.deepEqual(kept, [1000]);
      assert.ok(rests >= 4000 / 256, `${rests} rests while records were chosen`);
    });
  }
});

describe('ReshapeGate', () => {
  test('a swap waits for those who cut, and they for it; one that waits holds nobody up', async () => {
    const gate = new ReshapeGate();
    const events: string[] = [];
    const first = Promise.withResolvers<void>();
    const swap = Promise.withResolvers<void>();
    const cutting = gate.shared(() => first.promise);
    const swapping = gate.exclusively(async () => {
      events.push('swap begins');
      await swap.promise;
      events.push('swap ends');
    });
    await settle(2);
    await gate.shared(async () => {
      events.push('cut beside');
    });
    first.resolve();
    await cutting;
    await settle(2);
    const late = gate.shared(async () => {
      events.push('cut after');
    });
    swap.resolve();
    await Promise.all([swapping, late]);
    assert.deepEqual(events, ['cut beside', 'swap begins', 'swap ends', 'cut after']);
  });
});

describe('what an interrupted compaction left', () => {
  async function settled(files: Record<string, Buffer>): Promise<Record<string, number>> {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/log');
    for (const [name, bytes] of Object.entries(files)) await disk.replaceFile(`/log/${name}`, bytes);
    const names = await settleFolder(disk, '/log');
    assert.deepEqual(
      [...names].sort(),
      (await disk.list('/log')).map(({ name }) => name).sort(),
      'the names answered are those that are there',
    );
    return Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [
          name.replace(/^0+(?=\d)/, ''),
          (await disk.readFile(`/log/${name}`)).length,
        ]),
      ),
    );
  }
  const name = (offset: number, suffix: string): string => `${String(offset).padStart(20, '0')}.${suffix}`;
  function at(offset: number, sizeBytes: number): Buffer {
    const bytes = keyedBatch([`k=${'v'.repeat(sizeBytes - 72)}`]);
    new RecordBatch(bytes).setBaseOffset(offset);
    return bytes;
  }

  test('output that was not finished goes', async () => {
    const files = { [name(0, 'log')]: at(0, 100), [name(0, 'log.cleaned')]: at(0, 90) };
    assert.deepEqual(Object.keys(await settled(files)), ['0.log']);
  });

  test('a finished segment takes the place of all whose offsets it covers, with its indexes', async () => {
    const swap = Buffer.concat([at(0, 90), at(25, 90)]);
    const found = await settled({
      [name(0, 'log.swap')]: swap,
      [name(0, 'index.swap')]: Buffer.alloc(16),
      [name(0, 'log')]: at(0, 120),
      [name(0, 'index')]: Buffer.alloc(8),
      [name(0, 'timeindex')]: Buffer.alloc(12),
      [name(10, 'log')]: at(10, 110),
      [name(10, 'snapshot')]: Buffer.alloc(10),
      [name(20, 'log.deleted')]: at(20, 110),
      [name(30, 'log')]: at(30, 110),
      [name(30, 'snapshot')]: Buffer.alloc(10),
    });
    assert.deepEqual(found, {
      '0.log': swap.length,
      '0.index': 16,
      '30.log': at(30, 110).length,
      '30.snapshot': 10,
    });
  });

  test('swaps beside unfinished output of the same work do not count, nor indexes without their segment', async () => {
    const found = await settled({
      [name(10, 'log.swap')]: at(10, 90),
      [name(0, 'log.cleaned')]: at(0, 90),
      [name(0, 'log')]: at(0, 120),
      [name(0, 'index')]: Buffer.alloc(8),
      [name(0, 'index.swap')]: Buffer.alloc(16),
      [name(10, 'log')]: at(10, 120),
    });
    assert.deepEqual(Object.keys(found).sort(), ['0.index', '0.log', '10.log']);
    assert.equal(found['0.index'], 8);
  });
});
