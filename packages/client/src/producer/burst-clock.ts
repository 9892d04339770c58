// The time of records that are sent one right after the other: to read the clock for each can cost as much as to write it.
//
// Invariant: what it tells was read for one of the last few records, and in the same run of the application's code.

import type { Clock } from '@moldau/io';

const BURST_RECORDS = 32;

export class BurstClock {
  readonly #clock: Clock;
  #nowMs = 0;
  #leftRecords = 0;
  #isEnding = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wallMs(): number {
    if (this.#leftRecords > 0) {
      this.#leftRecords--;
      return this.#nowMs;
    }
    this.#nowMs = this.#clock.wallMs();
    this.#leftRecords = BURST_RECORDS - 1;
    if (!this.#isEnding) {
      this.#isEnding = true;
      queueMicrotask(this.#end);
    }
    return this.#nowMs;
  }

  readonly #end = (): void => {
    this.#isEnding = false;
    this.#leftRecords = 0;
  };
}
