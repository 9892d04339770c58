// Questions about partitions that only their leaders answer: one request to each leader, one result for each partition.

import { askLeaders, byTopic, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { allOrThrow } from './results.ts';

interface PartitionAnswer {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

interface LeaderQuestion<Item, Answer extends PartitionAnswer, Result> {
  /** What the right is called that one needs for it. */
  readonly operation: string;
  /** Sends one request, about partitions of one broker, by topic. */
  ask(
    topics: readonly { readonly name: string; readonly items: readonly Item[] }[],
    call: {
      readonly to: { readonly brokerId: number };
      readonly timeoutMs: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly { readonly name: string; readonly partitions: readonly Answer[] }[]>;
  resultOf(answer: Answer, item: Item): Result;
}

/** What the leaders say, in the order of `items`. @throws as allOrThrow */
export async function eachLeader<Item extends TopicPartition, Answer extends PartitionAnswer, Result>(
  cluster: Cluster,
  items: readonly Item[],
  options: CallOptions,
  { operation, ask, resultOf }: LeaderQuestion<Item, Answer, Result>,
): Promise<Exclude<Result, KafkaError>[]> {
  const { clock } = cluster.ports;
  const results = await askLeaders(
    cluster,
    items,
    { ...options, operation },
    async (brokerId, group, { deadlineMs, signal }) => {
      const timeoutMs = Math.max(1, Math.ceil(deadlineMs - clock.monotonicMs()));
      const topics = [...byTopic(group)].map(([name, items]) => ({ name, items }));
      const answers = await ask(topics, { to: { brokerId }, timeoutMs, ...(signal && { signal }) });
      return answers.flatMap(({ name, partitions }) =>
        partitions.map((answer) => ({ ...answer, topic: name, partition: answer.partitionIndex })),
      );
    },
  );
  return allOrThrow(
    items.map((item) => {
      const result = results.get(item)!;
      return result instanceof KafkaError ? result : resultOf(result, item);
    }),
  );
}
