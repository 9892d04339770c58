// Walking from batch to batch by their headers alone, over bytes in memory. This is the only code that steps through stored
// batches, so it believes nothing: a size that cannot be ends the walk.

import { readInt64 } from './int64.ts';

export const HEADER_BYTES = 61;
/** Bytes before the ones that the length field counts. */
export const LENGTH_OVERHEAD_BYTES = 12;
const LENGTH_POSITION = 8;
const MAGIC_POSITION = 16;
const LAST_OFFSET_DELTA_POSITION = 23;

export function batchSizeAt(bytes: Buffer, position: number): number {
  return LENGTH_OVERHEAD_BYTES + bytes.readInt32BE(position + LENGTH_POSITION);
}

export function batchBaseOffsetAt(bytes: Buffer, position: number): number {
  return readInt64(bytes, position);
}

/** The offset after the batch's last one. */
export function batchNextOffsetAt(bytes: Buffer, position: number): number {
  return readInt64(bytes, position) + bytes.readInt32BE(position + LAST_OFFSET_DELTA_POSITION) + 1;
}

/** Whether a batch's header could stand here; needs its 61 bytes. */
export function isHeaderPlausible(bytes: Buffer, position: number): boolean {
  return (
    bytes[position + MAGIC_POSITION] === 2 &&
    bytes.readInt32BE(position + LENGTH_POSITION) >= HEADER_BYTES - LENGTH_OVERHEAD_BYTES &&
    bytes.readInt32BE(position + LAST_OFFSET_DELTA_POSITION) >= 0
  );
}

export interface SliceRequest {
  /** Batches that end at or below it are skipped. */
  readonly fromOffset: number;
  /** A batch that reaches beyond it ends the slice. */
  readonly upToOffset: number;
  readonly maxBytes: number;
  /** Take the first batch whatever its size. */
  readonly minOneBatch: boolean;
}

/** What a walk found: bytes [start, end) of the buffer are whole batches. */
export interface Slice {
  start: number;
  end: number;
  firstOffset: number;
  nextOffset: number;
  /**
   * Why the walk ended. 'limit': the next batch is over maxBytes or upToOffset. 'end': the buffer ended at a batch's border.
   * 'partial': it ended within a batch, whose size is `neededBytes` (61 when not even its header is there). 'invalid': no batch stands at `stoppedAt`.
   */
  stop: 'limit' | 'end' | 'partial' | 'invalid';
  stoppedAt: number;
  neededBytes: number;
}

/** Finds the first batch that holds fromOffset (or the next one after it) and goes on as far as the request allows. */
export function sliceBatches(bytes: Buffer, from: number, request: SliceRequest): Slice {
  const slice: Slice = {
    start: -1,
    end: -1,
    firstOffset: -1,
    nextOffset: -1,
    stop: 'end',
    stoppedAt: from,
    neededBytes: 0,
  };
  let position = from;
  while (position < bytes.length) {
    slice.stoppedAt = position;
    if (position + HEADER_BYTES > bytes.length) return ended(slice, 'partial', HEADER_BYTES);
    if (!isHeaderPlausible(bytes, position)) return ended(slice, 'invalid', 0);
    const size = batchSizeAt(bytes, position);
    const nextOffset = batchNextOffsetAt(bytes, position);
    if (nextOffset > request.fromOffset) {
      if (nextOffset > request.upToOffset) return ended(slice, 'limit', size);
      const taken = slice.start < 0 ? 0 : position - slice.start;
      if (taken + size > request.maxBytes && !(taken === 0 && request.minOneBatch))
        return ended(slice, 'limit', size);
      if (position + size > bytes.length) return ended(slice, 'partial', size);
      if (slice.start < 0) {
        slice.start = position;
        slice.firstOffset = batchBaseOffsetAt(bytes, position);
      }
      slice.nextOffset = nextOffset;
      slice.end = position + size;
    }
    position += size;
    slice.stoppedAt = position;
  }
  return ended(slice, position === bytes.length ? 'end' : 'partial', HEADER_BYTES);
}

function ended(slice: Slice, stop: Slice['stop'], neededBytes: number): Slice {
  slice.stop = stop;
  slice.neededBytes = neededBytes;
  return slice;
}
