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
  const { admin, kafka, clock, signal } = context;
  const topic = argument(args, 'topic')!;
  const {
    count = COUNT,
    size = SIZE_BYTES,
    acks,
  } = options as { count?: number; size?: number; acks?: string };
  const partitions = await partitionsMeant(admin, [{ topic, partitions: [0] }], signal);
  const [extent] = await extentsOf(admin, partitions, signal);
  await using producer = kafka.producer({ acks: acks === '0' ? 0 : acks === '1' ? 1 : 'all' });
  await using consumer = kafka.consumer({ commit: 'manual' });
  consumer.assign([{ topic, partition: 0, offset: extent?.end ?? 0 }]);
  const values = payloads(size, () => nodeRandom.next());
  const records = consumer[Symbol.asyncIterator]();
  const latency = new Quantiles();
  let throughput = new Throughput(clock.monotonicMs());
  let stop = (): void => {};
  try {
    for (let index = -WARM_UP; index < count && !signal.aborted; index++) {
      if (index === 0) {
        throughput = new Throughput(clock.monotonicMs());
        stop = eachSecond(context, throughput, () => `, 99 % within ${latency.at(0.99).toPrecision(3)} ms`);
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
  } finally {
    stop();
    await records.return?.();
  }
  await tellResult(context, {
    topic,
    rates: throughput.total(clock.monotonicMs()),
    latencyMs: latency.summary(),
  });
}
