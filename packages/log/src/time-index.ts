// The sparse index from timestamps to offsets in one segment, held as the very bytes of Kafka's .timeindex file: entries of int64
// timestamp and int32 (offset - base offset). An entry says: no record before or in the batch that ends at this offset is younger
// than this timestamp. Timestamps strictly rise, offsets never fall.

import { readInt64, writeInt64 } from './int64.ts';

const ENTRY_BYTES = 12;
const NONE: Buffer = Buffer.alloc(0);

export class TimeIndex {
  readonly baseOffset: number;
  #bytes: Buffer;
  #count: number;

  /** `bytes` are a file's content (whole entries; what is beyond the last whole one is ignored). */
  constructor(baseOffset: number, bytes: Buffer = NONE) {
    this.baseOffset = baseOffset;
    this.#bytes = bytes;
    this.#count = Math.floor(bytes.length / ENTRY_BYTES);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#count * ENTRY_BYTES;
  }

  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** Milliseconds; -1 when there is no entry. */
  get lastTimestampMs(): number {
    return this.#count === 0 ? -1 : this.timestampAt(this.#count - 1);
  }

  get lastOffset(): number {
    return this.#count === 0 ? this.baseOffset : this.offsetAt(this.#count - 1);
  }

  timestampAt(entry: number): number {
    return readInt64(this.#bytes, entry * ENTRY_BYTES);
  }

  offsetAt(entry: number): number {
    return this.baseOffset + this.#bytes.readInt32BE(entry * ENTRY_BYTES + 8);
  }

  /** One entry is kept free for the one that closing the segment may add. */
  isFull(maxSizeBytes: number): boolean {
    return this.#count >= Math.floor(maxSizeBytes / ENTRY_BYTES) - 1;
  }

  /** Does nothing when the timestamp is not above the last one. */
  maybeAppend(timestampMs: number, offset: number): void {
    if (timestampMs <= this.lastTimestampMs || timestampMs < 0) return;
    const at = this.#count * ENTRY_BYTES;
    if (at === this.#bytes.length) this.#grow();
    writeInt64(this.#bytes, timestampMs, at);
    this.#bytes.writeInt32BE(offset - this.baseOffset, at + 8);
    this.#count += 1;
  }

  /** An offset before which no record is as young as timestampMs or younger; the base offset when the index says nothing. */
  lookup(timestampMs: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestampAt(middle) < timestampMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.baseOffset : this.offsetAt(low - 1);
  }

  /** Drops the entries of batches that end at `offset` or above it. */
  truncateTo(offset: number): void {
    while (this.#count > 0 && this.offsetAt(this.#count - 1) >= offset) this.#count -= 1;
  }

  /** The file's content. A view: valid until the next append or truncation. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  trim(): void {
    if (this.#bytes.length > this.sizeBytes) this.#bytes = Buffer.from(this.bytes());
  }

  isSane(): boolean {
    for (let entry = 0; entry < this.#count; entry++) {
      if (this.offsetAt(entry) < this.baseOffset) return false;
      if (entry === 0) continue;
      if (
        this.timestampAt(entry) <= this.timestampAt(entry - 1) ||
        this.offsetAt(entry) < this.offsetAt(entry - 1)
      ) {
        return false;
      }
    }
    return true;
  }

  #grow(): void {
    const larger = Buffer.alloc(Math.max(8 * ENTRY_BYTES, this.#bytes.length * 2));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
