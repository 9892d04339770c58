// Asks the leaders of many partitions: one request per broker, again for those whose leader has moved, until each partition has an answer.

import { ErrorCode, isRetriable } from '@moldau/protocol';
import { BrokerError, KafkaError } from '../errors/kafka-error.ts';
import type { Limits } from '../network/waiting.ts';
import type { CallOptions, Cluster } from './cluster.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** How long a topic that nobody knows may take to appear: it may have been made a moment ago. */
const UNKNOWN_TOPIC_PATIENCE_MS = 2_000;

/**
 * The answers by the items they belong to; for what cannot be had, a KafkaError. `ask` sends one request about items that one broker leads, and
 * returns an answer with an error code for each. `operation` is what the right is called that one needs for it. Rejects when time is over.
 */
export async function askLeaders<
  Item extends TopicPartition,
  Answer extends TopicPartition & { readonly errorCode: number; readonly errorMessage?: string | null },
>(
  cluster: Cluster,
  items: readonly Item[],
  options: CallOptions & { readonly operation?: string },
  ask: (brokerId: number, items: readonly Item[], limits: Limits) => Promise<readonly Answer[]>,
): Promise<Map<Item, Answer | KafkaError>> {
  const results = new Map<Item, Answer | KafkaError>();
  const startedMs = cluster.ports.clock.monotonicMs();
  const isLasting = (errorCode: number): boolean =>
    !isRetriable(errorCode as ErrorCode) ||
    (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION &&
      cluster.ports.clock.monotonicMs() - startedMs >= UNKNOWN_TOPIC_PATIENCE_MS);

  /** What a broker said last: that there was no time to ask again says less. */
  let said: BrokerError | undefined;

  const attempt = async (limits: Limits): Promise<void> => {
    const left = items.filter((item) => !results.has(item));
    const topics = [...new Set(left.map(({ topic }) => topic))];
    if (left.some(({ topic, partition }) => cluster.metadata.leader(topic, partition) === undefined)) {
      const { clock } = cluster.ports;
      const timeoutMs = Math.max(1, limits.deadlineMs - clock.monotonicMs());
      const wish = { topics, reason: 'leaders of partitions' };
      await cluster.refresh(wish, { timeoutMs, signal: limits.signal }).catch((error: unknown) => {
        throw said !== undefined && clock.monotonicMs() >= limits.deadlineMs ? said : error;
      });
    }
    let passing: KafkaError | undefined;
    const failed = (item: Item, errorCode: number, text?: string | null): void => {
      const { topic, partition } = item;
      const { operation } = options;
      const error = new BrokerError(errorCode, { topic, partition, said: text, operation });
      if (isLasting(errorCode)) results.set(item, error);
      else passing = said = error;
    };
    await Promise.all(
      [...byLeader(cluster, left, failed)].flatMap(withoutRepeats).map(async ([brokerId, group]) => {
        try {
          const answers = new Map(
            (await ask(brokerId, group, limits)).map((answer) => [keyOf(answer), answer]),
          );
          for (const item of group) {
            const answer = answers.get(keyOf(item));
            const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
            if (answer !== undefined && errorCode === ErrorCode.NONE) results.set(item, answer);
            else failed(item, errorCode, answer?.errorMessage);
          }
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          if (error.retriable) passing = error;
          else for (const item of group) results.set(item, error);
        }
      }),
    );
    if (passing !== undefined) throw passing;
  };

  await cluster.retrying(options, attempt, () => {
    const topics = new Set(items.filter((item) => !results.has(item)).map(({ topic }) => topic));
    cluster.outdated({ topics: [...topics], reason: 'leaders have moved' });
  });
  return results;
}

function byLeader<Item extends TopicPartition>(
  cluster: Cluster,
  items: readonly Item[],
  failed: (item: Item, errorCode: number) => void,
): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const { metadata } = cluster;
    const leader = metadata.leader(item.topic, item.partition);
    if (leader === undefined) {
      const isKnown = metadata.partition(item.topic, item.partition) !== undefined;
      const asked = metadata.topicError(item.topic) ?? ErrorCode.NONE;
      const unknown = asked === ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : asked;
      failed(item, isKnown ? ErrorCode.LEADER_NOT_AVAILABLE : unknown);
      continue;
    }
    const group = groups.get(leader.id);
    if (group === undefined) groups.set(leader.id, [item]);
    else group.push(item);
  }
  return groups;
}

/** Brokers refuse a request that has a partition twice, and its answers could not be told apart. */
function withoutRepeats<Item extends TopicPartition>([brokerId, items]: [number, Item[]]): [
  number,
  Item[],
][] {
  const requests: Map<string, Item>[] = [];
  for (const item of items) {
    const key = keyOf(item);
    const open = requests.find((request) => !request.has(key));
    if (open === undefined) requests.push(new Map([[key, item]]));
    else open.set(key, item);
  }
  return requests.map((request) => [brokerId, [...request.values()]]);
}

/** For maps by partition. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

/** Partitions as requests have them: by topic. */
export function byTopic<Item extends TopicPartition>(items: readonly Item[]): Map<string, Item[]> {
  const topics = new Map<string, Item[]>();
  for (const item of items) {
    const known = topics.get(item.topic);
    if (known === undefined) topics.set(item.topic, [item]);
    else known.push(item);
  }
  return topics;
}
