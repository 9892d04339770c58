// Reading batches: from the tail cache when it has them, which is synchronous, else from the file with one large positioned read
// at the place that a read cursor or the index gives.

import type { DiskFile } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import {
  batchNextOffsetAt,
  batchSizeAt,
  HEADER_BYTES,
  isHeaderPlausible,
  type SliceRequest,
  sliceBatches,
} from './batch-walk.ts';
import type { LogState } from './log-state.ts';
import { ReadCursors } from './read-cursors.ts';
import type { Segment } from './segment.ts';
import { ensureIndexes, withFile } from './segment-files.ts';
import { isAbsent, storageError } from './storage-error.ts';
import type { ReadOptions, ReadResult } from './types.ts';

/** What is read to find a batch near the place the index gave. */
const LOCATE_BYTES = 16 * 1024;
/** A read is at least this large: what a tiny maxBytes saves is less than a second read costs. */
const MINIMUM_READ_BYTES = 4096;

export function readLog(
  state: LogState,
  fromOffset: number,
  options: ReadOptions,
): ReadResult | Promise<ReadResult> {
  const limit = readableLimit(state, fromOffset, options.upToOffset ?? Infinity);
  if (fromOffset >= limit || (options.maxBytes <= 0 && !options.minOneBatch)) return nothing(fromOffset);
  const { maxBytes, minOneBatch } = options;
  const request: SliceRequest = { fromOffset, upToOffset: limit, maxBytes, minOneBatch };
  const { tail } = state;
  if (tail !== undefined && (state.isInMemory || fromOffset >= tail.firstOffset)) {
    const chunks: Buffer[] = [];
    const found = tail.read(request, chunks);
    return found === undefined ? nothing(fromOffset) : { chunks, ...found };
  }
  return state.isInMemory ? nothing(fromOffset) : readFiles(state, request);
}

function nothing(fromOffset: number): ReadResult {
  return { chunks: [], firstOffset: fromOffset, nextOffset: fromOffset, sizeBytes: 0 };
}

/** The offset before which batches may be read. Throws for an offset outside the log, or beyond what an offline dir is trusted with. */
function readableLimit(state: LogState, fromOffset: number, upToOffset: number): number {
  if (fromOffset < state.logStartOffset || fromOffset > state.logEndOffset) {
    throw new KafkaError(
      ErrorCode.OFFSET_OUT_OF_RANGE,
      `offset ${fromOffset} is not in ${state.directoryName}, which holds ${state.logStartOffset} to ${state.logEndOffset}`,
    );
  }
  const limit = Math.min(upToOffset, state.writtenOffset);
  const offlineReason = state.dir?.offlineReason;
  if (offlineReason === undefined) return limit;
  if (fromOffset >= state.flushedOffset) throw storageError(offlineReason);
  return Math.min(limit, state.flushedOffset);
}

async function readFiles(state: LogState, request: SliceRequest): Promise<ReadResult> {
  const first = Math.max(0, state.segmentIndexFor(request.fromOffset));
  // A copy: segments may come and go while the disk works.
  for (const segment of state.segments.slice(first)) {
    if (segment.nextOffset <= request.fromOffset || segment.writtenBytes === 0) continue;
    if (segment.baseOffset >= request.upToOffset) break;
    const result = await readSegment(state, segment, request);
    if (result === undefined) continue;
    if (result === 'replaced') return readFiles(state, request);
    return withTail(state, result, request);
  }
  return nothing(request.fromOffset);
}

/** What the disk gave may be followed by what is in memory. */
function withTail(state: LogState, result: ReadResult, request: SliceRequest): ReadResult {
  const { tail } = state;
  const leftBytes = request.maxBytes - result.sizeBytes;
  if (tail === undefined || leftBytes <= 0 || result.sizeBytes === 0 || tail.firstOffset > result.nextOffset)
    return result;
  const chunks = [...result.chunks];
  const more = tail.read(
    {
      fromOffset: result.nextOffset,
      upToOffset: request.upToOffset,
      maxBytes: leftBytes,
      minOneBatch: false,
    },
    chunks,
  );
  if (more === undefined) return result;
  const sizeBytes = result.sizeBytes + more.sizeBytes;
  return { chunks, firstOffset: result.firstOffset, nextOffset: more.nextOffset, sizeBytes };
}

/** undefined when the segment has no batch for this request, 'replaced' when compaction has just put another in its place. */
async function readSegment(
  state: LogState,
  segment: Segment,
  request: SliceRequest,
): Promise<ReadResult | 'replaced' | undefined> {
  failIfDamaged(state, segment, request.fromOffset);
  try {
    let position = state.cursors?.positionOf(request.fromOffset, segment) ?? -1;
    const isExact = position >= 0;
    if (!isExact) {
      await ensureIndexes(state, segment);
      position = segment.positionFor(request.fromOffset);
    }
    return await withFile(state, segment, async (file) => {
      const at = isExact ? position : await locate(state, segment, file, position, request.fromOffset);
      return at < 0 ? undefined : readAt(state, segment, file, at, request);
    });
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    if (isAbsent(error) && !state.segments.includes(segment)) {
      if (request.fromOffset >= state.logStartOffset && !state.removed) return 'replaced';
      throw new KafkaError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `offset ${request.fromOffset} has just been removed from ${state.directoryName}`,
      );
    }
    throw storageError(
      `cannot read ${state.directoryName} at offset ${request.fromOffset}: ${String(error)}`,
    );
  }
}

function failIfDamaged(state: LogState, segment: Segment, offset: number): void {
  const damage = segment.damages?.find((each) => offset >= each.fromOffset && offset < each.toOffset);
  if (damage !== undefined) throw corrupt(state, damage.fromOffset, damage.toOffset);
}

function corrupt(state: LogState, fromOffset: number, toOffset?: number): KafkaError {
  const until = toOffset === undefined ? '' : ` to ${toOffset - 1}`;
  const where = `${state.directoryName} is damaged at offset ${fromOffset}${until}`;
  return new KafkaError(
    ErrorCode.CORRUPT_MESSAGE,
    `${where}: read on behind it, or restore the segment from a replica or backup`,
  );
}

/** Steps from batch to batch to the one that holds the offset or follows it. -1 when the segment ends before. */
async function locate(
  state: LogState,
  segment: Segment,
  file: DiskFile,
  from: number,
  offset: number,
): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(LOCATE_BYTES, segment.writtenBytes - from));
  let start = from;
  let position = from;
  let bytes = buffer.subarray(0, await file.read(buffer, start));
  while (position + HEADER_BYTES <= segment.writtenBytes) {
    if (position - start + HEADER_BYTES > bytes.length) {
      start = position;
      bytes = buffer.subarray(0, await file.read(buffer, start));
      if (bytes.length < HEADER_BYTES) return -1;
    }
    if (!isHeaderPlausible(bytes, position - start)) throw corrupt(state, offset);
    if (batchNextOffsetAt(bytes, position - start) > offset) return position;
    position += batchSizeAt(bytes, position - start);
  }
  return -1;
}

async function readAt(
  state: LogState,
  segment: Segment,
  file: DiskFile,
  position: number,
  request: SliceRequest,
): Promise<ReadResult | undefined> {
  const availableBytes = segment.writtenBytes - position;
  if (availableBytes < HEADER_BYTES) return undefined;
  let wantedBytes = Math.min(availableBytes, Math.max(request.maxBytes, MINIMUM_READ_BYTES));
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(wantedBytes);
    const bytes = buffer.subarray(0, await file.read(buffer, position));
    const slice = sliceBatches(bytes, 0, request);
    if (slice.start >= 0) {
      state.cursors ??= new ReadCursors();
      state.cursors.remember(slice.nextOffset, segment, position + slice.end);
      const chunk = bytes.subarray(slice.start, slice.end);
      // A small answer must not keep a large buffer.
      const chunks = [chunk.length * 2 < wantedBytes ? Buffer.from(chunk) : chunk];
      return {
        chunks,
        firstOffset: slice.firstOffset,
        nextOffset: slice.nextOffset,
        sizeBytes: chunk.length,
      };
    }
    if (slice.stop === 'invalid') throw corrupt(state, request.fromOffset);
    if (slice.stop === 'limit') return nothing(request.fromOffset);
    const neededBytes = slice.stoppedAt + slice.neededBytes;
    if (slice.stop === 'end' || neededBytes <= wantedBytes || neededBytes > availableBytes) return undefined;
    wantedBytes = neededBytes;
  }
}
