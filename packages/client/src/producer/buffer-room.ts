// The room that records take in memory until they are acknowledged, and those who wait for some.
//
// Invariants: who came first is let in first, and while somebody waits nobody else is let in before. Each who waits is let in, or hears why not in time.

import type { Clock, Timer, Timers } from '@moldau/io';
import { type KafkaError, TimeoutError } from '../errors/kafka-error.ts';

/** The ends of a promise that was given out. */
export interface Waiter<T> {
  resolve(value: T | PromiseLike<T>): void;
  reject(reason: unknown): void;
}

interface Waiting {
  readonly deadlineMs: number;
  /** Takes the room. */
  enter(): void;
  refuse(reason: unknown): void;
}

export interface BufferRoomOptions {
  readonly limitBytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Some was given back. */
  onGiven(): void;
}

export class BufferRoom {
  readonly #options: BufferRoomOptions;
  readonly #waiting = new Set<Waiting>();
  #usedBytes = 0;
  #underWayBytes = 0;
  #timer: Timer | undefined;

  constructor(options: BufferRoomOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** What is not on its way yet. */
  get unsentBytes(): number {
    return this.#usedBytes - this.#underWayBytes;
  }

  /** A record may be taken now. */
  get isFree(): boolean {
    return this.#usedBytes < this.#options.limitBytes && this.#waiting.size === 0;
  }

  /** Somebody waits, so what is there is to be sent without lingering. */
  get isWanted(): boolean {
    return this.#waiting.size > 0;
  }

  take(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
  }

  /** So much is on its way; negative when it has arrived. */
  depart(sizeBytes: number): void {
    this.#underWayBytes += sizeBytes;
  }

  give(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
    this.#options.onGiven();
    for (const waiting of this.#waiting) {
      if (this.#usedBytes >= this.#options.limitBytes) return;
      this.#waiting.delete(waiting);
      waiting.enter();
    }
    if (this.#waiting.size === 0) this.#unwatch();
  }

  /** Runs `place` when there is room, in turn; the waiter is its to settle. Rejects with what it throws. */
  wait<T>(place: (waiter: Waiter<T>) => void, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const leave = (): void => {
        this.#waiting.delete(waiting);
        reject(signal!.reason);
        this.give(0);
      };
      const waiting: Waiting = {
        deadlineMs: this.#options.clock.monotonicMs() + this.#options.timeoutMs,
        enter() {
          signal?.removeEventListener('abort', leave);
          try {
            place({ resolve, reject });
          } catch (error) {
            reject(error);
          }
        },
        refuse(reason) {
          signal?.removeEventListener('abort', leave);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiting);
      this.#watch();
    });
  }

  /** Nobody is let in any more. */
  fail(error: KafkaError): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#unwatch();
    for (const waiting of all) waiting.refuse(error);
  }

  /** All wait equally long, so the first is the first to be late. */
  #watch(): void {
    const [first] = this.#waiting;
    if (this.#timer !== undefined || first === undefined) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(first.deadlineMs - clock.monotonicMs(), () => {
      this.#timer = undefined;
      const nowMs = clock.monotonicMs();
      for (const waiting of this.#waiting) {
        if (waiting.deadlineMs > nowMs) break;
        this.#waiting.delete(waiting);
        waiting.refuse(this.#late());
      }
      this.#watch();
    });
  }

  #unwatch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #late(): TimeoutError {
    const { limitBytes, timeoutMs } = this.#options;
    return new TimeoutError(
      `There was no room in the buffer for ${timeoutMs} ms: ${limitBytes} bytes wait to be acknowledged. More is sent than brokers take; bufferBytes bounds how much may wait.`,
    );
  }
}
