// ConsumerGroupHeartbeat (API 68): joins, keeps and leaves a group of the consumer protocol (KIP-848). 1:
// subscription by pattern.

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, struct, uuid } from '../schema.ts';

export const consumerGroupHeartbeatRequest = request(
  'ConsumerGroupHeartbeatRequest',
  68,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: array(string).nullable().default(null),
    subscribedTopicRegex: string.nullable().since(1, null),
    serverAssignor: string.nullable().default(null),
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    })
      .nullable()
      .default(null),
  }),
);
export type ConsumerGroupHeartbeatRequest = Infer<typeof consumerGroupHeartbeatRequest>;

export const consumerGroupHeartbeatResponse = response(
  'ConsumerGroupHeartbeatResponse',
  68,
  { versions: [0, 1], flexibleSince: 0 },
  () => {
    const topicPartitions = struct({
      topicId: uuid,
      partitions: array(int32),
    });
    return {
      throttleTimeMs: int32.default(0),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      memberId: string.nullable().default(null),
      memberEpoch: int32,
      heartbeatIntervalMs: int32,
      assignment: struct({
        topicPartitions: array(topicPartitions),
      })
        .nullable()
        .default(null),
    };
  },
);
export type ConsumerGroupHeartbeatResponse = Infer<typeof consumerGroupHeartbeatResponse>;
