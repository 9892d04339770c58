// Timers as a port: all waiting goes through here, so that a simulator can run it at its own speed.

export interface Timer {
  /** Safe to call twice, and after the timer has fired. */
  cancel(): void;
}

export interface Timers {
  /** Runs once, after at least delayMs. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs at the end of this turn of the event loop, after the input that is ready has been read. */
  soon(run: () => void): void;
}
