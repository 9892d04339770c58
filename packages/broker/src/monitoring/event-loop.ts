// How late timers are: by as much does somebody's work hold up everybody. Also the clock of all histograms' windows.

import type { Clock, Timer, Timers } from '@moldau/io';
import { Histogram } from './histogram.ts';

const INTERVAL_MS = 100;
const WINDOW_MS = 60_000;

export class EventLoopWatch {
  readonly delayMs = new Histogram();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onWindow: () => void;
  #timer: Timer | undefined;
  #windowEndMs: number;

  constructor(options: { clock: Clock; timers: Timers; onWindow: () => void }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#onWindow = options.onWindow;
    this.#windowEndMs = this.#clock.monotonicMs() + WINDOW_MS;
    this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    const dueMs = this.#clock.monotonicMs() + INTERVAL_MS;
    this.#timer = this.#timers.after(INTERVAL_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      this.delayMs.record(Math.max(0, nowMs - dueMs));
      if (nowMs >= this.#windowEndMs) {
        this.#windowEndMs = nowMs + WINDOW_MS;
        this.delayMs.rotate();
        this.#onWindow();
      }
      this.#next();
    });
  }
}
