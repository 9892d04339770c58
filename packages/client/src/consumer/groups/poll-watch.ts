// Whether the application is alive: it is as long as it pokes often enough. A poke costs one look at the clock; the timer finds out by itself.

import type { Timer } from '@moldau/io';
import type { Ports } from '../../options/ports.ts';

export class PollWatch {
  readonly #ports: Ports;
  readonly #intervalMs: number;
  readonly #onExpired: () => void;
  #timer: Timer | undefined;
  #pokedMs = 0;

  constructor(ports: Ports, intervalMs: number, onExpired: () => void) {
    this.#ports = ports;
    this.#intervalMs = intervalMs;
    this.#onExpired = onExpired;
  }

  poke(): void {
    this.#pokedMs = this.#ports.clock.monotonicMs();
  }

  /** From now on; starting counts as a poke. */
  start(): void {
    this.poke();
    this.#timer ??= this.#arm(this.#intervalMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): Timer {
    return this.#ports.timers.after(delayMs, () => {
      const leftMs = this.#pokedMs + this.#intervalMs - this.#ports.clock.monotonicMs();
      this.#timer = undefined;
      if (leftMs > 0) this.#timer = this.#arm(leftMs);
      else this.#onExpired();
    });
  }
}
