// Cuts a stream of bytes only where a chunk ends in the middle of a line: what it gives are blocks of whole lines, each with its delimiter.
//
// Invariant: blocks are views of the chunks they came in, so chunks must not be written to again.

import type { Splitter } from './inputs.ts';

export class BlockSplitter implements Splitter {
  readonly #delimiter: number;
  /** Of the line that has not ended yet. */
  #pieces: Buffer[] = [];

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  *lines(chunk: Buffer): Generator<Buffer, void> {
    const end = chunk.lastIndexOf(this.#delimiter) + 1;
    let start = 0;
    if (end > 0 && this.#pieces.length > 0) {
      start = chunk.indexOf(this.#delimiter) + 1;
      yield this.#joined(chunk.subarray(0, start));
    }
    if (start < end) yield chunk.subarray(start, end);
    if (end < chunk.length) this.#pieces.push(chunk.subarray(end));
  }

  /** The last line, if it has no delimiter. */
  rest(): Buffer | undefined {
    return this.#pieces.length === 0 ? undefined : this.#joined(Buffer.alloc(0));
  }

  #joined(end: Buffer): Buffer {
    const line = Buffer.concat([...this.#pieces, end]);
    this.#pieces = [];
    return line;
  }
}
