// A rate per second over the last few windows, as Kafka measures it: what counts for a quota, and how long to hold up who is over it.
//
// A window begins with the first value after the one before it has ended, so idle time makes no windows. While fewer windows than wanted have
// passed, the rate is taken over the time that all but the newest would have: a short burst is not held against a client.

export interface RateWindows {
  /** How many windows there are, the newest one included. */
  readonly count: number;
  readonly sizeMs: number;
}

interface Sample {
  startMs: number;
  lastMs: number;
  sum: number;
}

export class SampledRate {
  readonly #samples: Sample[] = [];
  #current = 0;
  lastRecordedMs = 0;

  record(value: number, windows: RateWindows, nowMs: number): void {
    this.lastRecordedMs = nowMs;
    let sample = this.#samples[this.#current];
    if (sample === undefined || nowMs - sample.startMs >= windows.sizeMs) {
      if (sample !== undefined) this.#current = (this.#current + 1) % (windows.count + 1);
      sample = { startMs: nowMs, lastMs: nowMs, sum: 0 };
      this.#samples[this.#current] = sample;
    }
    sample.sum += value;
    sample.lastMs = nowMs;
  }

  /** Per second. */
  perSecond(windows: RateWindows, nowMs: number): number {
    const live = this.#live(windows, nowMs);
    const sum = live.reduce((total, sample) => total + sample.sum, 0);
    return (sum * 1000) / elapsedMs(live, windows, nowMs);
  }

  /** For how long nothing may come so that the rate is down to the limit, in milliseconds; 0 when it is not above. */
  throttleMs(limitPerSecond: number, windows: RateWindows, nowMs: number): number {
    const rate = this.perSecond(windows, nowMs);
    if (!(rate > limitPerSecond)) return 0;
    const overallMs = elapsedMs(this.#live(windows, nowMs), windows, nowMs);
    return Math.round(((rate - limitPerSecond) / limitPerSecond) * overallMs);
  }

  #live(windows: RateWindows, nowMs: number): Sample[] {
    const keptMs = windows.count * windows.sizeMs;
    return this.#samples.filter((sample) => nowMs - sample.lastMs < keptMs);
  }
}

/** The time that the samples stand for. */
function elapsedMs(live: readonly Sample[], { count, sizeMs }: RateWindows, nowMs: number): number {
  const oldestMs = live.reduce((oldest, { startMs }) => Math.min(oldest, startMs), nowMs);
  const sinceOldestMs = nowMs - oldestMs;
  const missingWindows = Math.max(0, count - 1 - Math.floor(sinceOldestMs / sizeMs));
  return sinceOldestMs + missingWindows * sizeMs || sizeMs;
}
