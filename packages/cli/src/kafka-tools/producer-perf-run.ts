// How kafka-producer-perf-test sends and measures.

import type { Producer, Transaction } from '@moldau/client';
import { nodeRandom } from '@moldau/io';
import { Chunks } from '../perf/chunks.ts';
import { javaText } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { printMetrics } from './metrics-table.ts';
import { PerfStats } from './perf-stats.ts';
import type { PerfLoad } from './producer-perf.ts';

/** Records that are sent at a time. */
const CHUNK = 100;
/** When a rate is kept: how often what is due is sent. */
const TICK_MS = 2;

export async function measureProducing(context: ToolContext, load: PerfLoad): Promise<number> {
  const { brokers, properties, warmUpCount } = load;
  const { 'key.serializer': _key, 'value.serializer': _value, ...usable } = properties;
  const { kafka, producer: given } = await context.kafka({ brokers, properties: usable });
  const perf = new Perf(context, load);
  const producer = kafka.producer({ properties: given, onPostFailed: perf.chunks.postFailed });
  if (warmUpCount > 0)
    context.out(
      `Warmup first ${warmUpCount} records. Steady state results will print after the complete test summary.`,
    );
  await perf.run(producer);
  if (load.printsMetrics) {
    await producer.flush().catch(() => {});
    perf.tellTotals();
    printMetrics(context, kafka.metrics());
  }
  await producer.close().catch(() => {});
  if (!load.printsMetrics) perf.tellTotals();
  return 0;
}

class Perf {
  readonly chunks: Chunks;
  readonly #context: ToolContext;
  readonly #load: PerfLoad;
  readonly #stats: PerfStats;
  #steady: PerfStats | undefined;
  readonly #startMs: number;
  #sent = 0;
  #transaction: Transaction | undefined;
  #transactionStartMs = 0;

  constructor(context: ToolContext, load: PerfLoad) {
    this.#context = context;
    this.#load = load;
    this.#startMs = context.clock.wallMs();
    this.#stats = new PerfStats(context, load.recordCount, load.reportIntervalMs, false);
    this.chunks = new Chunks({
      topic: load.topic,
      nowMs: () => context.clock.wallMs(),
      next: () => ({ value: this.#next() }),
      failed: (error) => context.err(javaText(error)),
    });
  }

  async run(producer: Producer): Promise<void> {
    const { recordCount, transactionMs } = this.#load;
    const { timers, clock } = this.#context;
    while (this.#sent < recordCount) {
      const size = this.#due();
      if (size === 0) {
        await new Promise<void>((resolve) => timers.after(TICK_MS, resolve));
        continue;
      }
      if (transactionMs !== undefined && this.#transaction === undefined) {
        this.#transaction = await producer.begin();
        this.#transactionStartMs = clock.wallMs();
      }
      const steady = this.#steady;
      const hasRoom = this.chunks.send(this.#transaction ?? producer, size, (chunk) => {
        const nowMs = clock.wallMs();
        this.#stats.add(chunk, nowMs);
        steady?.add(chunk, nowMs);
      });
      if (!hasRoom) await producer.ready();
      // Answers are read in turns of the event loop, which this loop must not keep to itself.
      else await new Promise<void>((resolve) => timers.soon(resolve));
      if (transactionMs !== undefined && clock.wallMs() - this.#transactionStartMs >= transactionMs)
        await this.#commit();
    }
    await this.#commit();
    await producer.flush().catch(() => {});
  }

  tellTotals(): void {
    this.#stats.tellTotal();
    this.#steady?.tellTotal();
  }

  async #commit(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await transaction?.commit();
  }

  /** How many are to be sent now; at most as many as count alike. */
  #due(): number {
    const { recordCount, warmUpCount, throughput } = this.#load;
    if (warmUpCount > 0 && this.#sent === warmUpCount && this.#steady === undefined) {
      const { reportIntervalMs } = this.#load;
      this.#steady = new PerfStats(this.#context, recordCount - warmUpCount, reportIntervalMs, true);
      this.#stats.isQuiet = true;
    }
    const end = this.#sent < warmUpCount ? warmUpCount : recordCount;
    const left = Math.min(CHUNK, end - this.#sent);
    if (throughput < 0) return left;
    const elapsedMs = this.#context.clock.wallMs() - this.#startMs;
    return Math.max(0, Math.min(left, Math.ceil((elapsedMs / 1000) * throughput) - this.#sent));
  }

  #next(): Buffer {
    const { payloads } = this.#load;
    const number = this.#sent++;
    if (payloads.length === 0) return Buffer.from(String(number));
    return payloads[Math.floor(nodeRandom.next() * payloads.length)]!;
  }
}
