// How far groups are behind, in records and in seconds.
//
// Records are known at any time. For seconds one has to look at the record at the committed offset: that is done when somebody asks, for offsets that
// have moved since, at most every few seconds and so many at a time. Its time is taken from its batch, whose first and last say between what it lies.
//
// Invariant: what is kept and read is bounded, and reading never holds up others for more than one batch.

import { NO_TIMESTAMP, RecordBatch } from '@moldau/protocol';
import type { MonitoredBroker, MonitoredOffset, MonitoredPartition, MonitoringPorts } from './monitored.ts';

/** How many records are looked at in one round; the others keep what was known of them, and have their turn later. */
const READS_PER_ROUND = 500;
const READS_IN_ONE_GO = 10;
const OFFSETS_IN_ONE_GO = 1000;

export interface LagEntry extends MonitoredOffset {
  /** Undefined while the partition's log is not loaded. */
  readonly records: number | undefined;
  readonly seconds: number | undefined;
}

interface Seen {
  readonly offset: number;
  readonly timestampMs: number;
}

export interface ConsumerLagOptions extends Pick<MonitoringPorts, 'clock' | 'timers' | 'logger'> {
  readonly broker: Pick<MonitoredBroker, 'offsets' | 'partition'>;
  readonly maxEntries: () => number;
  readonly intervalMs: () => number;
}

export class ConsumerLag {
  readonly #options: ConsumerLagOptions;
  /** What was found at the committed offsets, by group, topic and partition. */
  #seen = new Map<string, Seen>();
  #round: Promise<void> | undefined;
  #nextRoundMs = 0;

  constructor(options: ConsumerLagOptions) {
    this.#options = options;
  }

  /** The lag now, with seconds as of the last round; undefined for each offset above the bound. */
  *entries(): Iterable<LagEntry | undefined> {
    const { broker, clock } = this.#options;
    const maxEntries = this.#options.maxEntries();
    let count = 0;
    for (const committed of broker.offsets()) {
      const partition = broker.partition(committed.topic, committed.partition);
      if (partition === undefined) continue;
      count += 1;
      if (count > maxEntries) yield undefined;
      else yield { ...committed, ...this.#lagOf(committed, partition, clock.wallMs()) };
    }
  }

  /** Looks at what has moved, unless that was done lately. Never rejects. */
  refresh(): Promise<void> {
    const { clock, intervalMs, logger } = this.#options;
    if (this.#round !== undefined) return this.#round;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#nextRoundMs) return Promise.resolve();
    this.#nextRoundMs = nowMs + intervalMs();
    this.#round = this.#lookAtAll()
      .catch((error: unknown) => logger.warn({ err: error }, 'the lag of groups could not be measured'))
      .finally(() => {
        this.#round = undefined;
      });
    return this.#round;
  }

  #lagOf(
    committed: MonitoredOffset,
    partition: MonitoredPartition,
    nowMs: number,
  ): Pick<LagEntry, 'records' | 'seconds'> {
    if (!partition.log.isReady) return { records: undefined, seconds: undefined };
    const records = Math.max(0, partition.highWatermark - committed.offset);
    if (records === 0) return { records, seconds: 0 };
    const seen = this.#seen.get(keyOf(committed));
    const seconds = seen === undefined ? undefined : Math.max(0, nowMs - seen.timestampMs) / 1000;
    return { records, seconds };
  }

  async #lookAtAll(): Promise<void> {
    const { broker } = this.#options;
    const maxEntries = this.#options.maxEntries();
    const seen = new Map<string, Seen>();
    const stale: (MonitoredOffset & { key: string; found: MonitoredPartition })[] = [];
    let count = 0;
    for (const committed of broker.offsets()) {
      if (count >= maxEntries) break;
      const found = broker.partition(committed.topic, committed.partition);
      if (found === undefined) continue;
      count += 1;
      if (count % OFFSETS_IN_ONE_GO === 0) await this.#pause();
      const key = keyOf(committed);
      const known = this.#seen.get(key);
      if (known !== undefined) seen.set(key, known);
      if (known?.offset !== committed.offset) stale.push({ ...committed, key, found });
    }
    this.#seen = seen;
    // Those that have never been looked at first, then those that have waited longest: a key that is set again goes to the end.
    const order = new Map([...seen.keys()].map((key, index) => [key, index]));
    stale.sort((one, other) => (order.get(one.key) ?? -1) - (order.get(other.key) ?? -1));
    for (const [index, { key, found, offset }] of stale.slice(0, READS_PER_ROUND).entries()) {
      const timestampMs = await timestampAt(found, offset);
      this.#seen.delete(key);
      if (timestampMs !== undefined) this.#seen.set(key, { offset, timestampMs });
      if (index % READS_IN_ONE_GO === READS_IN_ONE_GO - 1) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.timers.soon(resolve));
  }
}

function keyOf({ groupId, topic, partition }: MonitoredOffset): string {
  return `${topic}-${partition} ${groupId}`;
}

/** Undefined when there is no record at the offset or after it, or it cannot be read. */
async function timestampAt(partition: MonitoredPartition, offset: number): Promise<number | undefined> {
  const { log } = partition;
  try {
    await log.ready();
    const fromOffset = Math.max(offset, log.logStartOffset);
    if (fromOffset >= partition.highWatermark) return undefined;
    const options = { maxBytes: 1, minOneBatch: true, upToOffset: partition.highWatermark };
    const { chunks, sizeBytes } = await log.read(fromOffset, options);
    if (sizeBytes === 0) return undefined;
    return timeWithin(new RecordBatch(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)), fromOffset);
  } catch {
    return undefined;
  }
}

/** Without unpacking the batch: its records are as evenly spread as one can know. */
function timeWithin(batch: RecordBatch, offset: number): number | undefined {
  const { baseTimestamp: first, maxTimestamp: last } = batch;
  if (last === NO_TIMESTAMP) return undefined;
  if (batch.timestampType === 'LogAppendTime' || first === NO_TIMESTAMP || last <= first) return last;
  const share = batch.lastOffsetDelta === 0 ? 0 : (offset - batch.baseOffset) / batch.lastOffsetDelta;
  return first + (last - first) * Math.min(1, Math.max(0, share));
}
