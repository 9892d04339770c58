// Timers of the event loop. They are unreferenced: a listener or an open connection keeps a process alive, a timer alone does not.
// Node keeps one list per distinct delay, so a timer costs a list insertion and no wheel of our own is needed.

import type { Timer, Timers } from '../timers.ts';

// Node turns a longer delay into 1 ms.
const LONGEST_DELAY_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, run: () => void) {
    this.#start(Math.max(0, delayMs), run);
  }

  #start(delayMs: number, run: () => void): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#timeout =
      delayMs <= LONGEST_DELAY_MS
        ? setTimeout(run, delayMs)
        : setTimeout(() => this.#start(delayMs - LONGEST_DELAY_MS, run), LONGEST_DELAY_MS);
    this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

export const nodeTimers: Timers = {
  after: (delayMs, run) => new NodeTimer(delayMs, run),
  soon: (run) => {
    setImmediate(run);
  },
};
