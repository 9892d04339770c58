// A set of partitions, by topic: what a transaction has written to. Never changed once made, since records and answers
// under way hold on to it.

import type { TopicPartition } from './transaction-commands.ts';

export type PartitionSet = ReadonlyMap<string, ReadonlySet<number>>;

export const NO_PARTITIONS: PartitionSet = new Map();

export function hasPartition(set: PartitionSet, { topic, partition }: TopicPartition): boolean {
  return set.get(topic)?.has(partition) === true;
}

export function withPartitions(set: PartitionSet, added: readonly TopicPartition[]): PartitionSet {
  const union = new Map<string, ReadonlySet<number>>(set);
  const own = new Map<string, Set<number>>();
  for (const { topic, partition } of added) {
    let partitions = own.get(topic);
    if (partitions === undefined) {
      partitions = new Set(union.get(topic));
      own.set(topic, partitions);
      union.set(topic, partitions);
    }
    partitions.add(partition);
  }
  return union;
}

export function withoutPartitions(set: PartitionSet, removed: readonly TopicPartition[]): PartitionSet {
  const rest = new Map<string, Set<number>>();
  for (const [topic, partitions] of set) rest.set(topic, new Set(partitions));
  for (const { topic, partition } of removed) {
    const partitions = rest.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) rest.delete(topic);
  }
  return rest;
}

export function listPartitions(set: PartitionSet): TopicPartition[] {
  return Array.from(set).flatMap(([topic, partitions]) =>
    Array.from(partitions, (partition) => ({ topic, partition })),
  );
}
