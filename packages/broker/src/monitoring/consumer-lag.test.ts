import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '@moldau/io';
import { encodeBatch, RecordBatch } from '@moldau/protocol';
import { ManualTime } from '@moldau/testing';
import { ConsumerLag } from './consumer-lag.ts';
import type { MonitoredOffset } from './monitored.ts';

const RECORDS_PER_BATCH = 10;

/** A partition whose batches have ten records each, one every second, from the start of the manual time on. */
function fakePartition(time: ManualTime, recordCount: number) {
  const startMs = time.wallMs();
  const partition = {
    highWatermark: recordCount,
    reads: 0,
    log: {
      isReady: true,
      logStartOffset: 0,
      ready: () => Promise.resolve(),
      read(fromOffset: number) {
        partition.reads += 1;
        const baseOffset = fromOffset - (fromOffset % RECORDS_PER_BATCH);
        const records = Array.from({ length: RECORDS_PER_BATCH }, (_, index) => ({
          ...{ key: null, value: Buffer.from('x'), timestamp: startMs + (baseOffset + index) * 1000 },
        }));
        const bytes = encodeBatch({ records, compression: 'none' });
        new RecordBatch(bytes).setBaseOffset(baseOffset);
        const nextOffset = baseOffset + RECORDS_PER_BATCH;
        return { chunks: [bytes], firstOffset: baseOffset, nextOffset, sizeBytes: bytes.length };
      },
    },
  };
  return partition;
}

function lagOf(time: ManualTime, offsets: MonitoredOffset[], recordCount = 100, maxEntries = 1000) {
  const partition = fakePartition(time, recordCount);
  const lag = new ConsumerLag({
    ...{ clock: time, timers: time, logger: silentLogger },
    broker: { offsets: () => offsets, partition: (topic) => (topic === 'gone' ? undefined : partition) },
    maxEntries: () => maxEntries,
    intervalMs: () => 10_000,
  });
  return { lag, partition };
}

const shownOf = (lag: ConsumerLag) => [...lag.entries()].filter((entry) => entry !== undefined);

const committed = (offset: number, groupId = 'g') => ({ groupId, topic: 't', partition: 0, offset });

describe('the lag of groups', () => {
  it('is the records that are not committed, and the age of the first of them', async () => {
    const time = new ManualTime();
    const { lag } = lagOf(time, [committed(95), { ...committed(100, 'done') }]);
    await time.advance(100_000);
    await lag.refresh();
    const entries = shownOf(lag);
    assert.deepEqual(
      entries.map(({ groupId, records, seconds }) => [groupId, records, seconds]),
      [
        ['g', 5, 5],
        ['done', 0, 0],
      ],
    );
  });

  it('looks only at what has moved, and at most every interval', async () => {
    const time = new ManualTime();
    const offsets = [committed(10), committed(20, 'h')];
    const { lag, partition } = lagOf(time, offsets);
    await lag.refresh();
    assert.equal(partition.reads, 2);
    offsets[0] = committed(11);
    await lag.refresh();
    assert.equal(partition.reads, 2);
    assert.equal(shownOf(lag)[0]!.records, 89);
    await time.advance(10_000);
    await lag.refresh();
    assert.equal(partition.reads, 3);
  });

  it('looks at so many at a time, those first that it has not seen for longest, and remembers so many', async () => {
    const time = new ManualTime();
    const offsets = Array.from({ length: 1500 }, (_, index) => committed(index % 50, `g${index}`));
    const { lag, partition } = lagOf(time, offsets, 100, 1200);
    const known = () => shownOf(lag).filter(({ seconds }) => seconds !== undefined).length;
    for (const expected of [500, 1000, 1200, 1200]) {
      await lag.refresh();
      assert.equal(known(), expected);
      await time.advance(10_000);
    }
    assert.equal(partition.reads, 1200);
    assert.equal(shownOf(lag).length, 1200);
    assert.equal([...lag.entries()].length, 1500);
  });

  it('leaves out topics that are gone, and what cannot be known', async () => {
    const time = new ManualTime();
    const { lag, partition } = lagOf(time, [{ ...committed(5), topic: 'gone' }, committed(5)]);
    partition.log.isReady = false;
    partition.log.read = () => {
      throw new Error('the disk is gone');
    };
    await lag.refresh();
    const entries = shownOf(lag);
    assert.equal(entries.length, 1);
    assert.deepEqual([entries[0]!.records, entries[0]!.seconds], [undefined, undefined]);
    partition.log.isReady = true;
    assert.deepEqual(shownOf(lag)[0]!.records, 95);
  });
});
