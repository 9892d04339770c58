// Who may lead partitions though it is not in sync: replicas that have all that was acknowledged, as far as the controller knows (KIP-966).

import {
  type DescribeTopicPartitionsResponse,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
} from '@moldau/protocol';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import type { KafkaError } from '../errors/kafka-error.ts';
import { allOrThrow, errorOf } from './results.ts';
import { inSteps } from './timing.ts';

export interface EligibleLeaders extends TopicPartition {
  /** Ids of brokers, none of them in sync. */
  readonly eligible: readonly number[];
  /** Those who were in sync last, when nobody is. */
  readonly lastKnown: readonly number[];
}

const DESCRIBE = { request: describeTopicPartitionsRequest, response: describeTopicPartitionsResponse };
/** Partitions in one answer. */
const PAGE_SIZE = 2_000;

/** Of all partitions of the topics, by topic, page by page. @throws as allOrThrow */
export async function eligibleLeaders(
  cluster: Cluster,
  topics: readonly string[],
  { pageSize = PAGE_SIZE, ...options }: CallOptions & { pageSize?: number },
): Promise<EligibleLeaders[]> {
  const left = inSteps(cluster, options);
  const found: (EligibleLeaders | KafkaError)[] = [];
  let open = [...new Set(topics)].sort();
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null;
  while (open.length > 0) {
    const input = { topics: open.map((name) => ({ name })), responsePartitionLimit: pageSize, cursor };
    const answer: DescribeTopicPartitionsResponse = await cluster.request(DESCRIBE, input, {
      ...left(),
      ...{ to: 'any', retry: {} },
    });
    for (const topic of answer.topics) found.push(...partitionsOf(topic));
    cursor = answer.nextCursor;
    const next = cursor?.topicName;
    open = next === undefined ? [] : open.filter((name) => name >= next);
  }
  return allOrThrow(found);
}

function partitionsOf(
  topic: DescribeTopicPartitionsResponse['topics'][number],
): (EligibleLeaders | KafkaError)[] {
  const name = topic.name ?? '';
  const error = errorOf(topic, { topic: name, operation: 'Describe' });
  if (error !== undefined) return [error];
  return topic.partitions.map(({ partitionIndex, eligibleLeaderReplicas, lastKnownElr }) => ({
    ...{ topic: name, partition: partitionIndex },
    ...{ eligible: eligibleLeaderReplicas ?? [], lastKnown: lastKnownElr ?? [] },
  }));
}
