// What moved between which members, so that nothing of a topic goes one way while something else of it comes back: then the latter goes nowhere.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import { bucketOf, capacityFor, hashOfPartition } from './java-order.ts';

interface Movement {
  readonly from: string;
  readonly to: string;
}

/** As Java's HashSet: it never shrinks, and its first element is that of the lowest bucket. */
class Moved {
  readonly partitions = new Set<TopicPartition>();
  #mostCount = 0;

  add(partition: TopicPartition): void {
    this.partitions.add(partition);
    this.#mostCount = Math.max(this.#mostCount, this.partitions.size);
  }

  first(): TopicPartition {
    const capacity = capacityFor(this.#mostCount);
    const bucket = (partition: TopicPartition): number => bucketOf(hashOfPartition(partition), capacity);
    return [...this.partitions].reduce((first, each) => (bucket(each) < bucket(first) ? each : first));
  }
}

export class Movements {
  readonly #byPartition = new Map<TopicPartition, Movement>();
  /** By topic and both members. */
  readonly #byPair = new Map<string, Moved>();

  /** What to move in place of the partition. */
  instead(partition: TopicPartition, owner: string, to: string): TopicPartition {
    const from = this.#byPartition.get(partition)?.from ?? owner;
    return this.#byPair.get(pairKey(partition.topic, to, from))?.first() ?? partition;
  }

  moved(partition: TopicPartition, from: string, to: string): void {
    const earlier = this.#byPartition.get(partition);
    if (earlier !== undefined) this.#forget(partition, earlier);
    const movement = { from: earlier?.from ?? from, to };
    // It is back where it was.
    if (movement.from === to) return;
    this.#byPartition.set(partition, movement);
    const key = pairKey(partition.topic, movement.from, to);
    const moved = this.#byPair.get(key) ?? new Moved();
    moved.add(partition);
    this.#byPair.set(key, moved);
  }

  #forget(partition: TopicPartition, { from, to }: Movement): void {
    this.#byPartition.delete(partition);
    const key = pairKey(partition.topic, from, to);
    const { partitions } = this.#byPair.get(key)!;
    partitions.delete(partition);
    if (partitions.size === 0) this.#byPair.delete(key);
  }
}

function pairKey(topic: string, from: string, to: string): string {
  return JSON.stringify([topic, from, to]);
}
