// Finding offsets by time, as ListOffsets asks for them, and the aborted transactions of a range.

import type { RecordBatch } from '@moldau/protocol';
import { batches } from '@moldau/protocol';
import { abortedOf } from './aborted-transactions.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { ensureIndexes, maxTimestampOf, withFile } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';
import { overlapping } from './transaction-index.ts';
import type { AbortedTransaction, TimestampOffset } from './types.ts';

/** False ends the walk. */
type Visit = (batch: RecordBatch) => boolean | undefined;

function firstRecord(
  state: LogState,
  batch: RecordBatch,
  isWanted: (timestampMs: number) => boolean,
): TimestampOffset | undefined {
  for (const record of batch.records({ maxDecompressedBytes: state.config.maxDecompressedBytes })) {
    if (record.offset < state.logStartOffset || !isWanted(record.timestamp)) continue;
    return { offset: record.offset, timestampMs: record.timestamp, leaderEpoch: batch.partitionLeaderEpoch };
  }
  return undefined;
}

/** The batches of one segment from the one that holds `fromOffset` on, up to what is written. */
async function walkSegment(
  state: LogState,
  segment: Segment,
  fromOffset: number,
  visit: Visit,
): Promise<void> {
  if (state.isInMemory) {
    for (const bytes of state.logTail().runsFrom(fromOffset)) {
      for (const batch of batches(bytes)) {
        if (batch.baseOffset >= segment.nextOffset || visit(batch) === false) return;
      }
    }
    return;
  }
  await ensureIndexes(state, segment);
  await withFile(state, segment, (file) =>
    scanSegment(file, {
      from: segment.positionFor(fromOffset),
      to: segment.writtenBytes,
      minOffset: segment.baseOffset,
      checkCrc: false,
      visit: (batch) => (batch.nextOffset <= fromOffset ? undefined : visit(batch)),
    }),
  );
}

/** The first record at or after logStartOffset whose timestamp is at least this; only records below upToOffset. */
export async function findByTimestamp(
  state: LogState,
  timestampMs: number,
  upToOffset: number,
): Promise<TimestampOffset | undefined> {
  let found: TimestampOffset | undefined;
  for (const segment of [...state.segments]) {
    if (segment.baseOffset >= upToOffset) break;
    if (segment.sizeBytes === 0 || (await maxTimestampOf(state, segment)) < timestampMs) continue;
    if (!state.isInMemory) await ensureIndexes(state, segment);
    const from = Math.max(state.logStartOffset, segment.timeIndex?.lookup(timestampMs) ?? segment.baseOffset);
    await walkSegment(state, segment, from, (batch) => {
      if (batch.nextOffset > upToOffset) return false;
      if (batch.maxTimestamp < timestampMs) return undefined;
      found = firstRecord(state, batch, (each) => each >= timestampMs);
      return found === undefined ? undefined : false;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The youngest record, the first one of several that are as young. */
export async function findYoungest(
  state: LogState,
  upToOffset: number,
): Promise<TimestampOffset | undefined> {
  let youngest: Segment | undefined;
  let youngestMs = -1;
  for (const segment of [...state.segments]) {
    if (segment.sizeBytes === 0 || segment.baseOffset >= upToOffset) continue;
    const maxTimestampMs = await maxTimestampOf(state, segment);
    if (maxTimestampMs <= youngestMs) continue;
    youngest = segment;
    youngestMs = maxTimestampMs;
  }
  if (youngest === undefined) return undefined;
  const near = state.isInMemory ? youngest.baseOffset : youngest.maxTimestampOffset;
  return (
    (await youngestFrom(state, youngest, near, upToOffset)) ??
    youngestFrom(state, youngest, youngest.baseOffset, upToOffset)
  );
}

async function youngestFrom(
  state: LogState,
  segment: Segment,
  fromOffset: number,
  upToOffset: number,
): Promise<TimestampOffset | undefined> {
  let found: TimestampOffset | undefined;
  await walkSegment(state, segment, Math.max(fromOffset, state.logStartOffset), (batch) => {
    if (batch.nextOffset > upToOffset) return false;
    const timestampMs = batch.maxTimestamp;
    if (timestampMs < 0 || timestampMs <= (found?.timestampMs ?? -1)) return undefined;
    found = firstRecord(state, batch, (each) => each === timestampMs) ?? found;
    return undefined;
  });
  return found;
}

/**
 * Like Kafka, up to the next batch that the offset index knows behind upToOffset, or the end of the segment: a reader is not harmed by
 * transactions it does not come to.
 */
export function findAborted(
  state: LogState,
  fromOffset: number,
  upToOffset: number,
): AbortedTransaction[] | Promise<AbortedTransaction[]> {
  const endOffset = nextIndexedOffset(state, upToOffset);
  const first = Math.max(0, state.segmentIndexFor(fromOffset));
  return collectAborted(state, state.segments.slice(first), fromOffset, endOffset);
}

function nextIndexedOffset(state: LogState, offset: number): number {
  const segment = state.segments[Math.max(0, state.segmentIndexFor(offset - 1))]!;
  return segment.offsetIndex?.firstOffsetFrom(offset) ?? segment.nextOffset;
}

function collectAborted(
  state: LogState,
  segments: readonly Segment[],
  fromOffset: number,
  upToOffset: number,
): AbortedTransaction[] | Promise<AbortedTransaction[]> {
  const found: AbortedTransaction[] = [];
  for (const [index, segment] of segments.entries()) {
    const entries = abortedOf(state, segment);
    if (entries instanceof Promise)
      return entries.then(async () => [
        ...found,
        ...(await collectAborted(state, segments.slice(index), fromOffset, upToOffset)),
      ]);
    found.push(...overlapping(entries, fromOffset, upToOffset));
    // A transaction that began before upToOffset may end segments later; one whose stable offset had passed it cannot.
    if (entries.some((entry) => entry.lastStableOffset >= upToOffset)) break;
  }
  return found;
}
