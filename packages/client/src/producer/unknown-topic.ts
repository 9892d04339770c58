// Waits for a topic that is not known yet: it may have been made a moment ago, or be made because it was asked for.

import { ErrorCode } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import type { Topic } from '../cluster/metadata.ts';
import { BrokerError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import { pause } from '../network/waiting.ts';

export interface TopicPatience {
  readonly deliveryTimeoutMs: number;
  readonly unknownTopicTimeoutMs: number;
  readonly allowTopicCreation: boolean;
}

/** Rejects with a KafkaError that says why there is no such topic. */
export async function awaitTopic(cluster: Cluster, name: string, patience: TopicPatience): Promise<Topic> {
  const { clock, timers, random } = cluster.ports;
  const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
  const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, random);
  const startedMs = clock.monotonicMs();
  const deadlineMs = startedMs + patience.deliveryTimeoutMs;
  for (;;) {
    const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
    const found = await lookUp(cluster, name, patience.allowTopicCreation, leftMs);
    if (!(found instanceof KafkaError)) return found;
    const nowMs = clock.monotonicMs();
    const isUnknown = found.code === 'UNKNOWN_TOPIC_OR_PARTITION';
    if (isUnknown && nowMs - startedMs >= patience.unknownTopicTimeoutMs) throw unknownTopic(name, patience);
    const delayMs = backoff.failed();
    if (nowMs + delayMs >= deadlineMs)
      throw new TimeoutError(
        `${name}: its partitions could not be found out within ${patience.deliveryTimeoutMs} ms. At last: ${found.message}`,
        { topic: name, cause: found },
      );
    await pause(timers, delayMs, cluster.closing);
  }
}

/** The topic, or why there is none just now. Rejects with what lasts. */
async function lookUp(
  cluster: Cluster,
  name: string,
  allowsCreation: boolean,
  timeoutMs: number,
): Promise<Topic | KafkaError> {
  try {
    await cluster.refresh(
      { topics: [name], reason: 'the partitions of a topic', allowsCreation },
      { timeoutMs },
    );
    const topic = cluster.metadata.topic(name);
    if (topic !== undefined && topic.partitions.length > 0) return topic;
    const errorCode = cluster.metadata.topicError(name) || ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    throw new BrokerError(errorCode, { topic: name, operation: 'Write' });
  } catch (error) {
    if (error instanceof KafkaError && error.retriable) return error;
    throw error;
  }
}

function unknownTopic(
  name: string,
  { allowTopicCreation, unknownTopicTimeoutMs }: TopicPatience,
): BrokerError {
  const why = allowTopicCreation
    ? 'and brokers do not make topics by themselves (auto.create.topics.enable is false)'
    : 'and allowTopicCreation is false, so it is not made';
  return new BrokerError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, {
    ...{ topic: name, saysAll: true },
    said: `No broker knows the topic after ${unknownTopicTimeoutMs} ms, ${why}. Check its name, or create it with admin.topics.create().`,
  });
}
