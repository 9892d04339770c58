// Log lines that a client can cause at will: of each kind a few a minute are written, and the next one says how many were left out.

import type { Clock, Logger } from '@moldau/io';

const LINES_PER_WINDOW = 5;
const WINDOW_MS = 60_000;

interface Window {
  startedMs: number;
  lines: number;
  leftOut: number;
}

export class RateLimitedLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `kind` is one of a few fixed words, never anything that a client chooses. */
  warn(kind: string, fields: object, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    let window = this.#windows.get(kind);
    if (window === undefined || nowMs - window.startedMs >= WINDOW_MS) {
      window = { startedMs: nowMs, lines: 0, leftOut: window?.leftOut ?? 0 };
      this.#windows.set(kind, window);
    }
    if (window.lines >= LINES_PER_WINDOW) {
      window.leftOut++;
      return;
    }
    window.lines++;
    const alsoLeftOut = window.leftOut > 0 ? { similarLinesLeftOut: window.leftOut } : {};
    window.leftOut = 0;
    this.#logger.warn({ ...fields, ...alsoLeftOut }, message);
  }
}
