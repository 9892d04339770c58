// The broker's word that this client has used up its quota (KIP-219): it answers at once, and then reads nothing from the connection for so long. What was
// sent meanwhile would only lie in buffers while its deadline comes nearer, so nothing is sent.

import type { Clock, Timer, Timers } from '@moldau/io';

export class Throttle {
  readonly #time: { readonly clock: Clock; readonly timers: Timers };
  readonly #onOver: () => void;
  #untilMs = 0;
  #timer: Timer | undefined;
  #over: PromiseWithResolvers<void> | undefined;

  constructor(time: { readonly clock: Clock; readonly timers: Timers }, onOver: () => void) {
    this.#time = time;
    this.#onOver = onOver;
  }

  /** When something may be sent again; undefined: it may now. */
  get over(): Promise<void> | undefined {
    return this.#over?.promise;
  }

  /** For at least so long, from now. */
  begin(timeMs: number): void {
    const { clock, timers } = this.#time;
    const untilMs = clock.monotonicMs() + timeMs;
    if (this.#over !== undefined && untilMs <= this.#untilMs) return;
    this.#untilMs = untilMs;
    this.#over ??= Promise.withResolvers();
    this.#timer?.cancel();
    this.#timer = timers.after(timeMs, () => this.end());
  }

  /** Now, and not later. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const over = this.#over;
    this.#over = undefined;
    if (over === undefined) return;
    this.#onOver();
    over.resolve();
  }
}
