// Which of the records that came are ours, and what to say at once of offsets that nobody can be given.

import type { ConsumerRecord, TopicSerdes } from '../consumer/records/consumer-record.ts';
import { RecordReader } from '../consumer/records/record-reader.ts';
import { CorruptRecordError } from '../errors/consumer-errors.ts';
import { Acknowledgement } from './acknowledgements.ts';
import type { ShareLock } from './share-lock.ts';
import { ShareRecord } from './share-record.ts';
import type { AcquiredRange } from './share-session.ts';

/** Of one batch: what brokers take, and more. */
const MAX_DECOMPRESSED_BYTES = 1 << 30;

export interface AcquiredSet {
  readonly lock: ShareLock;
  readonly brokerId: number;
  readonly records: Buffer;
  /** In order. */
  readonly acquired: readonly AcquiredRange[];
  readonly serdes: TopicSerdes<unknown, unknown>;
  readonly checkCrcs: boolean;
  /** Told of records that cannot be read; they are rejected. */
  damaged(error: CorruptRecordError): void;
}

/**
 * The records that were acquired, in order. Offsets without a record are acknowledged as gaps. Damaged ones are rejected, and those behind them released,
 * for the next answer begins with them.
 */
export function readAcquired(set: AcquiredSet): ShareRecord<unknown, unknown>[] {
  const { lock, acquired, damaged } = set;
  const found: ConsumerRecord<unknown, unknown>[] = [];
  const error = read(set, found);
  const records = found.filter((record) => record instanceof ShareRecord);
  let index = 0;
  for (const { firstOffset, lastOffset } of acquired) {
    const end = error === undefined ? lastOffset : Math.min(lastOffset, error.offset - 1);
    let next = firstOffset;
    for (; index < records.length && records[index]!.offset <= end; index++) {
      const { offset } = records[index]!;
      if (offset > next) lock.acknowledge(next, offset - 1, Acknowledgement.gap);
      next = offset + 1;
    }
    if (next <= end) lock.acknowledge(next, end, Acknowledgement.gap);
    if (error === undefined || lastOffset < error.offset) continue;
    const damagedEnd = Math.min(lastOffset, error.nextOffset - 1);
    const from = Math.max(firstOffset, error.offset);
    if (from <= damagedEnd) lock.acknowledge(from, damagedEnd, Acknowledgement.reject);
    const behind = Math.max(from, damagedEnd + 1);
    if (behind <= lastOffset) lock.acknowledge(behind, lastOffset, Acknowledgement.release);
  }
  if (error !== undefined) damaged(error);
  return records;
}

/** Appends what can be read, and returns why the rest cannot. */
function read(
  { lock, brokerId, records, acquired, serdes, checkCrcs }: AcquiredSet,
  found: ConsumerRecord<unknown, unknown>[],
): CorruptRecordError | undefined {
  const { topic, partition } = lock.place;
  const first = acquired[0];
  const last = acquired.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const deliveries = deliveryCounts(acquired);
  const reader = new RecordReader(
    {
      ...{ topic, partition, brokerId, serdes, bytes: records, fromOffset: first.firstOffset },
      make(source, place) {
        const deliveryCount = deliveries(source.baseOffset + place.offsetDelta);
        return deliveryCount === undefined ? undefined : new ShareRecord(source, place, lock, deliveryCount);
      },
    },
    { isolation: 'read-uncommitted', checkCrcs, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES },
  );
  try {
    for (let before = -1; found.length > before && reader.nextOffset <= last.lastOffset; ) {
      before = found.length;
      reader.read(last.lastOffset - first.firstOffset + 1, found);
    }
    return undefined;
  } catch (error) {
    if (error instanceof CorruptRecordError) return error;
    throw error;
  }
}

/** By offset, asked in order; undefined: not acquired. */
function deliveryCounts(acquired: readonly AcquiredRange[]): (offset: number) => number | undefined {
  let index = 0;
  return (offset) => {
    while (index < acquired.length && acquired[index]!.lastOffset < offset) index++;
    const range = acquired[index];
    return range !== undefined && offset >= range.firstOffset ? range.deliveryCount : undefined;
  };
}
