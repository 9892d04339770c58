// Waiting that somebody may cut short: a ring while nobody waits is heard by the next who does.

import type { Timer, Timers } from '@moldau/io';

export class Bell {
  readonly #timers: Timers;
  #hasRung = false;
  #wake: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Resolves at the ring, when the time is over, or when the signal is aborted. For one at a time. */
  async wait(signal: AbortSignal, atMostMs?: number): Promise<void> {
    let timer: Timer | undefined;
    const wake = (): void => this.#wake?.();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#hasRung || signal.aborted) resolve();
      else if (atMostMs !== undefined) timer = this.#timers.after(atMostMs, resolve);
      signal.addEventListener('abort', wake, { once: true });
    });
    signal.removeEventListener('abort', wake);
    timer?.cancel();
    this.#wake = undefined;
    this.#hasRung = false;
  }
}
