// How fast compaction goes: never above log.cleaner.io.max.bytes.per.second, and never long without letting the event loop go
// round. When others had work to do meanwhile, it rests longer than it worked, so that they find the loop free more often than not.

import type { Clock, Timers } from '@moldau/io';

/** Work at a stretch: what a request finds in its way at most, each time it waits for the disk or comes. */
const SLICE_MS = 0.5;
/** The clock is looked at after this many bytes. */
const CHECK_BYTES = 16 * 1024;
/** A turn of the event loop that takes longer than this had other work in it. */
const BUSY_TURN_MS = 0.25;
const BUSY_REST_MS = 1;
/** Rates are kept over stretches of this length. */
const RATE_WINDOW_MS = 100;

export class CleanerPace {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #maxBytesPerSecond: () => number;
  #uncheckedBytes = 0;
  #sliceStartMs: number;
  #windowStartMs: number;
  #windowBytes = 0;

  constructor(clock: Clock, timers: Timers, maxBytesPerSecond: () => number) {
    this.#clock = clock;
    this.#timers = timers;
    this.#maxBytesPerSecond = maxBytesPerSecond;
    this.#sliceStartMs = clock.monotonicMs();
    this.#windowStartMs = this.#sliceStartMs;
  }

  /** Counts bytes looked at. True when it is time for `rest`. */
  worked(bytes: number): boolean {
    this.#uncheckedBytes += bytes;
    if (this.#uncheckedBytes < CHECK_BYTES) return false;
    this.#uncheckedBytes = 0;
    return this.#clock.monotonicMs() - this.#sliceStartMs >= SLICE_MS;
  }

  /** Lets others have the event loop. */
  async rest(): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    await new Promise<void>((resolve) => this.#timers.soon(resolve));
    let nowMs = this.#clock.monotonicMs();
    if (nowMs - startedMs > BUSY_TURN_MS) {
      await new Promise<void>((resolve) => this.#timers.after(BUSY_REST_MS, resolve));
      nowMs = this.#clock.monotonicMs();
    }
    this.#sliceStartMs = nowMs;
  }

  /** Counts bytes read or written, and waits when there were too many of them. */
  async moved(bytes: number): Promise<void> {
    this.#windowBytes += bytes;
    const perSecond = this.#maxBytesPerSecond();
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#windowStartMs;
    const dueMs = (this.#windowBytes / perSecond) * 1000;
    if (dueMs - elapsedMs > RATE_WINDOW_MS) {
      await new Promise<void>((resolve) => this.#timers.after(dueMs - elapsedMs, resolve));
      this.#sliceStartMs = this.#clock.monotonicMs();
    } else if (elapsedMs < RATE_WINDOW_MS) {
      return;
    }
    this.#windowStartMs = this.#clock.monotonicMs();
    this.#windowBytes = 0;
  }
}
