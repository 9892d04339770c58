// Requests that wait for data. A wait hangs on its partitions and on one timer; an append credits the waits of its
// partition with the bytes that became readable, and wakes only those that now have enough.

import type { Timer, Timers } from '@moldau/io';

export class Wait {
  #missingBytes: number;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;
  readonly #places: Set<Wait>[] = [];

  /** @param missingBytes how many more readable bytes the request wants. */
  constructor(missingBytes: number) {
    this.#missingBytes = missingBytes;
  }

  /** Hangs this wait on a partition's set of waits. */
  hangOn(place: Set<Wait>): void {
    place.add(this);
    this.#places.push(place);
  }

  /** Resolves when enough bytes came, after timeoutMs, or when ended. */
  done(timers: Timers, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = timers.after(timeoutMs, () => this.end());
    });
  }

  credit(bytes: number): void {
    this.#missingBytes -= bytes;
    if (this.#missingBytes <= 0) this.end();
  }

  /** Ends the wait at once: the deadline passed, the partition changed hands, or the client is gone. */
  end(): void {
    this.#timer?.cancel();
    for (const place of this.#places) place.delete(this);
    this.#places.length = 0;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
