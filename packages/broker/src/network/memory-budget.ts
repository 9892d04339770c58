// What all connections together hold in memory: requests that arrive or are in process, and answers that clients have not taken.
//
// Invariants
// - usedBytes is the sum of what was reserved and not released. Part of it are frames that are still arriving; the rest is released without
//   anybody's doing, when a request is answered and its answer sent.
// - When frames that have arrived in part fill the budget, none of them could ever be completed, so one owner at a time is privileged: it may grow
//   beyond the limit until its frame is whole. The limit is thereby exceeded by one frame at most.
// - Waiters get their turn in the order in which they came. One that still finds too little keeps its place, so nobody starves.

/** Takes what it waits for. False: there was not enough, and it keeps its place. */
export type Waiter = () => boolean;

export class MemoryBudget {
  readonly #limitBytes: () => number;
  readonly #growing: Waiter[] = [];
  readonly #waiting: Waiter[] = [];
  #usedBytes = 0;
  #arrivingBytes = 0;
  #privileged: object | undefined;
  #isWaking = false;

  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes();
  }

  get isFull(): boolean {
    return this.#usedBytes >= this.#limitBytes();
  }

  /** Somebody is held up by what others hold. */
  get hasWaiters(): boolean {
    return this.#growing.length > 0 || this.#waiting.length > 0;
  }

  /** For bytes that are there already. */
  reserve(bytes: number): void {
    this.#usedBytes += bytes;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    if (this.hasWaiters) this.#wake();
  }

  /** For the first bytes of a frame, and for those that are there already. */
  reserveArriving(bytes: number): void {
    this.#usedBytes += bytes;
    this.#arrivingBytes += bytes;
  }

  /** Takes bytes for the rest of a frame: those that fit, or any when `owner` is or becomes privileged. */
  tryGrow(owner: object, bytes: number): boolean {
    const fits = this.#usedBytes + bytes <= this.#limitBytes();
    if (!fits) {
      // While the last privileged frame is still held, or anything else that will be released, there is something to wait for.
      const isStuck = this.#usedBytes <= this.#limitBytes() || this.#usedBytes === this.#arrivingBytes;
      if (isStuck) this.#privileged ??= owner;
      if (this.#privileged !== owner) return false;
    }
    this.reserveArriving(bytes);
    return true;
  }

  /** The owner's frame is whole, or gone: its bytes are to be released by whoever has it now. */
  endArrival(owner: object, bytes: number): void {
    this.#arrivingBytes -= bytes;
    if (this.#privileged !== owner) return;
    this.#privileged = undefined;
    if (this.hasWaiters) this.#wake();
  }

  /** Waits for a tryGrow that will succeed. One place for each call: who has one must not ask for another. */
  waitForGrowth(waiter: Waiter): void {
    this.#growing.push(waiter);
  }

  /** Waits until the budget is not full. */
  wait(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  forget(waiter: Waiter): void {
    for (const list of [this.#growing, this.#waiting]) {
      const index = list.indexOf(waiter);
      if (index >= 0) list.splice(index, 1);
    }
  }

  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    try {
      while (this.#growing.length > 0 && this.#wakeFirst(this.#growing));
      while (this.#waiting.length > 0 && !this.isFull && this.#wakeFirst(this.#waiting));
    } finally {
      this.#isWaking = false;
    }
  }

  #wakeFirst(list: Waiter[]): boolean {
    const waiter = list.shift()!;
    if (waiter()) return true;
    list.unshift(waiter);
    return false;
  }
}
