// `moldau perf consume`: reads a topic from its start to where it ends now.

import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { Throughput } from '../perf/measures.ts';
import { eachSecond, tellResult } from '../perf/reports.ts';
import { partitionsMeant } from './cluster-names.ts';
import { extentsOf } from './partition-extents.ts';

const BATCH_RECORDS = 5000;

export async function run(
  context: CommandContext,
  args: CommandArguments,
  { count, for: forMs }: CommandOptions,
): Promise<void> {
  const { admin, kafka, clock, timers, signal, properties } = context;
  const topic = argument(args, 'topic')!;
  const partitions = await partitionsMeant(admin, [{ topic, partitions: undefined }], signal);
  const extents = await extentsOf(admin, partitions, signal);
  const stretches = partitions
    .map((partition, index) => ({
      ...partition,
      from: extents[index]?.start ?? 0,
      to: extents[index]?.end ?? 0,
    }))
    .filter(({ from, to }) => to > from);
  const ends = new Map(stretches.map(({ partition, to }) => [partition, to]));
  const wanted = (count as number | undefined) ?? Number.POSITIVE_INFINITY;
  const enough = new AbortController();
  const deadline = forMs === undefined ? undefined : timers.after(forMs as number, () => enough.abort());
  await using consumer = kafka.consumer({ properties: properties?.consumer, commit: 'manual' });
  consumer.assign(stretches.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
  const throughput = new Throughput(clock.monotonicMs());
  const stop = eachSecond(context, throughput);
  try {
    if (ends.size > 0) {
      for await (const batch of consumer.batches({
        maxRecords: BATCH_RECORDS,
        signal: AbortSignal.any([signal, enough.signal]),
      })) {
        let sizeBytes = 0;
        for (const { keyBytes, valueBytes } of batch.records)
          sizeBytes += (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0);
        throughput.add(batch.length, sizeBytes);
        for (const { partition, offset } of batch.offsets) {
          if (offset >= (ends.get(partition) ?? 0)) ends.delete(partition);
        }
        if (ends.size === 0 || throughput.recordCount >= wanted) break;
      }
    }
  } catch (error) {
    // What was measured until Ctrl-C, or the end of the time, is told.
    if ((!signal.aborted && !enough.signal.aborted) || throughput.recordCount === 0) throw error;
  } finally {
    stop();
    deadline?.cancel();
  }
  await tellResult(context, { topic, rates: throughput.total(clock.monotonicMs()), latencyMs: undefined });
  signal.throwIfAborted();
}
