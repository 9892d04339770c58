// The files beside a segment's batches: its indexes and producer snapshots. All of them can be built again from the batches, so
// they are written without fsync and believed only when they make sense.

import type { Disk, DiskFile } from '@moldau/io';
import { RecordBatch } from '@moldau/protocol';
import { HEADER_BYTES, isHeaderPlausible } from './batch-walk.ts';
import { segmentFileName } from './file-names.ts';
import type { LogState } from './log-state.ts';
import { OffsetIndex } from './offset-index.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerStates } from './producer-state.ts';
import type { Segment } from './segment.ts';
import { scanSegment } from './segment-scan.ts';
import { isAbsent } from './storage-error.ts';
import { TimeIndex } from './time-index.ts';
import { encodeTransactionIndex, TRANSACTION_INDEX_ENTRY_BYTES } from './transaction-index.ts';

/** Opens, pins and releases the segment's file around some work. */
export async function withFile<T>(
  state: LogState,
  segment: Segment,
  work: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const { handles } = state.environment;
  // A closed segment may have bytes that are queued to be written.
  const mode = segment === state.active || segment.writtenBytes < segment.sizeBytes ? 'write' : 'read';
  const slot = segment.slotIn(state.directory, mode);
  const file = await handles.acquire(slot);
  try {
    return await work(file);
  } finally {
    handles.release(slot);
  }
}

/** A segment that was opened for reading alone is going to be written or cut. */
export async function makeWritable(state: LogState, segment: Segment): Promise<void> {
  const { slot } = segment;
  if (slot === undefined || slot.mode === 'write') return;
  // First, for who opens it again while it is closed.
  slot.mode = 'write';
  await state.environment.handles.close(slot);
}

export interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
  readonly leaderEpoch: number;
}

/** undefined when no batch stands there. */
export async function headerAt(
  state: LogState,
  segment: Segment,
  position: number,
): Promise<BatchHeader | undefined> {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const count = await withFile(state, segment, (file) => file.read(bytes, position));
  if (count < HEADER_BYTES || !isHeaderPlausible(bytes, 0)) return undefined;
  const batch = new RecordBatch(bytes);
  return {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    maxTimestampMs: batch.maxTimestamp,
    leaderEpoch: batch.partitionLeaderEpoch,
  };
}

export async function readIfPresent(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    return await disk.readFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Puts bytes from `fromBytes` on into a file and makes it end with them (a new file does so by itself). */
export async function writeSmallFile(
  disk: Disk,
  path: string,
  bytes: Buffer,
  options: { fromBytes?: number; durable?: boolean; isNew?: boolean } = {},
): Promise<void> {
  const { fromBytes = 0, durable = false, isNew = false } = options;
  const file = await disk.open(path, 'write');
  try {
    if (bytes.length > fromBytes) await file.write([bytes.subarray(fromBytes)], fromBytes);
    if (!isNew) await file.truncate(bytes.length);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Brings .timeindex, .index and (where there is something to tell) .txnindex up to what is in memory. In that order: whatever a crash
 * leaves of the offset index, the time index reaches at least as far.
 */
export async function writeIndexes(state: LogState, segment: Segment, durable: boolean): Promise<void> {
  const { disk } = state.environment;
  const { offsetIndex, timeIndex } = segment;
  const offsetBytes = offsetIndex === undefined ? undefined : Buffer.from(offsetIndex.bytes());
  if (timeIndex !== undefined && timeIndex.sizeBytes !== segment.timeIndexBytesOnDisk) {
    const bytes = Buffer.from(timeIndex.bytes());
    const fromBytes = Math.max(0, segment.timeIndexBytesOnDisk);
    await writeSmallFile(disk, segment.path(state.directory, 'timeindex'), bytes, { fromBytes, durable });
    segment.timeIndexBytesOnDisk = bytes.length;
  }
  if (offsetBytes !== undefined && offsetBytes.length !== segment.offsetIndexBytesOnDisk) {
    const fromBytes = Math.max(0, segment.offsetIndexBytesOnDisk);
    await writeSmallFile(disk, segment.path(state.directory, 'index'), offsetBytes, { fromBytes, durable });
    segment.offsetIndexBytesOnDisk = offsetBytes.length;
  }
  await writeAborted(state, segment);
}

/**
 * Brings .txnindex up to what is in memory, durably: recovery does not look again at markers below the recovery point. One at a
 * time, since an older state must not be put over a newer one.
 */
export function writeAborted(state: LogState, segment: Segment): Promise<void> {
  const saving = (segment.savingAborted ?? Promise.resolve())
    .catch(() => {})
    .then(() => appendAborted(state, segment));
  segment.savingAborted = saving;
  return saving;
}

async function appendAborted(state: LogState, segment: Segment): Promise<void> {
  const { disk } = state.environment;
  const { aborted, abortedOnDisk } = segment;
  if (aborted === undefined || aborted.length === abortedOnDisk) return;
  const count = aborted.length;
  const path = segment.path(state.directory, 'txnindex');
  const fromBytes = Math.max(0, abortedOnDisk) * TRANSACTION_INDEX_ENTRY_BYTES;
  await writeSmallFile(disk, path, encodeTransactionIndex(aborted), { fromBytes, durable: true });
  if (abortedOnDisk === 0) await disk.syncDirectory(state.directory);
  // Cut while it was written: the file is to be written again.
  segment.abortedOnDisk = segment.aborted === aborted ? count : -1;
}

/** Durably. */
export function writeSnapshot(state: LogState, offset: number, producers: ProducerStates): Promise<void> {
  return state.environment.disk.replaceFile(snapshotPath(state, offset), encodeProducerSnapshot(producers));
}

/** The producers as they are now, to be written as the snapshot of logEndOffset. */
export function snapshotBytes(state: LogState): Buffer {
  return encodeProducerSnapshot(state.producerStates());
}

export function snapshotPath(state: LogState, offset: number): string {
  return `${state.directory}/${segmentFileName(offset, 'snapshot')}`;
}

async function readIndexFile(
  state: LogState,
  segment: Segment,
  kind: 'index' | 'timeindex',
): Promise<Buffer | undefined> {
  const bytes = await readIfPresent(state.environment.disk, segment.path(state.directory, kind));
  const entryBytes = kind === 'index' ? 8 : 12;
  return bytes === undefined || bytes.length % entryBytes !== 0
    ? undefined
    : withoutUnusedEnd(bytes, entryBytes);
}

/** Kafka gives index files their full size while in use; after a crash their end is zeros. */
function withoutUnusedEnd(bytes: Buffer, entryBytes: number): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes.subarray(end - entryBytes, end).every((byte) => byte === 0)) end -= entryBytes;
  return bytes.subarray(0, end);
}

/** Reads the index files as they are. False when they are missing or make no sense; then the segment's indexes are empty. */
export async function readIndexes(state: LogState, segment: Segment): Promise<boolean> {
  const offsetBytes = await readIndexFile(state, segment, 'index');
  const timeBytes = await readIndexFile(state, segment, 'timeindex');
  const offsetIndex = new OffsetIndex(segment.baseOffset, offsetBytes);
  const timeIndex = new TimeIndex(segment.baseOffset, timeBytes);
  const isSane =
    offsetBytes !== undefined &&
    timeBytes !== undefined &&
    offsetIndex.isSane(segment.sizeBytes) &&
    timeIndex.isSane();
  segment.offsetIndex = isSane ? offsetIndex : new OffsetIndex(segment.baseOffset);
  segment.timeIndex = isSane ? timeIndex : new TimeIndex(segment.baseOffset);
  segment.offsetIndexBytesOnDisk = isSane ? offsetIndex.sizeBytes : -1;
  segment.timeIndexBytesOnDisk = isSane ? timeIndex.sizeBytes : -1;
  return isSane;
}

/** Makes the indexes of a closed segment available, completing or rebuilding them when their files do not reach its end. */
export async function ensureIndexes(state: LogState, segment: Segment): Promise<void> {
  if (segment.offsetIndex === undefined || segment.timeIndex === undefined) {
    await readIndexes(state, segment);
    if (!(await fitsLastEntry(state, segment))) resetIndexes(segment);
    await completeIndexes(state, segment);
    if (segment.maxTimestampMs === undefined) await learnMaxTimestamp(state, segment);
  }
  if (segment !== state.active) state.environment.indexCache.touch(segment);
}

/** An index that outlived batches which a power cut took back may point into the batches that came in their place. */
async function fitsLastEntry(state: LogState, segment: Segment): Promise<boolean> {
  const offsetIndex = segment.offsetIndex!;
  if (offsetIndex.count === 0) return true;
  const header = await headerAt(state, segment, offsetIndex.lastPosition);
  return header?.lastOffset === offsetIndex.lastOffset;
}

function resetIndexes(segment: Segment): void {
  segment.offsetIndex = new OffsetIndex(segment.baseOffset);
  segment.timeIndex = new TimeIndex(segment.baseOffset);
  segment.offsetIndexBytesOnDisk = -1;
  segment.timeIndexBytesOnDisk = -1;
}

/** Scans what lies behind the last entry: usually no more than index.interval.bytes, all of it when there are no index files. */
async function completeIndexes(state: LogState, segment: Segment): Promise<void> {
  const { logger } = state.environment;
  const built = state.newDetachedSegment(segment.baseOffset);
  built.offsetIndex = segment.offsetIndex;
  built.timeIndex = segment.timeIndex;
  built.sizeBytes = segment.offsetIndex!.lastPosition;
  built.maxTimestampMs = segment.timeIndex!.lastTimestampMs;
  built.maxTimestampOffset = segment.timeIndex!.lastOffset;
  const entries = segment.offsetIndex!.count + segment.timeIndex!.count;
  const result = await withFile(state, segment, (file) =>
    scanSegment(file, {
      from: built.sizeBytes,
      to: segment.writtenBytes,
      minOffset: segment.baseOffset,
      checkCrc: false,
      visit: (batch) => {
        built.add(batch, state.config.indexIntervalBytes);
        return undefined;
      },
    }),
  );
  if (result.stop !== 'end') {
    logger.error(
      { log: state.directoryName, segment: segment.baseOffset, position: result.endPosition },
      'a segment is damaged below its end; what follows the damage cannot be read',
    );
  }
  built.seal();
  segment.maxTimestampMs = built.maxTimestampMs! < 0 ? undefined : built.maxTimestampMs;
  segment.maxTimestampOffset = built.maxTimestampOffset;
  if (segment.offsetIndex!.count + segment.timeIndex!.count === entries) return;
  logger.info(
    { log: state.directoryName, segment: segment.baseOffset },
    'completed the indexes of a segment',
  );
  await writeIndexes(state, segment, true);
}

async function learnMaxTimestamp(state: LogState, segment: Segment): Promise<void> {
  const timeIndex = segment.timeIndex!;
  if (timeIndex.count > 0) {
    segment.maxTimestampMs = timeIndex.lastTimestampMs;
    segment.maxTimestampOffset = timeIndex.lastOffset;
    return;
  }
  const stat = await state.environment.disk.stat(segment.path(state.directory, 'log'));
  segment.maxTimestampMs = Math.floor(stat?.modifiedMs ?? state.environment.clock.wallMs());
  segment.maxTimestampOffset = segment.nextOffset - 1;
}

/** The youngest timestamp of a segment, in milliseconds. */
export async function maxTimestampOf(state: LogState, segment: Segment): Promise<number> {
  if (segment.maxTimestampMs === undefined) await ensureIndexes(state, segment);
  return segment.maxTimestampMs!;
}
