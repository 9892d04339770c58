// Cuts a stream of bytes at a delimiter. What a chunk ends in the middle of waits for the next ones, and is put together once.
//
// Invariant: lines are views of the chunks they came in, so chunks must not be written to again.

export class LineSplitter {
  readonly #delimiter: Buffer;
  /** Of the line that has not ended yet. */
  #pieces: Buffer[] = [];
  readonly #maxBytes: number;
  #waitingBytes = 0;

  constructor(delimiter: Buffer, maxBytes = Number.POSITIVE_INFINITY) {
    this.#delimiter = delimiter;
    this.#maxBytes = maxBytes;
  }

  /** Those that end in this chunk. @throws RangeError for a line that has no end within maxBytes */
  *lines(given: Buffer): Generator<Buffer, void> {
    const delimiter = this.#delimiter;
    let chunk = given;
    if (delimiter.length > 1 && this.#pieces.length > 0) chunk = this.#overlapping(chunk);
    let start = 0;
    for (;;) {
      const end =
        delimiter.length === 1 ? chunk.indexOf(delimiter[0]!, start) : chunk.indexOf(delimiter, start);
      if (end < 0) break;
      const line = chunk.subarray(start, end);
      start = end + delimiter.length;
      yield this.#pieces.length === 0 ? line : this.#joined(line);
    }
    if (start === chunk.length) return;
    this.#pieces.push(chunk.subarray(start));
    this.#waitingBytes += chunk.length - start;
    if (this.#waitingBytes > this.#maxBytes)
      throw new RangeError(`a line has more than ${this.#maxBytes} bytes`);
  }

  /** What comes behind the last delimiter; undefined: nothing. */
  rest(): Buffer | undefined {
    return this.#pieces.length === 0 ? undefined : this.#joined(Buffer.alloc(0));
  }

  #joined(end: Buffer): Buffer {
    const line = Buffer.concat([...this.#pieces, end]);
    this.#pieces = [];
    this.#waitingBytes = 0;
    return line;
  }

  /** A delimiter may have begun in the chunk before: the last bytes of that go in front. */
  #overlapping(chunk: Buffer): Buffer {
    const last = this.#pieces.pop()!;
    const count = Math.min(last.length, this.#delimiter.length - 1);
    const kept = last.subarray(0, last.length - count);
    if (kept.length > 0) this.#pieces.push(kept);
    this.#waitingBytes -= count;
    return Buffer.concat([last.subarray(last.length - count), chunk]);
  }
}
