// `moldau offsets list`

import type { OffsetPlace } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';
import { timeMs, topicPartitions } from '../command-line/values.ts';
import { timeText } from '../output/units.ts';
import { partitionsFound } from './cluster-names.ts';
import { extentsOf, recordsIn } from './partition-extents.ts';

const NAMED = new Set(['earliest', 'latest', 'max-timestamp', 'earliest-local', 'latest-tiered']);

export async function run(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal, clock } = context;
  const { at, committed } = options as { at?: string; committed?: boolean };
  const named = manyArguments(args, 'topic').map(topicPartitions);
  const wanted =
    named.length > 0
      ? named
      : (await admin.topics.list({ signal })).map(({ name }) => ({ topic: name, partitions: undefined }));
  const partitions = await partitionsFound(context, wanted);
  if (at === undefined && committed !== true) {
    const extents = await extentsOf(admin, partitions, signal);
    return await output.rows(
      [
        { title: 'topic', show: ({ topic }) => topic },
        { title: 'partition', show: ({ partition }) => partition, isNumber: true },
        { title: 'start', show: ({ startOffset }) => startOffset, isNumber: true },
        { title: 'end', show: ({ endOffset }) => endOffset, isNumber: true },
        { title: 'records', show: ({ records }) => records, isNumber: true },
      ],
      partitions.map(({ topic, partition }, index) => {
        const { start, end } = extents[index]!;
        const records = recordsIn(extents[index]!) ?? null;
        return { topic, partition, startOffset: start ?? null, endOffset: end ?? null, records };
      }),
    );
  }
  const place = placeOf(at ?? 'latest', clock.wallMs());
  const queries = partitions.map((partition) => ({ ...partition, at: place }));
  const isolation = committed === true ? 'read-committed' : 'read-uncommitted';
  const found = await resultsOf(context, admin.offsets.list(queries, { signal, isolation }));
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'offset', show: ({ offset }) => offset, isNumber: true },
      { title: 'time', show: ({ timestampMs }) => (timestampMs === null ? null : timeText(timestampMs)) },
    ],
    found.map(({ topic, partition, offset, timestampMs }) => ({
      ...{ topic, partition, offset: offset ?? null, timestampMs: timestampMs ?? null },
    })),
  );
}

function placeOf(text: string, nowMs: number): OffsetPlace {
  return NAMED.has(text) ? (text as OffsetPlace) : { timestampMs: timeMs(text, nowMs) };
}
