// Bytes and texts, put together in large blocks on their way to a stream: a write for each record would cost more than the record.
//
// Invariant: a block that was given to the stream is not written to before the stream is done with it. Streams in memory never are, for they hand on
// what they were given.

import { once } from 'node:events';
import type { Writable } from 'node:stream';

const BLOCK_BYTES = 256 * 1024;
/** Of UTF-8, for one unit of a text. */
const MAX_UNIT_BYTES = 3;

export class BlockWriter {
  readonly #stream: Writable;
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** What is in the block from here on has not been given to the stream. */
  #start = 0;
  #position = 0;
  /** Where the record begins that is being written. */
  #mark = 0;
  #isFull = false;
  /** Undefined: blocks are not used again. */
  readonly #free: Buffer[] | undefined;
  /** Writes of the current block that are not done. */
  #users: BlockUsers = { block: this.#block, count: 0, isLeft: false };

  constructor(stream: Writable) {
    this.#stream = stream;
    // The kernel has copied what was written to a file descriptor.
    if ((stream as { readonly fd?: number }).fd !== undefined) this.#free = [];
  }

  /** A record begins. */
  begin(): void {
    this.#mark = this.#position;
  }

  /** Nothing is written of the record that began last. */
  takeBack(): void {
    this.#position = this.#mark;
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
    if (this.#position < this.#block.length || this.#makeRoom(1)) this.#block[this.#position++] = byte;
    else this.#give(Buffer.of(byte));
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

  /** Gives the stream what there is: records are whole. */
  flush(): void {
    this.#giveBefore(this.#position);
    this.#mark = this.#position;
  }

  async drained(): Promise<void> {
    if (this.#isFull) await once(this.#stream, 'drain');
    this.#isFull = false;
  }

  /** False: so much does not fit into any block; what there was is on its way. */
  #makeRoom(bytes: number): boolean {
    const begun = this.#block.subarray(this.#mark, this.#position);
    if (begun.length + bytes > BLOCK_BYTES) {
      this.flush();
      return false;
    }
    this.#giveBefore(this.#mark);
    const users = this.#users;
    this.#block = this.#free?.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#block.set(begun);
    this.#users = { block: this.#block, count: 0, isLeft: false };
    this.#start = 0;
    this.#mark = 0;
    this.#position = begun.length;
    users.isLeft = true;
    this.#release(users);
    return true;
  }

  #giveBefore(position: number): void {
    if (position <= this.#start) return;
    const users = this.#users;
    users.count++;
    this.#give(this.#block.subarray(this.#start, position), () => {
      users.count--;
      this.#release(users);
    });
    this.#start = position;
  }

  #release({ block, count, isLeft }: BlockUsers): void {
    if (count === 0 && isLeft) this.#free?.push(block);
  }

  #give(bytes: Uint8Array, done?: () => void): void {
    if (!this.#stream.write(bytes, done)) this.#isFull = true;
  }
}

interface BlockUsers {
  readonly block: Buffer;
  count: number;
  /** Nothing more goes into it. */
  isLeft: boolean;
}
