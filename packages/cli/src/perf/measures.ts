// What is counted and timed while something is measured: rates, and quantiles of times in fixed memory.

/** Steps of 2 %: nobody measures more exactly here. */
const GROWTH = Math.log(1.02);
const SMALLEST_MS = 0.001;
const BUCKETS = 1200;

/** Of times in ms. */
export class Quantiles {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / GROWTH);
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
    this.#count++;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** Of no times: 0. */
  at(quantile: number): number {
    let left = Math.ceil(quantile * this.#count);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      // The last bucket has all that is longer.
      if (left <= 0 && bucket < BUCKETS - 1)
        return Math.min(this.#maxMs, SMALLEST_MS * Math.exp(bucket * GROWTH));
    }
    return this.#maxMs;
  }

  summary(): LatencySummary {
    const mean = this.#count === 0 ? 0 : this.#sumMs / this.#count;
    const [p50, p95, p99, p999] = [0.5, 0.95, 0.99, 0.999].map((quantile) => rounded(this.at(quantile)));
    return { mean: rounded(mean), p50: p50!, p95: p95!, p99: p99!, p999: p999!, max: rounded(this.#maxMs) };
  }
}

/** All in ms. */
export interface LatencySummary {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Records and their bytes since the start, and since the last report. */
export class Throughput {
  readonly #startMs: number;
  #recordCount = 0;
  #sizeBytes = 0;
  #lastMs: number;
  #lastRecordCount = 0;
  #lastSizeBytes = 0;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
    this.#lastMs = nowMs;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  add(recordCount: number, sizeBytes: number): void {
    this.#recordCount += recordCount;
    this.#sizeBytes += sizeBytes;
  }

  /** Since the last time that it was asked for. */
  interval(nowMs: number): Rates {
    const rates = ratesOf(
      this.#recordCount - this.#lastRecordCount,
      this.#sizeBytes - this.#lastSizeBytes,
      nowMs - this.#lastMs,
    );
    this.#lastMs = nowMs;
    this.#lastRecordCount = this.#recordCount;
    this.#lastSizeBytes = this.#sizeBytes;
    return rates;
  }

  total(nowMs: number): Rates {
    return ratesOf(this.#recordCount, this.#sizeBytes, nowMs - this.#startMs);
  }
}

export interface Rates {
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
}

function ratesOf(records: number, bytes: number, ms: number): Rates {
  const seconds = Math.max(ms, 0.001) / 1000;
  return {
    ...{ records, bytes, seconds: rounded(seconds) },
    recordsPerSecond: Math.round(records / seconds),
    bytesPerSecond: Math.round(bytes / seconds),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
