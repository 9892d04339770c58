// Whose turn it is to be taken from, and who waits for there to be something.
//
// Invariants: a partition is in the queue at most once; one that has something and is not paused is in it. After so much was given, nothing is until the
// event loop has turned.

import type { Timers } from '@moldau/io';
import type { FetchPartition } from './fetch-partition.ts';

/** What is given in one turn: a few milliseconds of work. */
const TURN_RECORDS = 8_192;
const TURN_BYTES = 4 * 1024 * 1024;

export class Readiness {
  readonly #timers: Timers;
  #queue: FetchPartition[] = [];
  readonly #waiters = new Set<{ resolve(): void; reject(reason: unknown): void }>();
  #recordsLeft = TURN_RECORDS;
  #bytesLeft = TURN_BYTES;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Puts it into the queue if it has something. */
  offer(partition: FetchPartition): void {
    if (!partition.isReady) return;
    if (!partition.isQueued) {
      partition.isQueued = true;
      this.#queue.push(partition);
    }
    this.#tell();
  }

  /** Takes the next out of the queue; it may have nothing any more. */
  next(): FetchPartition | undefined {
    if (this.#isOver) return undefined;
    const partition = this.#queue.shift();
    if (partition !== undefined) partition.isQueued = false;
    return partition;
  }

  gave(recordCount: number, bytes: number): void {
    this.#recordsLeft -= recordCount;
    this.#bytesLeft -= Math.max(0, bytes);
    if (!this.#isOver) return;
    this.#timers.soon(() => {
      this.#recordsLeft = TURN_RECORDS;
      this.#bytesLeft = TURN_BYTES;
      this.#tell();
    });
  }

  wait(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (!this.#isOver && this.#queue.some(({ isReady }) => isReady)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const aborted = (): void => waiter.reject(signal!.reason);
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', aborted);
      };
      const waiter = {
        resolve: () => {
          leave();
          resolve();
        },
        reject: (reason: unknown) => {
          leave();
          reject(reason);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  close(error: Error): void {
    this.#queue = [];
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  get #isOver(): boolean {
    return this.#recordsLeft <= 0 || this.#bytesLeft <= 0;
  }

  #tell(): void {
    if (this.#waiters.size === 0 || this.#isOver) return;
    if (!this.#queue.some(({ isReady }) => isReady)) return;
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }
}
