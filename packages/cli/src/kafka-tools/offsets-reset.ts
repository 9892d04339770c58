// Where groups that are to go on from another place go on, as Kafka's tools find it: by offset, time, shift or a file.

import type { Admin, OffsetPlace, TopicPartition } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { timeoutOf } from './group-words.ts';
import { executionError, illegalArgument, JavaError, runtimeError } from './java-errors.ts';
import { hashOrder, partitionHash, split } from './java-text.ts';
import { durationMs, timestampOf } from './java-time.ts';
import type { ToolContext } from './kafka-tool.ts';
import { logWarning } from './tool-log.ts';
import type { ToolOptions } from './tool-options.ts';

export interface NewOffset extends TopicPartition {
  readonly offset: number;
}

export interface ResetWorld {
  readonly admin: Admin;
  readonly options: ToolOptions;
  readonly context: ToolContext;
}

/** 'topic:0,1' names partitions. @throws JavaError */
export function splitTopics(texts: readonly string[]): { named: TopicPartition[]; whole: string[] } {
  const named = texts
    .filter((text) => text.includes(':'))
    .flatMap((text) => {
      const [topic = '', partitions, ...others] = split(text, ':');
      if (partitions === undefined || others.length > 0)
        throw illegalArgument(`Invalid topic arg '${text}', expected topic name and partitions`);
      return split(partitions, ',').map((partition) => {
        if (!/^[+-]?\d+$/.test(partition))
          throw illegalArgument(`Invalid partition '${partition}' specified in topic arg '${text}''`);
        return { topic, partition: Number(partition) };
      });
    });
  return { named, whole: [...new Set(texts.filter((text) => !text.includes(':')))] };
}

/** Those of --topic: named partitions, and all of the topics that stand alone. */
export async function partitionsToReset({ admin, options }: ResetWorld): Promise<TopicPartition[]> {
  const { named, whole } = splitTopics(options.all('topic'));
  if (whole.length === 0) return named;
  const described = await admin.topics.describe(whole, timeoutOf(options));
  const all = described.flatMap(({ name, partitions }) =>
    partitions.map(({ index }) => ({ topic: name, partition: index })),
  );
  return [...named, ...all];
}

/** @throws JavaError for partitions that are not there, or have no leader */
export async function checkPartitions(
  { admin, options }: ResetWorld,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const described = await admin.topics.describe(topics, timeoutOf(options)).catch((error: unknown) => {
    throw error instanceof KafkaError ? runtimeError(executionError(error)) : error;
  });
  const found = new Map(
    described.flatMap(({ name, partitions }) =>
      partitions.map(({ index, leaderId }) => [textOf({ topic: name, partition: index }), leaderId]),
    ),
  );
  const absent = partitions.map(textOf).filter((text) => !found.has(text));
  if (absent.length > 0) {
    throw new JavaError(
      'org.apache.kafka.common.errors.UnknownTopicOrPartitionException',
      `The partitions "${absent.join(',')}" do not exist`,
    );
  }
  const leaderless = partitions.map(textOf).filter((text) => found.get(text) === undefined);
  if (leaderless.length > 0) {
    throw new JavaError(
      'org.apache.kafka.common.errors.LeaderNotAvailableException',
      `The partitions "${leaderless.join(',')}" have no leader`,
    );
  }
}

export function textOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** Where each partition is in a place. */
export async function offsetsAt(
  { admin, options }: ResetWorld,
  partitions: readonly TopicPartition[],
  at: OffsetPlace,
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map();
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  const found = await admin.offsets.list(queries, timeoutOf(options)).catch((error: unknown) => {
    throw error instanceof KafkaError ? runtimeError(executionError(error)) : error;
  });
  return new Map(found.map(({ offset, ...partition }) => [textOf(partition), offset ?? -1]));
}

/** In the order in which Java's hash maps have them. */
export function inHashOrder<Item extends TopicPartition>(items: readonly Item[]): Item[] {
  return hashOrder(items, partitionHash);
}

/** Each at this place. */
export async function resetTo(
  world: ResetWorld,
  partitions: readonly TopicPartition[],
  at: OffsetPlace,
): Promise<NewOffset[]> {
  const found = await offsetsAt(world, partitions, at);
  return partitions.map(({ topic, partition }) => ({
    ...{ topic, partition },
    offset: found.get(textOf({ topic, partition })) ?? -1,
  }));
}

/** The first record that is not older; the end where all are. */
export async function resetToTime(
  world: ResetWorld,
  partitions: readonly TopicPartition[],
  timestampMs: number,
): Promise<NewOffset[]> {
  const found = await resetTo(world, partitions, { timestampMs });
  const missing = inHashOrder(found.filter(({ offset }) => offset < 0));
  for (const { topic, partition } of missing) {
    world.context.out(
      `\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.`,
    );
  }
  const ends = await offsetsAt(world, missing, 'latest');
  return found.map((each) => ({ ...each, offset: ends.get(textOf(each)) ?? each.offset }));
}

/** By --to-datetime or --by-duration. @throws JavaError */
export function timeToReset({ options, context }: ResetWorld): number {
  const text = options.get('to-datetime');
  if (text !== undefined) return timestampOf(text);
  return context.clock.wallMs() - durationMs(options.get('by-duration')!);
}

const LOGGER = 'org.apache.kafka.tools.OffsetsUtils';

/** None before the start, none after the end. */
export async function withinRange(world: ResetWorld, wished: readonly NewOffset[]): Promise<NewOffset[]> {
  const starts = await offsetsAt(world, wished, 'earliest');
  const ends = await offsetsAt(world, wished, 'latest');
  return inHashOrder(wished).map(({ topic, partition, offset }) => {
    const name = textOf({ topic, partition });
    const start = starts.get(name) ?? 0;
    const end = ends.get(name) ?? offset;
    const allowed = offset > end ? end : Math.max(offset, start);
    if (allowed !== offset) {
      const how = offset > end ? 'higher than latest' : 'lower than earliest';
      logWarning(
        world.context,
        `New offset (${offset}) is ${how} offset for topic partition ${name}. Value will be set to ${allowed}`,
        LOGGER,
      );
    }
    return { topic, partition, offset: allowed };
  });
}
