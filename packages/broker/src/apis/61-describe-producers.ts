// DescribeProducers (KIP-664): what partitions remember of their producers, by which `kafka-transactions` finds
// transactions that nobody ends any more.

import { topicNameProblem } from '@moldau/metadata';
import { describeProducersRequest, describeProducersResponse, ErrorCode, KafkaError } from '@moldau/protocol';
import type { PartitionRegistry } from '../replication/partition-registry.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, refusal } from './authorize.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { serve } from './handler.ts';

export const describeProducers = serve({
  request: describeProducersRequest,
  response: describeProducersResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ topics }, context, services) {
    const { topic } = permissions.describeProducers;
    const answered = distinctWhenMany(topics, ({ name }) => name).map(async ({ name, partitionIndexes }) => {
      if (!may(services, context, topic, name)) {
        const { code, message } = refusal(topic);
        return { name, partitions: partitionIndexes.map((index) => failure(index, code, message)) };
      }
      const described = distinctWhenMany(partitionIndexes).map((index) =>
        describe(services.partitions, name, index),
      );
      return { name, partitions: await Promise.all(described) };
    });
    return { topics: await Promise.all(answered) };
  },
  fail: ({ topics }, errorCode, message) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((index) => failure(index, errorCode, message)),
    })),
  }),
});

async function describe(partitions: PartitionRegistry, topic: string, partitionIndex: number) {
  const problem = topicNameProblem(topic);
  if (problem !== undefined) return failure(partitionIndex, ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
  const partition = partitions.get(topic, partitionIndex);
  if (partition === undefined) {
    const message = `There is no partition ${topic}-${partitionIndex}`;
    return failure(partitionIndex, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
  }
  try {
    await partition.log.ready();
  } catch (error) {
    if (error instanceof KafkaError) return failure(partitionIndex, error.code, error.message);
    throw error;
  }
  const activeProducers = partition.log.activeProducers().map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    lastSequence: producer.lastSequence,
    lastTimestamp: producer.lastTimestampMs,
    coordinatorEpoch: producer.coordinatorEpoch,
    currentTxnStartOffset: producer.currentTransactionStartOffset,
  }));
  return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers };
}

function failure(partitionIndex: number, errorCode: number, errorMessage: string) {
  return { partitionIndex, errorCode, errorMessage, activeProducers: [] };
}
