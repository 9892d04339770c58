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
import { LAST_WORK_MS } from '../command-line/last-work.ts';
import { watchReach } from '../connection/reach.ts';
import { type Acknowledged, Chunks, type SizedRecord } from '../perf/chunks.ts';
import { Quantiles, Throughput } from '../perf/measures.ts';
import { payloads } from '../perf/payloads.ts';
import { eachSecond, tellResult } from '../perf/reports.ts';

const COUNT = 1_000_000;
const SIZE_BYTES = 100;
/** Records that are sent at a time. */
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
  const { kafka, clock, signal, tell } = context;
  const options = given as Options;
  const topic = argument(args, 'topic')!;
  const throughput = new Throughput(clock.monotonicMs());
  const latency = new Quantiles();
  const reach = watchReach(context);
  const load = new Load({ ...context, signal: AbortSignal.any([signal, reach.lost]) }, topic, options, {
    throughput,
    latency,
  });
  const producer = kafka.producer({
    properties: context.properties?.producer ?? {},
    ...(options.acks && { acks: options.acks === 'all' ? 'all' : options.acks === '1' ? 1 : 0 }),
    ...(options.compression && { compression: options.compression }),
    ...(options.batch && { batchBytes: options.batch }),
    ...(options.linger !== undefined && { lingerMs: options.linger }),
    onPostFailed: load.chunks.postFailed,
  });
  const stop = eachSecond(context, throughput, latency);
  let failure: { readonly error: unknown } | undefined;
  try {
    await load.run(producer);
  } catch (error) {
    failure = {
      error: load.failed.aborted ? load.failed.reason : reach.lost.aborted ? reach.lost.reason : error,
    };
  }
  stop();
  reach.end();
  const rates = throughput.total(clock.monotonicMs());
  // Nothing more can be expected of what is left when something has failed already.
  await producer.close({ timeoutMs: signal.aborted ? LAST_WORK_MS : 0 }).catch(() => {});
  if (rates.records > 0) await tellResult(context, { topic, rates, latencyMs: latency.summary() });
  const { openCount } = load.chunks;
  if (openCount > 0 && rates.records > 0) tell(`moldau: ${openCount} records were not acknowledged`);
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}

class Load {
  readonly chunks: Chunks;
  readonly #context: Pick<CommandContext, 'clock' | 'timers' | 'signal'>;
  readonly #options: Options;
  readonly #values: readonly Buffer[];
  readonly #keys: readonly string[];
  readonly #failed = new AbortController();
  readonly #acknowledged: (chunk: Acknowledged) => void;
  #sent = 0;

  constructor(
    context: Pick<CommandContext, 'clock' | 'timers' | 'signal'>,
    topic: string,
    options: Options,
    { throughput, latency }: { readonly throughput: Throughput; readonly latency: Quantiles },
  ) {
    this.#context = context;
    this.#options = options;
    this.#values = payloads(options.size ?? SIZE_BYTES, () => nodeRandom.next());
    this.#keys = Array.from({ length: options.keys ?? 0 }, (_, index) => `key-${index}`);
    this.chunks = new Chunks({
      topic,
      nowMs: () => context.clock.monotonicMs(),
      next: () => this.#next(),
      failed: (error) => this.#failed.abort(error),
    });
    this.#acknowledged = ({ count, sizeBytes, latencyMs }) => {
      if (count === 0) return;
      throughput.add(count, sizeBytes);
      latency.add(latencyMs);
    };
  }

  /** Aborted with the first failure of a record. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Rejects when a record failed. */
  async run(producer: Producer): Promise<void> {
    const { clock, timers } = this.#context;
    const { rate, for: forMs = Number.POSITIVE_INFINITY } = this.#options;
    const count = this.#options.count ?? (Number.isFinite(forMs) ? Number.POSITIVE_INFINITY : COUNT);
    const signal = AbortSignal.any([this.#context.signal, this.#failed.signal]);
    const startMs = clock.monotonicMs();
    while (this.#sent < count && clock.monotonicMs() - startMs < forMs) {
      signal.throwIfAborted();
      const due =
        rate === undefined ? CHUNK : Math.ceil(((clock.monotonicMs() - startMs) / 1000) * rate) - this.#sent;
      const size = Math.min(due, CHUNK, count - this.#sent);
      if (size <= 0) {
        await new Promise<void>((resolve) => timers.after(TICK_MS, resolve));
        continue;
      }
      const hasRoom = this.chunks.send(producer, size, this.#acknowledged);
      // The first records find out where the topic is, and whether it may be written to.
      if (this.#sent === size) await producer.flush({ signal });
      else if (!hasRoom) await producer.ready({ signal });
      // Answers are read in turns of the event loop, which this loop must not keep to itself.
      else await new Promise<void>((resolve) => timers.soon(resolve));
    }
    await producer.flush({ signal });
    signal.throwIfAborted();
  }

  #next(): SizedRecord {
    const number = this.#sent++;
    const value = this.#values[number % this.#values.length]!;
    const key = this.#keys[number % this.#keys.length];
    return key === undefined ? { value } : { value, key };
  }
}
