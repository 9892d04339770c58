// Writes records of magic 2 straight into blocks, one behind the other. Texts are encoded in place; what is large stands as a chunk of its own, uncopied.
//
// Invariants: the bytes are `chunks` and then the block's bytes from `#start` to `#position`, and the first 61 of them are left free for the batch's
// header. A block is written from its beginning to its end and never moved.

import { BATCH_OVERHEAD } from '@moldau/protocol';
import { type Blocks, LARGE_BLOCK_BYTES, SMALL_BLOCK_BYTES } from './blocks.ts';
import type { Lines } from './lines.ts';
import { utf8Bytes, varintBytes, varlongBytes, writeText, writeVarint, writeVarlong } from './wire.ts';

/** Keys and values of at least this size are never copied. */
export const UNCOPIED_BYTES = 2 * 1024;
/** Of a record, without key, value and headers: at most. */
const FRAMING_BYTES = 32;

/** The size of a key that is not there. */
const NULL = 1;

type Part = Uint8Array | string | null;

export class BatchWriter {
  readonly #blocks: Blocks;
  readonly #taken: Buffer[] = [];
  readonly #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #memoryBytes: number;
  #block: Buffer;
  #start = 0;
  #position = BATCH_OVERHEAD;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  #recordCount = 0;

  constructor(blocks: Blocks, isLarge: boolean) {
    this.#blocks = blocks;
    this.#block = blocks.take(isLarge);
    this.#taken.push(this.#block);
    this.#memoryBytes = this.#block.length;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  get baseTimestamp(): number {
    return this.#baseTimestamp;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** What it holds of memory, blocks that are not full included. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Of the batch so far, with its header. */
  get sizeBytes(): number {
    return this.#chunkBytes + this.#position - this.#start;
  }

  /** `headers` are encoded, with their count. */
  append(key: Part, value: Part, headers: Uint8Array | undefined, timestampMs: number): void {
    if (this.#recordCount === 0) {
      this.#baseTimestamp = timestampMs;
      this.#maxTimestamp = timestampMs;
    } else if (timestampMs > this.#maxTimestamp) {
      this.#maxTimestamp = timestampMs;
    }
    // Nearly every text is ASCII: it is written as if it were, and once more if it is not.
    const sizeBytes = (key?.length ?? 0) + (value?.length ?? 0);
    if (sizeBytes >= UNCOPIED_BYTES) this.#appendLarge(key, value, headers, timestampMs);
    else if (!this.#appendSmall(key, key?.length ?? 0, value, value?.length ?? 0, headers, timestampMs))
      this.#appendSmall(key, partBytes(key), value, partBytes(value), headers, timestampMs);
    this.#recordCount++;
  }

  /** The next lines, as values and nothing else, while the batch has no more than `limitBytes` with them. Their time is that of its last record. */
  appendLines(lines: Lines, timestampMs: number, limitBytes: number): void {
    const timestampDelta = timestampMs - this.#baseTimestamp;
    const fixedBytes = 1 + varlongBytes(timestampDelta) + 2;
    while (!lines.isAtEnd) {
      const { end } = lines;
      const valueBytes = end - lines.position;
      if (valueBytes >= UNCOPIED_BYTES || this.sizeBytes + FRAMING_BYTES + valueBytes > limitBytes) return;
      this.#room(FRAMING_BYTES + valueBytes);
      const block = this.#block;
      const bodyBytes = fixedBytes + varintBytes(this.#recordCount) + varintBytes(valueBytes) + valueBytes;
      let position = writeVarint(block, bodyBytes, this.#position);
      block[position++] = 0;
      position = writeVarlong(block, timestampDelta, position);
      position = writeVarint(block, this.#recordCount, position);
      block[position++] = NULL;
      position = writeVarint(block, valueBytes, position);
      lines.bytes.copy(block, position, lines.position, end);
      position += valueBytes;
      block[position++] = 0;
      this.#position = position;
      this.#recordCount++;
      lines.position = end + 1;
    }
  }

  /** All of it, the header's place first; nothing is appended after that. */
  finish(): Uint8Array[] {
    this.#endChunk();
    return this.#chunks;
  }

  /** Gives the blocks back: nobody reads the chunks any more. */
  release(): void {
    for (const block of this.#taken) this.#blocks.give(block);
    this.#taken.length = 0;
  }

  /** False, and nothing is appended, when a text has more bytes than was said. */
  #appendSmall(
    key: Part,
    keyBytes: number,
    value: Part,
    valueBytes: number,
    headers: Uint8Array | undefined,
    timestampMs: number,
  ): boolean {
    const headersBytes = headers?.length ?? 1;
    if (this.#block.length - this.#position < FRAMING_BYTES + keyBytes + valueBytes + headersBytes)
      this.#nextBlock(FRAMING_BYTES + keyBytes + valueBytes + headersBytes);
    const block = this.#block;
    const timestampDelta = timestampMs - this.#baseTimestamp;
    const bodyBytes =
      1 +
      varlongBytes(timestampDelta) +
      varintBytes(this.#recordCount) +
      (key === null ? 1 : varintBytes(keyBytes) + keyBytes) +
      (value === null ? 1 : varintBytes(valueBytes) + valueBytes) +
      headersBytes;
    let position = writeVarint(block, bodyBytes, this.#position);
    block[position++] = 0;
    position = writeVarlong(block, timestampDelta, position);
    position = writeVarint(block, this.#recordCount, position);
    position = writePart(block, key, keyBytes, position);
    if (position < 0) return false;
    position = writePart(block, value, valueBytes, position);
    if (position < 0) return false;
    if (headers === undefined) block[position++] = 0;
    else {
      block.set(headers, position);
      position += headersBytes;
    }
    this.#position = position;
    return true;
  }

  #appendLarge(key: Part, value: Part, headers: Uint8Array | undefined, timestampMs: number): void {
    const keyPart = typeof key === 'string' ? Buffer.from(key) : key;
    const valuePart = typeof value === 'string' ? Buffer.from(value) : value;
    const headersBytes = headers?.length ?? 1;
    const timestampDelta = timestampMs - this.#baseTimestamp;
    const bodyBytes =
      1 +
      varlongBytes(timestampDelta) +
      varintBytes(this.#recordCount) +
      sizedBytes(keyPart) +
      sizedBytes(valuePart) +
      headersBytes;
    this.#room(FRAMING_BYTES);
    let position = writeVarint(this.#block, bodyBytes, this.#position);
    this.#block[position++] = 0;
    position = writeVarlong(this.#block, timestampDelta, position);
    this.#position = writeVarint(this.#block, this.#recordCount, position);
    this.#putSized(keyPart);
    this.#putSized(valuePart);
    if (headers !== undefined) this.#put(headers, true);
    else {
      this.#room(1);
      this.#block[this.#position++] = 0;
    }
  }

  #putSized(part: Uint8Array | null): void {
    this.#room(5);
    this.#position = writeVarint(this.#block, part === null ? -1 : part.length, this.#position);
    if (part !== null) this.#put(part, false);
  }

  #put(bytes: Uint8Array, mustCopy: boolean): void {
    if (bytes.length >= UNCOPIED_BYTES) {
      this.#endChunk();
      this.#chunks.push(mustCopy ? Buffer.from(bytes) : bytes);
      this.#chunkBytes += bytes.length;
      this.#memoryBytes += bytes.length;
      return;
    }
    this.#room(bytes.length);
    this.#block.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  #room(neededBytes: number): void {
    if (this.#block.length - this.#position < neededBytes) this.#nextBlock(neededBytes);
  }

  #nextBlock(neededBytes: number): void {
    this.#endChunk();
    if (neededBytes > LARGE_BLOCK_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(neededBytes);
    } else {
      // Behind large chunks there are but a few bytes more.
      const isLarge = this.#chunkBytes < LARGE_BLOCK_BYTES || neededBytes > SMALL_BLOCK_BYTES;
      this.#block = this.#blocks.take(isLarge);
      this.#taken.push(this.#block);
    }
    this.#memoryBytes += this.#block.length;
    this.#start = 0;
    this.#position = 0;
  }

  #endChunk(): void {
    if (this.#position === this.#start) return;
    this.#chunks.push(this.#block.subarray(this.#start, this.#position));
    this.#chunkBytes += this.#position - this.#start;
    this.#start = this.#position;
  }
}

function partBytes(part: Part): number {
  if (part === null) return 0;
  return typeof part === 'string' ? utf8Bytes(part) : part.length;
}

function sizedBytes(part: Uint8Array | null): number {
  return part === null ? 1 : varintBytes(part.length) + part.length;
}

/** Returns the position behind it; -1 when a text is not of the size that was said. */
function writePart(block: Buffer, part: Part, sizeBytes: number, start: number): number {
  if (part === null) {
    block[start] = NULL;
    return start + 1;
  }
  const position = writeVarint(block, sizeBytes, start);
  const end = position + sizeBytes;
  if (typeof part === 'string') return writeText(block, part, position) === end ? end : -1;
  block.set(part, position);
  return end;
}
