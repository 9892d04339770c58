// The order in which Java's hash tables give their elements. Java's sticky assignors let it decide between members that are alike in all else, so ours
// do as well: whoever leads the group, the partitions stay where they are.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';

const INITIAL_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

export function hashOfText(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

export function hashOfPartition({ topic, partition }: TopicPartition): number {
  return (Math.imul(31, 31 + partition) + hashOfText(topic)) | 0;
}

/** How many buckets a table has that held so many at most. */
export function capacityFor(count: number): number {
  let capacity = INITIAL_CAPACITY;
  while (count > capacity * LOAD_FACTOR) capacity *= 2;
  return capacity;
}

export function bucketOf(hash: number, capacity: number): number {
  return (hash ^ (hash >>> 16)) & (capacity - 1);
}

/** By bucket; those in one bucket as they came. */
export function inHashOrder<T>(items: readonly T[], hashOf: (item: T) => number): T[] {
  const capacity = capacityFor(items.length);
  return items
    .map((item) => ({ item, bucket: bucketOf(hashOf(item), capacity) }))
    .sort((left, right) => left.bucket - right.bucket)
    .map(({ item }) => item);
}
