// OffsetForLeaderEpoch (KIP-101, KIP-279, KIP-320): where an epoch ends in our log, so that others find where theirs parts from it.

import {
  ErrorCode,
  KafkaError,
  type OffsetForLeaderEpochRequest,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { type Services, serve } from './handler.ts';

type PartitionRequest = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number];

export const offsetForLeaderEpoch = serve({
  request: offsetForLeaderEpochRequest,
  response: offsetForLeaderEpochResponse,
  minVersion: 0,
  maxVersion: 4,
  async handle(request, context, services) {
    const permission = permissions.offsetForLeaderEpoch;
    const isBroker = may(services, context, permission.cluster);
    const topics = request.topics.map(async ({ topic, partitions }) => {
      if (!isBroker && !may(services, context, permission.topic, topic)) {
        const errorCode = permission.topic.denied;
        return { topic, partitions: partitions.map(({ partition }) => ({ partition, errorCode })) };
      }
      const answers = partitions.map((wanted) => answer(topic, wanted, services));
      return { topic, partitions: await Promise.all(answers) };
    });
    return { topics: await Promise.all(topics) };
  },
  fail: (request, errorCode) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
    })),
  }),
});

async function answer(topic: string, wanted: PartitionRequest, services: Services) {
  const found = services.partitions.get(topic, wanted.partition);
  if (found === undefined)
    return { partition: wanted.partition, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  try {
    await found.log.ready();
    found.checkLeaderEpoch(wanted.currentLeaderEpoch);
    const { leaderEpoch, endOffset } = found.epochEndOffset(wanted.leaderEpoch);
    return { partition: wanted.partition, errorCode: ErrorCode.NONE, leaderEpoch, endOffset };
  } catch (error) {
    if (error instanceof KafkaError) return { partition: wanted.partition, errorCode: error.code };
    throw error;
  }
}
