// Timers of the event loop. A broker's are unreferenced: a listener or an open connection keeps a process alive, a timer alone does not. A client's
// hold the process: between two attempts to connect there is nothing else that somebody's promise hangs on.
// Node keeps one list per distinct delay, so a timer costs a list insertion and no wheel of our own is needed.

import type { Timer, Timers } from '../timers.ts';

// Node turns a longer delay into 1 ms.
const LONGEST_DELAY_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  readonly #holdsProcess: boolean;
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, run: () => void, holdsProcess: boolean) {
    this.#holdsProcess = holdsProcess;
    this.#start(Math.max(0, delayMs), run);
  }

  #start(delayMs: number, run: () => void): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#timeout =
      delayMs <= LONGEST_DELAY_MS
        ? setTimeout(run, delayMs)
        : setTimeout(() => this.#start(delayMs - LONGEST_DELAY_MS, run), LONGEST_DELAY_MS);
    if (!this.#holdsProcess) this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

function timers(holdsProcess: boolean): Timers {
  return {
    after: (delayMs, run) => new NodeTimer(delayMs, run, holdsProcess),
    soon: (run) => {
      setImmediate(run);
    },
  };
}

export const nodeTimers: Timers = timers(false);

/** As nodeTimers, and a process does not end while one of them is pending. */
export const nodeHoldingTimers: Timers = timers(true);
