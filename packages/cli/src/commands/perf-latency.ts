// `moldau perf latency`: one record after the other, each timed from the producer to the consumer.

import { nodeRandom } from '@moldau/io';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { Quantiles, Throughput } from '../perf/measures.ts';
import { payloads } from '../perf/payloads.ts';
import { eachSecond, tellResult } from '../perf/reports.ts';
import { partitionsMeant } from './cluster-names.ts';
import { extentsOf } from './partition-extents.ts';

const COUNT = 1000;
const SIZE_BYTES = 100;
/** Not counted: connections are made, and code becomes quick. */
const WARM_UP = 20;

export async function run(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, kafka, clock, signal, properties } = context;
  const topic = argument(args, 'topic')!;
  const {
    count = COUNT,
    size = SIZE_BYTES,
    acks,
  } = options as { count?: number; size?: number; acks?: string };
  const partitions = await partitionsMeant(admin, [{ topic, partitions: [0] }], signal);
  const [extent] = await extentsOf(admin, partitions, signal);
  await using producer = kafka.producer({
    properties: properties?.producer ?? {},
    ...(acks && { acks: acks === 'all' ? 'all' : acks === '1' ? 1 : 0 }),
  });
  await using consumer = kafka.consumer({ properties: properties?.consumer, commit: 'manual' });
  consumer.assign([{ topic, partition: 0, offset: extent?.end ?? 0 }]);
  const values = payloads(size, () => nodeRandom.next());
  const records = consumer[Symbol.asyncIterator]();
  const latency = new Quantiles();
  let throughput = new Throughput(clock.monotonicMs());
  let stop = (): void => {};
  let failure: { readonly error: unknown } | undefined;
  try {
    for (let index = -WARM_UP; index < count && !signal.aborted; index++) {
      if (index === 0) {
        throughput = new Throughput(clock.monotonicMs());
        stop = eachSecond(context, throughput, latency);
      }
      const value = values[(index + WARM_UP) % values.length]!;
      const startMs = clock.monotonicMs();
      const sent = producer.send(topic, { partition: 0, value });
      const [read] = await Promise.all([records.next(), sent]);
      if (read.done === true) break;
      if (index < 0) continue;
      latency.add(clock.monotonicMs() - startMs);
      throughput.add(1, value.length);
    }
  } catch (error) {
    failure = { error };
  } finally {
    stop();
    await records.return?.();
  }
  // What was measured until it ended is told, whatever ended it.
  if (latency.count > 0 || failure === undefined) {
    const rates = throughput.total(clock.monotonicMs());
    await tellResult(context, { topic, rates, latencyMs: latency.summary() });
  }
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
