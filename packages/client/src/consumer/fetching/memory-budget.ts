// How much of what brokers sent is held, and how much more may be asked for.
//
// Invariant: what is held and what is asked for are together at most the limit, but for a single record that is larger than what was asked for. The
// memory of one answer is held until the last of its partitions is read or dropped, for they share it.

export class MemoryBudget {
  readonly #limitBytes: number;
  #heldBytes = 0;
  #reservedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Nothing is held or asked for: then anything may be. */
  get isIdle(): boolean {
    return this.#heldBytes === 0 && this.#reservedBytes === 0;
  }

  /** What may be asked for now. */
  get freeBytes(): number {
    return Math.max(0, this.#limitBytes - this.#heldBytes - this.#reservedBytes);
  }

  /** What one of so many brokers may be asked for, so that none keeps another waiting. */
  shareBytes(brokerCount: number): number {
    return Math.max(1, Math.floor(this.#limitBytes / Math.max(1, brokerCount)));
  }

  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  /** The answer came, or none will. */
  unreserve(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  /** An answer that so many partitions have a part of. */
  hold(bytes: number, partCount: number): MemoryHold {
    let partsLeft = partCount;
    this.#heldBytes += bytes;
    return {
      release: () => {
        partsLeft--;
        if (partsLeft === 0) this.#heldBytes -= bytes;
      },
    };
  }
}

/** One answer's memory. */
export interface MemoryHold {
  /** Each part calls it once. */
  release(): void;
}
