// The memory that batches are written into, used again and again: taking it from the system costs more than filling it.
//
// Invariant: a block is given back only when nobody can read it any more, which is for its batch to know.

/** For partitions that little is sent to. */
export const SMALL_BLOCK_BYTES = 4 * 1024;
export const LARGE_BLOCK_BYTES = 64 * 1024;

export class Blocks {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];
  readonly #keptCount: number;

  /** Keeps at most so many bytes for later. */
  constructor(keptBytes: number) {
    this.#keptCount = Math.ceil(keptBytes / LARGE_BLOCK_BYTES);
  }

  take(isLarge: boolean): Buffer {
    return isLarge
      ? (this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BLOCK_BYTES))
      : (this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BLOCK_BYTES));
  }

  give(block: Buffer): void {
    const kept = block.length === LARGE_BLOCK_BYTES ? this.#large : this.#small;
    if (kept.length < this.#keptCount) kept.push(block);
  }
}
