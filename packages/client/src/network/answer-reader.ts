// Cuts a connection's bytes into answers: an int32 size, then so many bytes.
//
// Invariants: an answer is one buffer of its exact size, and large ones are read into it in place. A size is checked before anything is allocated
// for it; memory that is allocated and not yet filled costs the system nothing.

const SIZE_BYTES = 4;
/** Below this, reading the rest of an answer by itself costs more than copying it. */
const WORTH_READING_IN_PLACE_BYTES = 8 * 1024;
/** Node shares its memory among smaller ones. */
const POOLED_BYTES = 4 * 1024;

const NONE = Buffer.alloc(0);

export interface AnswerReaderOptions {
  readonly maxAnswerBytes: number;
  /** An answer without its size. */
  onAnswer(answer: Buffer): void;
  /** The size cannot be. Nothing is read afterwards. */
  onBadSize(size: number): void;
}

export class AnswerReader {
  readonly #options: AnswerReaderOptions;
  /** Of the answer that is arriving; -1 while it is not known. */
  #size = -1;
  #answer = NONE;
  #filled = 0;
  /** A size that came in pieces. */
  #sizeValue = 0;
  #sizeBytes = 0;
  #isStopped = false;

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
  }

  /** Some of an answer has come, and not all. */
  get isWithinAnswer(): boolean {
    return this.#size >= 0 || this.#sizeBytes > 0;
  }

  /** Where the next bytes go; undefined to have them passed to received. */
  place(): Buffer | undefined {
    const missingBytes = this.#size - this.#filled;
    return this.#size >= 0 && missingBytes >= WORTH_READING_IN_PLACE_BYTES
      ? this.#answer.subarray(this.#filled)
      : undefined;
  }

  /** The place last given has been filled so far. */
  filled(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#size) this.#complete();
  }

  /** Bytes in memory of the network, which are copied. */
  received(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let position = 0;
    while (position < buffer.length && !this.#isStopped) {
      if (this.#size >= 0) {
        const count = Math.min(this.#size - this.#filled, buffer.length - position);
        buffer.copy(this.#answer, this.#filled, position, position + count);
        position += count;
        this.filled(count);
      } else if (this.#sizeBytes === 0 && buffer.length - position >= SIZE_BYTES) {
        this.#begin(buffer.readInt32BE(position));
        position += SIZE_BYTES;
      } else {
        this.#sizeValue = (this.#sizeValue << 8) | buffer[position++]!;
        this.#sizeBytes++;
        if (this.#sizeBytes === SIZE_BYTES) this.#begin(this.#sizeValue);
      }
    }
  }

  /** What comes from now on is dropped, and memory let go. */
  stop(): void {
    this.#isStopped = true;
    this.#size = -1;
    this.#answer = NONE;
  }

  #begin(size: number): void {
    this.#sizeValue = 0;
    this.#sizeBytes = 0;
    if (size < SIZE_BYTES || size > this.#options.maxAnswerBytes) {
      this.stop();
      this.#options.onBadSize(size);
      return;
    }
    this.#size = size;
    this.#filled = 0;
    this.#answer = size < POOLED_BYTES ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  }

  #complete(): void {
    const answer = this.#answer;
    this.#size = -1;
    this.#answer = NONE;
    this.#options.onAnswer(answer);
  }
}
