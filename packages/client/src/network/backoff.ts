// How long to wait before the next attempt: doubled each time up to a limit, and never the same for many clients that failed together.

import type { Random } from '@moldau/io';

const JITTER = 0.2;

export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(initialMs: number, maxMs: number, random: Random) {
    this.#initialMs = initialMs;
    this.#maxMs = Math.max(initialMs, maxMs);
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** After a failure: the time to wait, with up to a fifth more or less. */
  failed(): number {
    const delayMs = Math.min(this.#maxMs, this.#initialMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return delayMs * (1 - JITTER + 2 * JITTER * this.#random.next());
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
