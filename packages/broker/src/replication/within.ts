// A promise with a deadline.

import type { Timers } from '@moldau/io';

/** Settles as the promise does, or rejects with late() after timeoutMs; the promise then goes on unheard. */
export function within<T>(
  timers: Timers,
  timeoutMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(Math.max(0, timeoutMs), () => reject(late()));
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
