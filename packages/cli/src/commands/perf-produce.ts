// `moldau perf produce`: sends records of one size as quickly as it can, or at a rate, and times some of them.

import type { Producer } from '@moldau/client';
import { nodeRandom } from '@moldau/io';
import type { CompressionType } from '@moldau/protocol';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { Quantiles, Throughput } from '../perf/measures.ts';
import { payloads } from '../perf/payloads.ts';
import { eachSecond, tellResult } from '../perf/reports.ts';

const COUNT = 1_000_000;
const SIZE_BYTES = 100;
/** Of so many posted at a time one is sent, which tells when it is acknowledged; timing each would be what is measured. */
const CHUNK = 200;
/** When a rate is kept: how often what is due is sent. */
const TICK_MS = 5;

interface Options {
  readonly count?: number;
  readonly size?: number;
  readonly rate?: number;
  readonly for?: number;
  readonly compression?: CompressionType;
  readonly acks?: 'all' | '1' | '0';
  readonly batch?: number;
  readonly linger?: number;
  readonly keys?: number;
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  given: CommandOptions,
): Promise<void> {
  const { kafka, clock, signal } = context;
  const options = given as Options;
  const topic = argument(args, 'topic')!;
  const throughput = new Throughput(clock.monotonicMs());
  const latency = new Quantiles();
  const producer = kafka.producer({
    acks: options.acks === '0' ? 0 : options.acks === '1' ? 1 : 'all',
    ...(options.compression && { compression: options.compression }),
    ...(options.batch && { batchBytes: options.batch }),
    ...(options.linger !== undefined && { lingerMs: options.linger }),
  });
  const stop = eachSecond(context, throughput, () => `, 99 % within ${latency.at(0.99).toPrecision(3)} ms`);
  try {
    await new Load(context, producer, topic, options, throughput, latency).run();
    await producer.flush();
  } catch (error) {
    // What was measured until Ctrl-C is told.
    if (!signal.aborted || throughput.recordCount === 0) throw error;
  } finally {
    stop();
  }
  const rates = throughput.total(clock.monotonicMs());
  await producer.close();
  await tellResult(context, { topic, rates, latencyMs: latency.summary() });
}

class Load {
  readonly #context: CommandContext;
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #options: Options;
  readonly #throughput: Throughput;
  readonly #latency: Quantiles;
  readonly #values: readonly Buffer[];
  readonly #keys: readonly string[];
  #sent = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    context: CommandContext,
    producer: Producer,
    topic: string,
    options: Options,
    throughput: Throughput,
    latency: Quantiles,
  ) {
    this.#context = context;
    this.#producer = producer;
    this.#topic = topic;
    this.#options = options;
    this.#throughput = throughput;
    this.#latency = latency;
    this.#values = payloads(options.size ?? SIZE_BYTES, () => nodeRandom.next());
    this.#keys = Array.from({ length: options.keys ?? 0 }, (_, index) => `key-${index}`);
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#context;
    const { rate, for: forMs = Number.POSITIVE_INFINITY } = this.#options;
    const count = this.#options.count ?? (Number.isFinite(forMs) ? Number.POSITIVE_INFINITY : COUNT);
    const startMs = clock.monotonicMs();
    // The first record finds out where the topic is, and whether it may be written to.
    await this.#probe();
    while (this.#sent < count && clock.monotonicMs() - startMs < forMs) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure.error;
      const due =
        rate === undefined ? CHUNK : Math.ceil(((clock.monotonicMs() - startMs) / 1000) * rate) - this.#sent;
      const size = Math.min(due, CHUNK, count - this.#sent);
      if (size <= 0) {
        await new Promise<void>((resolve) => this.#context.timers.after(TICK_MS, resolve));
        continue;
      }
      const hasRoom = this.#chunk(size);
      if (!hasRoom) await this.#producer.ready({ signal });
      // Answers are read in turns of the event loop, which this loop must not keep to itself.
      else await new Promise<void>((resolve) => this.#context.timers.soon(resolve));
    }
  }

  #chunk(size: number): boolean {
    let hasRoom = true;
    let sizeBytes = 0;
    for (let index = 1; index < size; index++) {
      const record = this.#next();
      sizeBytes += record.value.length;
      hasRoom = this.#producer.post(this.#topic, record);
    }
    this.#throughput.add(size - 1, sizeBytes);
    this.#probe().catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return hasRoom;
  }

  async #probe(): Promise<void> {
    const { clock } = this.#context;
    const record = this.#next();
    this.#throughput.add(1, record.value.length);
    const startMs = clock.monotonicMs();
    await this.#producer.send(this.#topic, record);
    this.#latency.add(clock.monotonicMs() - startMs);
  }

  #next(): { readonly value: Buffer; readonly key?: string } {
    const number = this.#sent++;
    const value = this.#values[number % this.#values.length]!;
    const key = this.#keys[number % this.#keys.length];
    return key === undefined ? { value } : { value, key };
  }
}
