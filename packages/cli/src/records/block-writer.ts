// Bytes and texts, put together in large blocks on their way to a stream: a write for each record would cost more than the record.
//
// Invariant: a block that was given to the stream is not written to again.

import { once } from 'node:events';
import type { Writable } from 'node:stream';

const BLOCK_BYTES = 256 * 1024;
/** Of UTF-8, for one unit of a text. */
const MAX_UNIT_BYTES = 3;

export class BlockWriter {
  readonly #stream: Writable;
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** What is in the block from here on has not been given to the stream. */
  #start = 0;
  #position = 0;
  #isFull = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > this.#block.length - this.#position && !this.#makeRoom(length)) {
      this.#give(bytes);
      return;
    }
    this.#block.set(bytes, this.#position);
    this.#position += length;
  }

  byte(byte: number): void {
    if (this.#position === this.#block.length) this.#makeRoom(1);
    this.#block[this.#position++] = byte;
  }

  text(text: string): void {
    const most = text.length * MAX_UNIT_BYTES;
    if (most > this.#block.length - this.#position && !this.#makeRoom(most)) {
      this.#give(Buffer.from(text));
      return;
    }
    this.#position += this.#block.write(text, this.#position, 'utf8');
  }

  /** The stream has more than it wants: await drained() soon. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Gives the stream what there is. */
  flush(): void {
    if (this.#position === this.#start) return;
    this.#give(this.#block.subarray(this.#start, this.#position));
    this.#start = this.#position;
  }

  async drained(): Promise<void> {
    if (this.#isFull) await once(this.#stream, 'drain');
    this.#isFull = false;
  }

  /** False: so much does not fit into any block; what there was is on its way. */
  #makeRoom(bytes: number): boolean {
    this.flush();
    if (bytes > BLOCK_BYTES) return false;
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#start = 0;
    this.#position = 0;
    return true;
  }

  #give(bytes: Uint8Array): void {
    if (!this.#stream.write(bytes)) this.#isFull = true;
  }
}
