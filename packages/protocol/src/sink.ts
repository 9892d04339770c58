// Owns the scratch buffer into which messages are encoded, and the list of large fields that are not copied into it.
// Encoding is synchronous and never nests, so one sink serves all messages. Nothing handed out refers to the scratch.

/** Fields of at least this size travel as views of what the caller gave; smaller ones are cheaper to copy. */
const VIEW_BYTES = 1024;
const INITIAL_BYTES = 16 * 1024;
/** A larger scratch is let go after the message that needed it. */
const KEPT_BYTES = 1024 * 1024;

export class Sink {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Scratch offset and what stands there, in turns. */
  readonly #viewOffsets: number[] = [];
  readonly #views: Uint8Array[] = [];
  #viewBytes = 0;

  /** Starts a message that leaves `headroomBytes` free. */
  begin(headroomBytes: number): void {
    this.#viewOffsets.length = 0;
    this.#views.length = 0;
    this.#viewBytes = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (headroomBytes > this.buffer.length) this.grow(0, headroomBytes);
  }

  /** A scratch with room for `neededBytes` at `offset`, with all that was written before. */
  grow(offset: number, neededBytes: number): Buffer {
    if (offset + neededBytes <= this.buffer.length) return this.buffer;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, offset + neededBytes));
    this.buffer.copy(larger, 0, 0, offset);
    this.buffer = larger;
    return larger;
  }

  /** Puts one run of bytes at `offset`: as a view when it is large and may be one. Returns the offset behind it. */
  putBytes(offset: number, bytes: Uint8Array, mayBeView: boolean): number {
    if (mayBeView && bytes.length >= VIEW_BYTES) {
      this.#viewOffsets.push(offset);
      this.#views.push(bytes);
      this.#viewBytes += bytes.length;
      return offset;
    }
    this.grow(offset, bytes.length).set(bytes, offset);
    return offset + bytes.length;
  }

  /** Writes the size of the tagged field that began at `start` with a byte left free for it. */
  closeTagged(start: number, offset: number): number {
    const sizeBytes = offset - start - 1;
    if (sizeBytes < 0x80) {
      this.buffer[start] = sizeBytes;
      return offset;
    }
    const moreBytes = varintSizeBytes(sizeBytes) - 1;
    const buffer = this.grow(offset, moreBytes);
    buffer.copyWithin(start + 1 + moreBytes, start + 1, offset);
    putVarint(buffer, start, sizeBytes);
    return offset + moreBytes;
  }

  /** The message as one buffer of its own. */
  toBuffer(endOffset: number): Buffer {
    const whole = Buffer.allocUnsafe(endOffset + this.#viewBytes);
    let from = 0;
    let to = 0;
    for (const [i, view] of this.#views.entries()) {
      const offset = this.#viewOffsets[i]!;
      to += this.buffer.copy(whole, to, from, offset);
      whole.set(view, to);
      to += view.length;
      from = offset;
    }
    this.buffer.copy(whole, to, from, endOffset);
    this.#views.length = 0;
    return whole;
  }

  /** The message as a list, in which large fields are views. */
  toChunks(endOffset: number): Uint8Array[] {
    const written = Buffer.allocUnsafe(endOffset);
    this.buffer.copy(written, 0, 0, endOffset);
    if (this.#views.length === 0) return [written];
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (const [i, view] of this.#views.entries()) {
      const offset = this.#viewOffsets[i]!;
      if (offset > from) chunks.push(written.subarray(from, offset));
      chunks.push(view);
      from = offset;
    }
    if (endOffset > from) chunks.push(written.subarray(from));
    this.#views.length = 0;
    return chunks;
  }
}

export function varintSizeBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes an unsigned varint of up to 32 bits; returns the offset behind it. */
export function putVarint(buffer: Buffer, offset: number, value: number): number {
  let rest = value;
  let position = offset;
  while (rest > 0x7f) {
    buffer[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[position++] = rest;
  return position;
}
