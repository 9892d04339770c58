// A bucket that fills at a steady rate up to a bound: bursts are fine as long as the average holds (KIP-599).
//
// It may be overdrawn: one large request is served whole, and those after it wait until the debt is paid.

import type { RateWindows } from './sampled-rate.ts';

export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY;
  #refilledMs = 0;

  /** What is there, negative when overdrawn. A new bucket is full. */
  tokens(perSecond: number, windows: RateWindows, nowMs: number): number {
    const bound = (perSecond * windows.count * windows.sizeMs) / 1000;
    const gained = (perSecond * (nowMs - this.#refilledMs)) / 1000;
    this.#tokens = Math.min(bound, this.#tokens + gained);
    this.#refilledMs = nowMs;
    return this.#tokens;
  }

  take(count: number, perSecond: number, windows: RateWindows, nowMs: number): void {
    this.#tokens = this.tokens(perSecond, windows, nowMs) - count;
  }

  /** Until the debt is paid, in milliseconds; 0 when there is none. */
  throttleMs(perSecond: number, windows: RateWindows, nowMs: number): number {
    const tokens = this.tokens(perSecond, windows, nowMs);
    return tokens >= 0 ? 0 : Math.round((-tokens * 1000) / perSecond);
  }
}
