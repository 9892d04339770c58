// Time that passes only when a test says so: a Clock and Timers in one.

import { type Clock, nodeTimers, type Timer, type Timers } from '@moldau/io';

interface Due {
  readonly atMs: number;
  /** Timers that are due at the same time run in the order in which they were set. */
  readonly order: number;
  readonly run: () => void;
}

export class ManualTime implements Clock, Timers {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #due = new Set<Due>();

  /** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
  constructor(wallMs = 1_767_225_600_000) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return Math.floor(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Timers that have neither run nor been cancelled. */
  get pendingCount(): number {
    return this.#due.size;
  }

  /** When the next timer is due, in monotonic milliseconds; Infinity when there is none. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const due of this.#due) next = Math.min(next, due.atMs);
    return next;
  }

  after(delayMs: number, run: () => void): Timer {
    const due: Due = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }

  soon(run: () => void): void {
    nodeTimers.soon(run);
  }

  /** Lets time pass: each timer runs at its time, and what it started is given a chance to go on before the next one. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await settled();
    for (let due = this.#first(untilMs); due !== undefined; due = this.#first(untilMs)) {
      this.#due.delete(due);
      this.#moveTo(due.atMs);
      due.run();
      await settled();
    }
    this.#moveTo(untilMs);
  }

  /** The wall clock jumps, as when someone sets it; no timer takes notice. */
  setWallMs(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  #first(untilMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.atMs > untilMs) continue;
      if (
        first === undefined ||
        due.atMs < first.atMs ||
        (due.atMs === first.atMs && due.order < first.order)
      ) {
        first = due;
      }
    }
    return first;
  }

  #moveTo(ms: number): void {
    this.#wallMs += ms - this.#monotonicMs;
    this.#monotonicMs = ms;
  }
}

/** Two turns of the event loop: promises that were ready have run, and what they asked for `soon` as well. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => nodeTimers.soon(resolve));
  }
}
