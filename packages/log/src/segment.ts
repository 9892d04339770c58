// One segment of a log: a file of batches, named by the first offset it may hold, with its indexes. Positions and offsets
// are known as soon as a batch is appended; the bytes follow when the writer has written them.

import type { RecordBatch } from '@moldau/protocol';
import { FileSlot } from './file-handles.ts';
import { type SegmentFileKind, segmentFileName } from './file-names.ts';
import { type LogConfig, segmentLifetimeMs } from './log-config.ts';
import { OffsetIndex } from './offset-index.ts';
import { TimeIndex } from './time-index.ts';
import type { AbortedTransaction } from './types.ts';

const MAX_RELATIVE_OFFSET = 0x7fff_ffff;

/** Offsets [fromOffset, toOffset) whose bytes at [position, endPosition) are not batches any more. */
export interface Damage {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly position: number;
  readonly endPosition: number;
}

export class Segment {
  readonly baseOffset: number;
  /** Stands behind the names of its files while compaction makes it, swaps it in, or has replaced it. */
  suffix: '' | '.cleaned' | '.swap' | '.deleted' = '';
  /** Of what has been appended, queued bytes included. */
  sizeBytes = 0;
  writtenBytes = 0;
  syncedBytes = 0;
  /** The offset after the last batch. */
  nextOffset: number;
  createdMs: number;
  /** What segment.jitter.ms takes off segment.ms here. */
  rollJitterMs = 0;
  /** Of the first batch: segment.ms counts from it. -1 when there is none. */
  firstTimestampMs = -1;
  /** undefined until somebody needs it and it is read from the time index. */
  maxTimestampMs: number | undefined = -1;
  /** Last offset of the batch that holds it. */
  maxTimestampOffset = -1;
  /** Loaded for the active segment; for others when they are read. */
  offsetIndex: OffsetIndex | undefined;
  timeIndex: TimeIndex | undefined;
  bytesSinceIndexEntry = 0;
  /** How much of the indexes is in their files; -1: the file must be written anew. */
  offsetIndexBytesOnDisk = -1;
  timeIndexBytesOnDisk = -1;
  /** Size of the segment when its tail was last made known to .moldau-tails. */
  checkpointedBytes = 0;
  /** Closed, but its indexes and the snapshot at its end are not on disk yet. */
  sealPending = false;
  /** Whether the file's name in the folder survives a power cut. */
  entrySynced = false;
  damages: Damage[] | undefined;
  /** Aborted transactions that end here; undefined until read from the .txnindex file. */
  aborted: AbortedTransaction[] | undefined;
  /** How many of them are in the file; -1: the file must be written anew. */
  abortedOnDisk = 0;
  /** While the file is being written. */
  savingAborted: Promise<void> | undefined;
  slot: FileSlot | undefined;

  constructor(baseOffset: number, createdMs: number) {
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
    this.createdMs = createdMs;
  }

  /** A segment that nothing was written to yet. */
  static fresh(baseOffset: number, nowMs: number, rollJitterMs: number): Segment {
    const segment = new Segment(baseOffset, nowMs);
    segment.rollJitterMs = rollJitterMs;
    segment.offsetIndex = new OffsetIndex(baseOffset);
    segment.timeIndex = new TimeIndex(baseOffset);
    segment.aborted = [];
    return segment;
  }

  path(directory: string, kind: SegmentFileKind): string {
    return `${directory}/${segmentFileName(this.baseOffset, kind)}${this.suffix}`;
  }

  slotIn(directory: string, mode: 'read' | 'write'): FileSlot {
    this.slot ??= new FileSlot(this.path(directory, 'log'), mode);
    return this.slot;
  }

  /** Whether these batches must open a new segment. */
  mustRoll(
    batchesBytes: number,
    maxTimestampMs: number,
    lastOffset: number,
    nowMs: number,
    config: LogConfig,
  ): boolean {
    if (this.sizeBytes === 0) return lastOffset - this.baseOffset > MAX_RELATIVE_OFFSET;
    const waitedMs =
      this.firstTimestampMs >= 0 ? maxTimestampMs - this.firstTimestampMs : nowMs - this.createdMs;
    return (
      this.sizeBytes > config.segmentBytes - batchesBytes ||
      waitedMs > segmentLifetimeMs(config) - this.rollJitterMs ||
      this.offsetIndex!.isFull(config.segmentIndexBytes) ||
      this.timeIndex!.isFull(config.segmentIndexBytes) ||
      lastOffset - this.baseOffset > MAX_RELATIVE_OFFSET
    );
  }

  /** Takes in a batch at the segment's end; its offsets are final. */
  add(batch: RecordBatch, indexIntervalBytes: number): void {
    // What compaction left without records tells no time.
    const maxTimestampMs = batch.recordCount === 0 ? -1 : batch.maxTimestamp;
    const lastOffset = batch.lastOffset;
    const sizeBytes = batch.sizeBytes;
    if (this.firstTimestampMs < 0) this.firstTimestampMs = maxTimestampMs;
    if (maxTimestampMs > (this.maxTimestampMs ?? -1)) {
      this.maxTimestampMs = maxTimestampMs;
      this.maxTimestampOffset = lastOffset;
    }
    if (this.bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex!.append(lastOffset, this.sizeBytes);
      this.timeIndex!.maybeAppend(this.maxTimestampMs ?? -1, this.maxTimestampOffset);
      this.bytesSinceIndexEntry = 0;
    }
    this.sizeBytes += sizeBytes;
    this.bytesSinceIndexEntry += sizeBytes;
    this.nextOffset = lastOffset + 1;
  }

  /** The last entry of the time index tells the youngest timestamp of the whole segment. */
  seal(): void {
    if (this.maxTimestampMs !== undefined)
      this.timeIndex?.maybeAppend(this.maxTimestampMs, this.maxTimestampOffset);
    this.offsetIndex?.trim();
    this.timeIndex?.trim();
  }

  /** Drops index entries of batches that end at `offset` or above it, and remembers that the files have too many. */
  truncateIndexes(offset: number): void {
    this.offsetIndex!.truncateTo(offset);
    this.timeIndex!.truncateTo(offset);
    if (this.offsetIndexBytesOnDisk > this.offsetIndex!.sizeBytes) this.offsetIndexBytesOnDisk = -1;
    if (this.timeIndexBytesOnDisk > this.timeIndex!.sizeBytes) this.timeIndexBytesOnDisk = -1;
  }

  /** Where to start looking for an offset: at or before the batch that holds it, and behind damage it lies behind. */
  positionFor(offset: number): number {
    let position = this.offsetIndex?.lookup(offset) ?? 0;
    for (const damage of this.damages ?? []) {
      if (offset >= damage.toOffset && damage.position >= position)
        position = Math.max(position, damage.endPosition);
    }
    return position;
  }
}
