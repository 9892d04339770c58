// What is counted and measured: cheap to feed, of bounded memory, read when somebody looks.
//
// As Kafka's clients do, rates, averages and maxima are of the last half to full minute, and totals of the whole life.

const WINDOW_MS = 30_000;

export class Counter {
  #total = 0;
  #windowMs: number;
  #windowTotal = 0;
  #previousMs: number;
  #previousTotal = 0;

  constructor(nowMs: number) {
    this.#windowMs = nowMs;
    this.#previousMs = nowMs;
  }

  get total(): number {
    return this.#total;
  }

  add(count: number, nowMs: number): void {
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#turn(nowMs);
    this.#total += count;
  }

  /** Per second. */
  rate(nowMs: number): number {
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#turn(nowMs);
    const tookMs = Math.max(1_000, nowMs - this.#previousMs);
    return ((this.#total - this.#previousTotal) * 1_000) / tookMs;
  }

  #turn(nowMs: number): void {
    const isLong = nowMs - this.#windowMs >= 2 * WINDOW_MS;
    this.#previousMs = isLong ? nowMs - WINDOW_MS : this.#windowMs;
    this.#previousTotal = isLong ? this.#total : this.#windowTotal;
    this.#windowMs = nowMs;
    this.#windowTotal = this.#total;
  }
}

/** What was measured in the last half to full minute. Percentiles are within 7 %. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Buckets grow by an eighth of a power of two: from a thousandth to four billions. */
const STEPS = 8;
const LOWEST_EXPONENT = -10;
const BUCKETS = (32 - LOWEST_EXPONENT) * STEPS;

class Window {
  readonly counts = new Uint32Array(BUCKETS);
  count = 0;
  sum = 0;
  max = 0;

  clear(): void {
    if (this.count > 0) this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
    this.max = 0;
  }
}

export class Histogram {
  #windowMs: number;
  #current = new Window();
  #previous = new Window();

  constructor(nowMs: number) {
    this.#windowMs = nowMs;
  }

  record(value: number, nowMs: number): void {
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#turn(nowMs);
    const window = this.#current;
    window.count++;
    window.sum += value;
    if (value > window.max) window.max = value;
    window.counts[bucketOf(value)]!++;
  }

  read(nowMs: number): Distribution {
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#turn(nowMs);
    const [current, previous] = [this.#current, this.#previous];
    const count = current.count + previous.count;
    const max = Math.max(current.max, previous.max);
    const quantile = (part: number): number => {
      let left = Math.ceil(count * part);
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        left -= current.counts[bucket]! + previous.counts[bucket]!;
        if (left <= 0) return Math.min(max, middleOf(bucket));
      }
      return max;
    };
    if (count === 0) return { count, mean: 0, max, p50: 0, p90: 0, p99: 0 };
    const mean = (current.sum + previous.sum) / count;
    return { count, mean, max, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) };
  }

  #turn(nowMs: number): void {
    const before = this.#previous;
    this.#previous = this.#current;
    this.#current = before;
    this.#current.clear();
    if (nowMs - this.#windowMs >= 2 * WINDOW_MS) this.#previous.clear();
    this.#windowMs = nowMs;
  }
}

function bucketOf(value: number): number {
  if (!(value > 0)) return 0;
  const bucket = Math.floor((Math.log2(value) - LOWEST_EXPONENT) * STEPS);
  return Math.max(0, Math.min(BUCKETS - 1, bucket));
}

function middleOf(bucket: number): number {
  return 2 ** ((bucket + 0.5) / STEPS + LOWEST_EXPONENT);
}
