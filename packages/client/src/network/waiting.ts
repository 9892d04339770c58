// Waiting that ends: by time, or because nobody wants it any more. What is waited for goes on by itself.

import type { Clock, Timers } from '@moldau/io';
import type { KafkaError } from '../errors/kafka-error.ts';

export interface Limits {
  /** By the monotonic clock. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Time {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What `work` comes to, if that is before the deadline and the signal; else rejects with what `late` gives, or the signal's reason. */
export function within<T>(
  { clock, timers }: Time,
  { deadlineMs, signal }: Limits,
  work: Promise<T>,
  late: () => KafkaError,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = (): void => decided(() => reject(signal!.reason));
    const decided = (settle: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', aborted);
      settle();
    };
    const timer = timers.after(Math.max(0, deadlineMs - clock.monotonicMs()), () =>
      decided(() => reject(late())),
    );
    work.then(
      (value) => decided(() => resolve(value)),
      (error) => decided(() => reject(error)),
    );
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** Resolves after so long; rejects with the signal's reason. */
export function pause(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = timers.after(delayMs, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}
