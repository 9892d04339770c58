// From what is said on the command line to what is there: topics by name or pattern, and their partitions.

import type { Admin, TopicDescription, TopicPartition } from '@moldau/client';
import type { CommandContext } from '../command-line/command.ts';
import { CommandError } from '../command-line/errors.ts';
import { resultsOf } from '../command-line/several.ts';
import { regularExpression, type TopicPartitions } from '../command-line/values.ts';

/** Those named; with `isPattern`, those that any of the regular expressions fits, the brokers' own not among them. */
export async function topicsMeant(
  admin: Admin,
  names: readonly string[],
  isPattern: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  if (!isPattern) return [...new Set(names)];
  const patterns = names.map(regularExpression);
  const topics = await admin.topics.list({ signal });
  const found = topics.filter(({ name }) => patterns.some((pattern) => pattern.test(name)));
  if (found.length === 0) throw new CommandError(`no topic matches ${names.join(' or ')}`);
  return found.map(({ name }) => name);
}

/** Each one, in order; those of a topic that names none are asked from the cluster. Rejects when any is not there. */
export async function partitionsMeant(
  admin: Admin,
  wanted: readonly TopicPartitions[],
  signal: AbortSignal,
): Promise<TopicPartition[]> {
  const names = [...new Set(wanted.map(({ topic }) => topic))];
  return partitionsOf(wanted, await admin.topics.describe(names, { signal }));
}

/** The same for those who only look: a topic that is not there is told of, and hides nothing of the others. */
export async function partitionsFound(
  context: CommandContext,
  wanted: readonly TopicPartitions[],
): Promise<TopicPartition[]> {
  const { admin, signal } = context;
  const names = [...new Set(wanted.map(({ topic }) => topic))];
  const described = await resultsOf(context, admin.topics.describe(names, { signal }));
  const isThere = ({ topic }: TopicPartitions): boolean => described.some(({ name }) => name === topic);
  return partitionsOf(wanted.filter(isThere), described);
}

function partitionsOf(
  wanted: readonly TopicPartitions[],
  described: readonly TopicDescription[],
): TopicPartition[] {
  const known = new Map(
    described.map(({ name, partitions }) => [name, partitions.map(({ index }) => index)]),
  );
  return wanted.flatMap(({ topic, partitions }) => {
    const there = known.get(topic)!;
    const missing = partitions?.find((partition) => !there.includes(partition));
    if (missing !== undefined)
      throw new CommandError(
        `${topic} has no partition ${missing}: it has ${there.length}, from 0 to ${there.length - 1}`,
      );
    return (partitions ?? there).map((partition) => ({ topic, partition }));
  });
}
