// Heartbeats that tell nothing but that a member is alive: one at a time, by a timer of their own, whatever else goes on.

import type { Timer } from '@moldau/io';
import type { Ports } from '../../options/ports.ts';

export interface HeartbeatOptions {
  readonly ports: Ports;
  readonly intervalMs: number;
  /** After one that failed. */
  readonly retryMs: number;
  /** Rejects when it was not taken. */
  send(): Promise<void>;
  /** May stop them. */
  failed(error: unknown): void;
}

export class Heartbeats {
  readonly #options: HeartbeatOptions;
  #timer: Timer | undefined;
  /** Grows with each start, so that an answer to an earlier heartbeat changes nothing. */
  #round = 0;
  #isRunning = false;
  #heardMs = 0;
  #lateMs = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** For how long no heartbeat was answered. */
  get silentMs(): number {
    return this.#options.ports.clock.monotonicMs() - this.#heardMs;
  }

  /** How much too late a heartbeat was sent at most since one was last answered: the event loop was blocked for as long. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /** The first is sent after the interval. */
  start(): void {
    this.stop();
    this.#isRunning = true;
    this.#heard();
    this.#next(this.#options.intervalMs);
  }

  stop(): void {
    this.#round++;
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  #next(delayMs: number): void {
    const { clock, timers } = this.#options.ports;
    const dueMs = clock.monotonicMs() + delayMs;
    this.#timer = timers.after(delayMs, () => {
      this.#lateMs = Math.max(this.#lateMs, clock.monotonicMs() - dueMs);
      void this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const { ports, intervalMs, retryMs, send, failed } = this.#options;
    const round = this.#round;
    const sentMs = ports.clock.monotonicMs();
    let delayMs = intervalMs;
    try {
      await send();
      if (round !== this.#round) return;
      this.#heard();
    } catch (error) {
      if (round !== this.#round) return;
      failed(error);
      delayMs = retryMs;
    }
    if (this.#isRunning && round === this.#round)
      this.#next(Math.max(0, delayMs - (ports.clock.monotonicMs() - sentMs)));
  }

  #heard(): void {
    this.#heardMs = this.#options.ports.clock.monotonicMs();
    this.#lateMs = 0;
  }
}
