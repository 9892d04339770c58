// How many records to lock ahead: as many as are done within a part of the time that locks hold, so that none runs out while its record waits its turn.
//
// Each lock that runs out counts as a delivery, and after a few of them the broker gives a record up: to take too many is worse than to ask often.

/** The part of a lock's life that records ahead may wait. */
const BUDGET = 0.25;
/** Before anything is known of who works on them. */
const FIRST = 64;
const GROWTH = 2;

export class Pace {
  readonly #most: number;
  #target: number;
  #takenCount = 0;
  #sinceMs = 0;

  constructor(most: number) {
    this.#most = most;
    this.#target = Math.min(most, FIRST);
  }

  /** Records to have ahead, at least 1. */
  get target(): number {
    return this.#target;
  }

  /** So many were taken, now; if any, they will be worked on until the next call. */
  taken(count: number, nowMs: number, lockMs: number): void {
    if (count === 0) {
      // There were none: who waits is not slow.
      this.#takenCount = 0;
      return;
    }
    const tookMs = nowMs - this.#sinceMs;
    const budgetMs = lockMs * BUDGET;
    const isSlow = tookMs > budgetMs && this.#takenCount > 0;
    if (isSlow || this.#takenCount >= this.#target) {
      const fitting = tookMs > 0 ? (this.#takenCount * budgetMs) / tookMs : Number.POSITIVE_INFINITY;
      const wished = Math.min(fitting, this.#target * GROWTH, this.#most);
      this.#target = Math.max(1, Math.floor(wished));
      this.#takenCount = 0;
    }
    if (this.#takenCount === 0) this.#sinceMs = nowMs;
    this.#takenCount += count;
  }
}
