// How kafka-producer-perf-test sends and measures.

import type { KafkaError, Producer, Transaction } from '@moldau/client';
import { nodeRandom } from '@moldau/io';
import { javaText } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { printMetrics } from './metrics-table.ts';
import { PerfStats } from './perf-stats.ts';
import type { PerfLoad } from './producer-perf.ts';

/** Of so many posted at a time one is awaited, whose time counts for all of them; timing each would be what is measured. */
const CHUNK = 100;
/** When a rate is kept: how often what is due is sent. */
const TICK_MS = 2;

export async function measureProducing(context: ToolContext, load: PerfLoad): Promise<number> {
  const { brokers, properties, warmUpCount } = load;
  const { 'key.serializer': _key, 'value.serializer': _value, ...usable } = properties;
  const { kafka, producer: given } = await context.kafka({ brokers, properties: usable });
  let unsent = 0;
  const failed = (error: KafkaError): void => {
    unsent++;
    context.err(javaText(error));
  };
  const producer = kafka.producer({ properties: given, onPostFailed: failed });
  if (warmUpCount > 0)
    context.out(
      `Warmup first ${warmUpCount} records. Steady state results will print after the complete test summary.`,
    );
  const perf = new Perf(context, load, producer, failed, () => {
    const count = unsent;
    unsent = 0;
    return count;
  });
  await perf.run();
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
  readonly #context: ToolContext;
  readonly #load: PerfLoad;
  readonly #producer: Producer;
  readonly #failed: (error: KafkaError) => void;
  /** Since it was last asked for. */
  readonly #takeUnsent: () => number;
  readonly #stats: PerfStats;
  #steady: PerfStats | undefined;
  readonly #startMs: number;
  #sent = 0;
  #transaction: Transaction | undefined;
  #transactionStartMs = 0;

  constructor(
    context: ToolContext,
    load: PerfLoad,
    producer: Producer,
    failed: (error: KafkaError) => void,
    takeUnsent: () => number,
  ) {
    this.#context = context;
    this.#load = load;
    this.#producer = producer;
    this.#failed = failed;
    this.#takeUnsent = takeUnsent;
    this.#startMs = context.clock.wallMs();
    this.#stats = new PerfStats(context, load.recordCount, load.reportIntervalMs, false);
  }

  async run(): Promise<void> {
    const { recordCount, transactionMs } = this.#load;
    const { timers, clock } = this.#context;
    while (this.#sent < recordCount) {
      const size = this.#due();
      if (size === 0) {
        await new Promise<void>((resolve) => timers.after(TICK_MS, resolve));
        continue;
      }
      if (transactionMs !== undefined && this.#transaction === undefined) {
        this.#transaction = await this.#producer.begin();
        this.#transactionStartMs = clock.wallMs();
      }
      const hasRoom = this.#chunk(size);
      if (!hasRoom) await this.#producer.ready();
      // Answers are read in turns of the event loop, which this loop must not keep to itself.
      else await new Promise<void>((resolve) => timers.soon(resolve));
      if (transactionMs !== undefined && clock.wallMs() - this.#transactionStartMs >= transactionMs)
        await this.#commit();
    }
    await this.#commit();
    await this.#producer.flush().catch(() => {});
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

  #chunk(size: number): boolean {
    const { topic } = this.#load;
    const target = this.#transaction ?? this.#producer;
    let hasRoom = true;
    let sizeBytes = 0;
    for (let index = 1; index < size; index++) {
      const value = this.#next();
      sizeBytes += value.length;
      hasRoom = target.post(topic, { value });
    }
    const value = this.#next();
    void this.#awaited(target.send(topic, { value }), size, sizeBytes + value.length);
    return hasRoom;
  }

  async #awaited(sending: Promise<unknown>, count: number, sizeBytes: number): Promise<void> {
    const startMs = this.#context.clock.wallMs();
    const steady = this.#steady;
    try {
      await sending;
    } catch (error) {
      this.#failed(error as KafkaError);
    }
    const nowMs = this.#context.clock.wallMs();
    const counted = { latencyMs: nowMs - startMs, count: Math.max(0, count - this.#takeUnsent()), sizeBytes };
    this.#stats.add(counted, nowMs);
    steady?.add(counted, nowMs);
  }

  #next(): Buffer {
    const { payloads } = this.#load;
    const number = this.#sent++;
    if (payloads.length === 0) return Buffer.from(String(number));
    return payloads[Math.floor(nodeRandom.next() * payloads.length)]!;
  }
}
