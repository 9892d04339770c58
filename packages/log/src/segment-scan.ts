// Reading a segment's file from front to back, batch by batch, in large pieces: for recovery, for building indexes again and for
// finding records by time.

import type { DiskFile } from '@moldau/io';
import { RecordBatch } from '@moldau/protocol';
import { batchNextOffsetAt, batchSizeAt, HEADER_BYTES, isHeaderPlausible } from './batch-walk.ts';
import { readInt64 } from './int64.ts';

const PIECE_BYTES = 1024 * 1024;
const MAGIC_POSITION = 16;
const MAGIC_2 = 2;
/** How far behind damage a next batch is looked for. */
const SEARCH_BYTES = 64 * 1024 * 1024;

export interface ScanOptions {
  readonly from: number;
  /** The file's size, or where to stop. */
  readonly to: number;
  /** Batches must start at this offset or above it. */
  readonly minOffset: number;
  readonly checkCrc: boolean;
  /** Called for each good batch; false ends the scan. The batch's bytes are valid during the call only. */
  visit(batch: RecordBatch, position: number): boolean | undefined;
}

export interface ScanResult {
  /** 'end': all bytes are whole batches (or the visitor had enough). 'torn': the last batch is cut off. 'invalid': no batch stands at endPosition. */
  readonly stop: 'end' | 'torn' | 'invalid';
  readonly endPosition: number;
  /** After the last good batch; minOffset when there was none. */
  readonly nextOffset: number;
}

/** A window over a file that moves forward. */
class Pieces {
  readonly #file: DiskFile;
  readonly #to: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: DiskFile, to: number) {
    this.#file = file;
    this.#to = to;
  }

  /** At least `count` bytes from a position, as [buffer, position in it]; fewer only at the end. */
  async at(position: number, count: number): Promise<{ bytes: Buffer; at: number }> {
    if (position < this.#start || position + count > this.#start + this.#bytes.length)
      await this.#load(position, count);
    return { bytes: this.#bytes, at: position - this.#start };
  }

  has(position: number, count: number): boolean {
    return position >= this.#start && position + count <= this.#start + this.#bytes.length;
  }

  async #load(position: number, count: number): Promise<void> {
    const sizeBytes = Math.min(Math.max(count, PIECE_BYTES), Math.max(0, this.#to - position));
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    const read = await this.#file.read(bytes, position);
    this.#bytes = bytes.subarray(0, read);
    this.#start = position;
  }
}

export async function scanSegment(file: DiskFile, options: ScanOptions): Promise<ScanResult> {
  const { to, checkCrc, visit } = options;
  const pieces = new Pieces(file, to);
  let position = options.from;
  let nextOffset = options.minOffset;
  while (position < to) {
    let { bytes, at } = await pieces.at(position, HEADER_BYTES);
    if (at + HEADER_BYTES > bytes.length) return { stop: 'torn', endPosition: position, nextOffset };
    if (!isHeaderPlausible(bytes, at)) return { stop: 'invalid', endPosition: position, nextOffset };
    const size = batchSizeAt(bytes, at);
    const batchNextOffset = batchNextOffsetAt(bytes, at);
    if (readInt64(bytes, at) < nextOffset) return { stop: 'invalid', endPosition: position, nextOffset };
    if (position + size > to) return { stop: 'torn', endPosition: position, nextOffset };
    if (at + size > bytes.length) ({ bytes, at } = await pieces.at(position, size));
    if (at + size > bytes.length) return { stop: 'torn', endPosition: position, nextOffset };
    const batch = new RecordBatch(bytes, at);
    if (checkCrc && !batch.isCrcValid()) return { stop: 'invalid', endPosition: position, nextOffset };
    if (visit(batch, position) === false) return { stop: 'end', endPosition: position, nextOffset };
    position += size;
    nextOffset = batchNextOffset;
  }
  return { stop: 'end', endPosition: position, nextOffset };
}

export interface FoundBatch {
  readonly position: number;
  readonly baseOffset: number;
}

/** The next whole batch with a right checksum behind damage, at minOffset or above it. undefined when there is none within 64 MiB. */
export async function findBatch(
  file: DiskFile,
  from: number,
  to: number,
  minOffset: number,
): Promise<FoundBatch | undefined> {
  const pieces = new Pieces(file, to);
  let position = from;
  const end = Math.min(to - HEADER_BYTES, from + SEARCH_BYTES);
  while (position <= end) {
    const { bytes, at } = await pieces.at(position, HEADER_BYTES);
    const magicAt = bytes.indexOf(MAGIC_2, at + MAGIC_POSITION);
    const candidateAt = magicAt - MAGIC_POSITION;
    if (magicAt < 0 || candidateAt + HEADER_BYTES > bytes.length) {
      const seen = magicAt < 0 ? bytes.length - MAGIC_POSITION : candidateAt;
      position += Math.max(1, seen - at);
      continue;
    }
    position += candidateAt - at;
    const found = await checkCandidate(pieces, position, to, minOffset);
    if (found !== undefined) return found;
    position += 1;
  }
  return undefined;
}

async function checkCandidate(
  pieces: Pieces,
  position: number,
  to: number,
  minOffset: number,
): Promise<FoundBatch | undefined> {
  const { bytes, at } = await pieces.at(position, HEADER_BYTES);
  if (at + HEADER_BYTES > bytes.length || !isHeaderPlausible(bytes, at)) return undefined;
  const baseOffset = readInt64(bytes, at);
  const size = batchSizeAt(bytes, at);
  if (baseOffset < minOffset || baseOffset - minOffset > 0x7fff_ffff || position + size > to)
    return undefined;
  const whole = await pieces.at(position, size);
  if (whole.at + size > whole.bytes.length) return undefined;
  return new RecordBatch(whole.bytes, whole.at).isCrcValid() ? { position, baseOffset } : undefined;
}
