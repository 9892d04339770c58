// What a consumer reads, and of what type its records are: topics with their serdes, and names and patterns, whose records are bytes.

import type { TopicPartition } from '../cluster/ask-leaders.ts';
import { OptionsError } from '../errors/kafka-error.ts';
import type { Topic } from '../topic.ts';
import type { Position } from './fetching/types.ts';
import type { GroupSubscription } from './groups/types.ts';
import type { ConsumerRecord, TopicSerdes } from './records/consumer-record.ts';

type AnyTopic = Topic<never, never> | Topic<unknown, unknown>;

/** A topic that is declared, or named, or all whose name matches. */
export type Subscribable = string | RegExp | AnyTopic;

export type SubscriptionInput = Subscribable | readonly Subscribable[];

/** The records of what was subscribed: those of all its topics. */
export type RecordOf<S> = S extends readonly (infer Each)[] ? RecordOfOne<Each> : RecordOfOne<S>;

type RecordOfOne<S> = S extends string | RegExp
  ? ConsumerRecord
  : S extends {
        readonly key: { deserialize(...given: never): infer K };
        readonly value: { deserialize(...given: never): infer V };
      }
    ? ConsumerRecord<K, V>
    : never;

/** A partition to read without a group's help. */
export interface PartitionInput {
  readonly topic: string | AnyTopic;
  readonly partition: number;
  /** Where to begin: by default at what the group committed, if there is a group, else where autoOffsetReset says. */
  readonly offset?: number | Position | undefined;
}

export type RecordOfPartition<P> = P extends { readonly topic: infer T } ? RecordOfOne<T> : never;

/** How topics are read, by their names. */
export class KnownTopics {
  readonly #serdes = new Map<string, TopicSerdes<unknown, unknown>>();

  /** Undefined: as bytes. */
  readonly serdesOf = (topic: string): TopicSerdes<unknown, unknown> | undefined => this.#serdes.get(topic);

  /** @throws OptionsError */
  subscription(input: SubscriptionInput): GroupSubscription {
    const topics = new Set<string>();
    const patterns: RegExp[] = [];
    for (const each of [input].flat() as Subscribable[]) {
      if (each instanceof RegExp) patterns.push(each);
      else topics.add(this.nameOf(each));
    }
    return { topics: [...topics], patterns };
  }

  /** Remembers how it is read. @throws OptionsError */
  nameOf(topic: string | AnyTopic): string {
    const name = typeof topic === 'string' ? topic : topic?.name;
    if (typeof name !== 'string' || name === '')
      throw new OptionsError(
        `${JSON.stringify(topic)} is no topic: give its name, a RegExp, or topic(name, { key, value }).`,
      );
    if (typeof topic !== 'string') this.#serdes.set(name, topic as TopicSerdes<unknown, unknown>);
    return name;
  }

  partition(input: PartitionInput): TopicPartition & { readonly position: Position | undefined } {
    const { partition, offset } = input;
    const topic = this.nameOf(input.topic);
    if (!Number.isSafeInteger(partition) || partition < 0)
      throw new OptionsError(`${topic} has no partition ${partition}: they are whole numbers from 0 on.`);
    return { topic, partition, position: typeof offset === 'number' ? { offset } : offset };
  }
}
