// The sparse index from offsets to positions in one segment, held as the very bytes of Kafka's .index file:
// entries of int32 (offset - base offset) and int32 position, both strictly rising. An entry names the last offset of a batch and
// where that batch starts, so a search goes to the greatest entry not above its target and scans on from there.

import assert from 'node:assert';

const ENTRY_BYTES = 8;
const NONE: Buffer = Buffer.alloc(0);

export class OffsetIndex {
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

  /** Bytes of memory held, which may be more than sizeBytes while the index grows. */
  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** Of the last entry; -1 when there is none. */
  get lastOffset(): number {
    return this.#count === 0 ? -1 : this.offsetAt(this.#count - 1);
  }

  /** Of the last entry; 0 when there is none. */
  get lastPosition(): number {
    return this.#count === 0 ? 0 : this.positionAt(this.#count - 1);
  }

  offsetAt(entry: number): number {
    return this.baseOffset + this.#bytes.readInt32BE(entry * ENTRY_BYTES);
  }

  positionAt(entry: number): number {
    return this.#bytes.readInt32BE(entry * ENTRY_BYTES + 4);
  }

  isFull(maxSizeBytes: number): boolean {
    return this.#count >= Math.floor(maxSizeBytes / ENTRY_BYTES);
  }

  append(offset: number, position: number): void {
    const at = this.#count * ENTRY_BYTES;
    assert(this.#count === 0 || offset > this.lastOffset, 'offset index entries rise');
    if (at === this.#bytes.length) this.#grow();
    this.#bytes.writeInt32BE(offset - this.baseOffset, at);
    this.#bytes.writeInt32BE(position, at + 4);
    this.#count += 1;
  }

  /** Number of entries whose offset is at most `offset`. */
  countUpTo(offset: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsetAt(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Of the first entry at `offset` or above it; undefined when there is none. */
  firstOffsetFrom(offset: number): number | undefined {
    const entry = this.countUpTo(offset - 1);
    return entry < this.#count ? this.offsetAt(entry) : undefined;
  }

  /** The highest position known that is not above this one. */
  positionUpTo(position: number): number {
    let found = 0;
    for (let at = this.#count - 1; at >= 0 && found === 0; at -= 1)
      if (this.positionAt(at) <= position) found = this.positionAt(at);
    return found;
  }

  /** Where to start scanning for `offset`; 0 when the index says nothing. */
  lookup(offset: number): number {
    const count = this.countUpTo(offset);
    return count === 0 ? 0 : this.positionAt(count - 1);
  }

  /** Drops the entries of batches that end at `offset` or above it. */
  truncateTo(offset: number): void {
    this.#count = this.countUpTo(offset - 1);
  }

  /** The file's content. A view: valid until the next append or truncation. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  /** Gives back the room kept for growing. */
  trim(): void {
    if (this.#bytes.length > this.sizeBytes) this.#bytes = Buffer.from(this.bytes());
  }

  /** Whether entries rise and stay inside a segment of this many bytes: a cheap test for a file of unknown past. */
  isSane(segmentSizeBytes: number): boolean {
    for (let entry = 0; entry < this.#count; entry++) {
      const offset = this.offsetAt(entry);
      const position = this.positionAt(entry);
      if (offset < this.baseOffset || position < 0 || position >= segmentSizeBytes) return false;
      if (entry > 0 && (offset <= this.offsetAt(entry - 1) || position <= this.positionAt(entry - 1)))
        return false;
    }
    return true;
  }

  #grow(): void {
    const larger = Buffer.alloc(Math.max(8 * ENTRY_BYTES, this.#bytes.length * 2));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
