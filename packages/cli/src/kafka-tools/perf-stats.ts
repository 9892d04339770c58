// What kafka-producer-perf-test counts and tells: each interval, and all of it in the end.

import type { ToolContext } from './kafka-tool.ts';

const MAX_SAMPLES = 500_000;
const MEBIBYTE = 1024 * 1024;

export interface Counted {
  readonly latencyMs: number;
  readonly count: number;
  readonly sizeBytes: number;
}

class Sums {
  readonly startMs: number;
  count = 0;
  sizeBytes = 0;
  latencyMs = 0;
  maxLatencyMs = 0;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  add({ latencyMs, count, sizeBytes }: Counted): void {
    this.count += count;
    this.sizeBytes += sizeBytes;
    this.latencyMs += latencyMs * count;
    this.maxLatencyMs = Math.max(this.maxLatencyMs, latencyMs);
  }

  rates(nowMs: number): { readonly perSecond: number; readonly mebibytes: number } {
    const seconds = (nowMs - this.startMs) / 1000;
    return { perSecond: this.count / seconds, mebibytes: this.sizeBytes / seconds / MEBIBYTE };
  }

  get meanMs(): number {
    return this.latencyMs / this.count;
  }
}

export class PerfStats {
  /** Nothing is told between. */
  isQuiet = false;
  readonly #context: Pick<ToolContext, 'out' | 'clock'>;
  readonly #intervalMs: number;
  readonly #isSteady: boolean;
  /** Of each so manieth record. */
  readonly #latencies: Int32Array;
  readonly #sampling: number;
  #sampleCount = 0;
  readonly #all: Sums;
  #window: Sums;

  constructor(
    context: Pick<ToolContext, 'out' | 'clock'>,
    recordCount: number,
    intervalMs: number,
    isSteady: boolean,
  ) {
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#isSteady = isSteady;
    this.#sampling = Math.floor(recordCount / Math.min(recordCount, MAX_SAMPLES));
    this.#latencies = new Int32Array(Math.floor(recordCount / this.#sampling) + 1);
    const nowMs = context.clock.wallMs();
    this.#all = new Sums(nowMs);
    this.#window = new Sums(nowMs);
  }

  add(counted: Counted, nowMs: number): void {
    const samples = Math.ceil((this.#all.count + counted.count) / this.#sampling);
    this.#latencies.fill(counted.latencyMs, this.#sampleCount, samples);
    this.#sampleCount = samples;
    this.#all.add(counted);
    this.#window.add(counted);
    if (nowMs - this.#window.startMs < this.#intervalMs) return;
    if (this.#isSteady && this.#all.count === this.#window.count) this.#context.out('In steady state.');
    if (!this.isQuiet) this.#tellWindow(nowMs);
    this.#window = new Sums(nowMs);
  }

  #tellWindow(nowMs: number): void {
    const { count, meanMs, maxLatencyMs } = this.#window;
    const { perSecond, mebibytes } = this.#window.rates(nowMs);
    this.#context.out(
      `${count} records sent, ${perSecond.toFixed(1)} records/sec (${mebibytes.toFixed(2)} MB/sec), ${meanMs.toFixed(1)} ms avg latency, ${maxLatencyMs.toFixed(1)} ms max latency.`,
    );
  }

  tellTotal(): void {
    const { count, meanMs, maxLatencyMs } = this.#all;
    const { perSecond, mebibytes } = this.#all.rates(this.#context.clock.wallMs());
    const sorted = this.#latencies.subarray(0, this.#sampleCount).sort();
    const at = (quantile: number): number => sorted[Math.floor(quantile * sorted.length)] ?? 0;
    this.#context.out(
      `${count}${this.#isSteady ? ' steady state' : ''} records sent, ${perSecond.toFixed(6)} records/sec (${mebibytes.toFixed(2)} MB/sec), ${meanMs.toFixed(2)} ms avg latency, ${maxLatencyMs.toFixed(2)} ms max latency, ${at(0.5)} ms 50th, ${at(0.95)} ms 95th, ${at(0.99)} ms 99th, ${at(0.999)} ms 99.9th.`,
    );
  }
}
