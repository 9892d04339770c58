// Which offsets of which partitions are read, asked from the cluster before the first record is.

import { type Admin, KafkaError, PartialFailureError, type TopicPartition } from '@moldau/client';
import { CommandError, UsageError } from '../command-line/errors.ts';
import type { TopicPartitions } from '../command-line/values.ts';
import type { Place } from './places.ts';

/** From an offset to before another. */
export interface Stretch extends TopicPartition {
  readonly from: number;
  /** Undefined: there is no end. */
  readonly to: number | undefined;
}

export interface StretchOptions {
  readonly from: Place;
  /** Undefined: there is no end. */
  readonly until: Place | undefined;
  readonly isolation: 'read-uncommitted' | 'read-committed';
  readonly signal: AbortSignal;
}

export async function stretchesOf(
  admin: Admin,
  partitions: readonly TopicPartition[],
  { from, until, isolation, signal }: StretchOptions,
): Promise<Stretch[]> {
  const find = async (
    at: 'earliest' | 'latest' | { timestampMs: number },
  ): Promise<(number | undefined)[]> => {
    const queries = partitions.map((partition) => ({ ...partition, at }));
    return (await admin.offsets.list(queries, { isolation, signal })).map(({ offset }) => offset);
  };
  const times = async (place: Place | undefined) =>
    place?.kind === 'time' ? await find({ timestampMs: place.timestampMs }) : [];
  const [starts, ends, fromTimes, untilTimes] = await Promise.all([
    find('earliest'),
    find('latest'),
    times(from),
    times(until),
  ]);
  return partitions.map(({ topic, partition }, index) => {
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    const at = (place: Place, time: number | undefined): number =>
      Math.min(end, Math.max(start, offsetOf(place, { start, end, time })));
    return {
      ...{ topic, partition },
      from: at(from, fromTimes[index]),
      to: until === undefined ? undefined : at(until, untilTimes[index]),
    };
  });
}

/** A time behind the last record is the end. */
function offsetOf(
  place: Place,
  { start, end, time = end }: { start: number; end: number; time?: number | undefined },
): number {
  switch (place.kind) {
    case 'start':
      return start;
    case 'end':
      return end;
    case 'offset':
      return place.offset;
    case 'last':
      return end - place.count;
    case 'skipping':
      return start + place.count;
    case 'time':
      return time;
    case 'stored':
      throw new UsageError('--offset stored: a group stores offsets, so name one with --group');
  }
}

/** The partitions of topics that are named, or match. */
export async function partitionsOf(
  admin: Admin,
  topics: readonly TopicPartitions[],
  patterns: readonly RegExp[],
  signal: AbortSignal,
): Promise<TopicPartition[]> {
  const matching =
    patterns.length === 0
      ? []
      : (await admin.topics.list({ signal })).filter(({ name }) =>
          patterns.some((pattern) => pattern.test(name)),
        );
  if (patterns.length > 0 && matching.length === 0)
    throw new CommandError(`no topic matches ${patterns.map(({ source }) => source).join(', ')}`);
  const wanted = [...topics, ...matching.map(({ name }) => ({ topic: name, partitions: undefined }))];
  const descriptions = await admin.topics.describe(
    wanted.map(({ topic }) => topic),
    { signal },
  );
  return descriptions.flatMap(({ name: topic, partitions }, index) => {
    const chosen = wanted[index]!.partitions;
    const missing = chosen?.find((partition) => !partitions.some((each) => each.index === partition));
    if (missing !== undefined)
      throw new CommandError(`${topic} has no partition ${missing}: they are 0 to ${partitions.length - 1}`);
    return partitions
      .filter((partition) => chosen === undefined || chosen.includes(partition.index))
      .map((partition) => ({ topic, partition: partition.index }));
  });
}

/** Those of the topics that are not there. */
export async function missingOf(
  admin: Admin,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    await admin.topics.describe(topics, { signal });
    return [];
  } catch (error) {
    const errors = error instanceof PartialFailureError ? error.errors : [error];
    return errors.flatMap((each) =>
      each instanceof KafkaError && each.code === 'UNKNOWN_TOPIC_OR_PARTITION' ? (each.topic ?? []) : [],
    );
  }
}
