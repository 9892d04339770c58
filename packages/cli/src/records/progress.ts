// A line on standard error that says how far it is, where that is known and nobody looks at the records themselves.

import type { Writable } from 'node:stream';
import type { Clock } from '@moldau/io';

const EVERY_MS = 100;
const BAR_CHARACTERS = 24;

export class Progress {
  readonly #stream: Writable;
  readonly #clock: Clock;
  readonly #total: number;
  readonly #startedMs: number;
  #shownMs = Number.NEGATIVE_INFINITY;

  /** `total`: records, as far as offsets tell. */
  constructor(stream: Writable, clock: Clock, total: number) {
    this.#stream = stream;
    this.#clock = clock;
    this.#total = total;
    this.#startedMs = clock.monotonicMs();
  }

  show(done: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#shownMs < EVERY_MS) return;
    this.#shownMs = nowMs;
    const part = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    const filled = Math.round(part * BAR_CHARACTERS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CHARACTERS - filled);
    const rate = Math.round((done * 1000) / Math.max(1, nowMs - this.#startedMs));
    const percent = `${Math.floor(part * 100)}`.padStart(3);
    this.#stream.write(`\r${bar} ${percent} %  ${done} of ${this.#total} records, ${rate}/s\x1b[K`);
  }

  /** Leaves nothing behind. */
  end(): void {
    if (this.#shownMs !== Number.NEGATIVE_INFINITY) this.#stream.write('\r\x1b[K');
  }
}
