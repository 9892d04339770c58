// Who writes into partitions: what brokers remember of idempotent and transactional producers.

import {
  type DescribeProducersResponse,
  describeProducersRequest,
  describeProducersResponse,
} from '@moldau/protocol';
import { byTopic, keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { eachLeader } from './each-leader.ts';
import { allOrThrow, errorOf } from './results.ts';

export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  /** Of the transaction coordinator that ended its last transaction; undefined: it has ended none there. */
  readonly coordinatorEpoch: number | undefined;
  /** Where its open transaction begins; undefined: it has none open. */
  readonly transactionStartOffset: number | undefined;
}

export interface PartitionProducers extends TopicPartition {
  readonly producers: readonly ActiveProducer[];
}

type PartitionAnswer = DescribeProducersResponse['topics'][number]['partitions'][number];

const DESCRIBE = { request: describeProducersRequest, response: describeProducersResponse };

export class ProducersAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** In the order of `partitions`; as their leaders know them, or one broker that has replicas of them. */
  async describe(
    partitions: TopicPartition | readonly TopicPartition[],
    options: CallOptions & { brokerId?: number } = {},
  ): Promise<PartitionProducers[]> {
    const asked = [partitions].flat();
    if (options.brokerId !== undefined) return await this.#describeAt(options.brokerId, asked, options);
    return await eachLeader(this.#cluster, asked, options, {
      operation: 'Read',
      ask: async (topics, call) => {
        const input = topics.map(({ name, items }) => topicAsked(name, items));
        return (await this.#cluster.request(DESCRIBE, { topics: input }, call)).topics;
      },
      resultOf: ({ activeProducers }, item) => described(item, activeProducers),
    });
  }

  async #describeAt(
    brokerId: number,
    asked: readonly TopicPartition[],
    options: CallOptions,
  ): Promise<PartitionProducers[]> {
    const topics = [...byTopic(asked)].map(([name, items]) => topicAsked(name, items));
    const answer = await this.#cluster.request(
      DESCRIBE,
      { topics },
      { ...options, to: { brokerId }, retry: {} },
    );
    const found = new Map<string, PartitionAnswer>();
    for (const { name, partitions } of answer.topics)
      for (const each of partitions) found.set(keyOf({ topic: name, partition: each.partitionIndex }), each);
    return allOrThrow(
      asked.map(({ topic, partition }) => {
        const each = found.get(keyOf({ topic, partition }));
        const error = errorOf(each, { topic, partition, operation: 'Read' });
        return error ?? described({ topic, partition }, each!.activeProducers);
      }),
    );
  }
}

function topicAsked(name: string, items: readonly TopicPartition[]) {
  return { name, partitionIndexes: items.map(({ partition }) => partition) };
}

function described(
  { topic, partition }: TopicPartition,
  producers: PartitionAnswer['activeProducers'],
): PartitionProducers {
  return {
    topic,
    partition,
    producers: producers.map(({ lastTimestamp, coordinatorEpoch, currentTxnStartOffset, ...rest }) => ({
      ...rest,
      lastTimestampMs: lastTimestamp,
      coordinatorEpoch: coordinatorEpoch < 0 ? undefined : coordinatorEpoch,
      transactionStartOffset: currentTxnStartOffset < 0 ? undefined : currentTxnStartOffset,
    })),
  };
}
