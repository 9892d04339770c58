// How far each partition is to be read, and how far it was. Without an end nothing is ever reached.

import type { Consumer, ConsumerRecord, TopicPartition } from '@moldau/client';
import type { Timer, Timers } from '@moldau/io';
import type { Stretch } from './stretches.ts';

interface Goal {
  readonly partition: TopicPartition;
  readonly from: number;
  readonly to: number;
  position: number;
}

type NextOffset = TopicPartition & { readonly offset: number };

const WATCH_MS = 200;

export class Goals {
  readonly #goals = new Map<string, Goal>();
  readonly #hasEnd: boolean;

  constructor(hasEnd: boolean) {
    this.#hasEnd = hasEnd;
  }

  /** In place of what was said of the same partition. */
  add({ topic, partition, from, to }: Stretch): void {
    if (to !== undefined)
      this.#goals.set(keyOf({ topic, partition }), {
        partition: { topic, partition },
        from,
        to,
        position: from,
      });
  }

  /** It is read by others. */
  remove(partition: TopicPartition): void {
    this.#goals.delete(keyOf(partition));
  }

  /** It is gone. */
  removeTopic(topic: string): void {
    for (const { partition } of this.#goals.values()) if (partition.topic === topic) this.remove(partition);
  }

  /** Offsets from the beginnings to the ends; undefined: there are no ends. */
  get total(): number | undefined {
    if (!this.#hasEnd) return undefined;
    return this.#sum(({ from, to }) => to - from);
  }

  /** Of them, those that are behind us. */
  get done(): number {
    return this.#sum(({ from, to, position }) => Math.min(to, position) - from);
  }

  get isReached(): boolean {
    if (!this.#hasEnd || this.#goals.size === 0) return false;
    for (const { position, to } of this.#goals.values()) if (position < to) return false;
    return true;
  }

  /** Some records before these offsets may be beyond a goal. */
  isPassedBy(offsets: readonly NextOffset[]): boolean {
    return offsets.some(
      (next) => next.offset > (this.#goals.get(keyOf(next))?.to ?? Number.POSITIVE_INFINITY),
    );
  }

  isWanted(record: ConsumerRecord): boolean {
    return record.offset < (this.#goals.get(keyOf(record))?.to ?? Number.POSITIVE_INFINITY);
  }

  /** Everything before these offsets is done. Returns the partitions that are read to their ends with it. */
  reached(offsets: readonly NextOffset[]): TopicPartition[] {
    const ended: TopicPartition[] = [];
    for (const next of offsets) {
      const goal = this.#goals.get(keyOf(next));
      if (goal === undefined) continue;
      if (goal.position < goal.to && next.offset >= goal.to) ended.push(goal.partition);
      goal.position = Math.max(goal.position, next.offset);
    }
    return ended;
  }

  /** What stands last in a partition may be no record, and all that comes of it is a position. Calls back when everything is reached. */
  watch(consumer: Pick<Consumer, 'position'>, timers: Timers, whenReached: () => void): Timer {
    if (!this.#hasEnd) return { cancel() {} };
    let timer: Timer;
    const look = (): void => {
      for (const goal of this.#goals.values()) {
        if (goal.position < goal.to)
          goal.position = Math.max(goal.position, positionOf(consumer, goal.partition));
      }
      if (this.isReached) whenReached();
      else timer = timers.after(WATCH_MS, look);
    };
    timer = timers.after(WATCH_MS, look);
    return { cancel: () => timer.cancel() };
  }

  #sum(of: (goal: Goal) => number): number {
    let sum = 0;
    for (const goal of this.#goals.values()) sum += of(goal);
    return sum;
  }
}

/** For maps and sets by partition. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

function positionOf(consumer: Pick<Consumer, 'position'>, partition: TopicPartition): number {
  try {
    return consumer.position(partition) ?? -1;
  } catch {
    // Others have it.
    return -1;
  }
}
