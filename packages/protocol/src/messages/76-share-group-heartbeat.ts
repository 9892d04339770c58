// ShareGroupHeartbeat (API 76): joins, keeps and leaves a share group (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, struct, uuid } from '../schema.ts';

export const shareGroupHeartbeatRequest = request(
  'ShareGroupHeartbeatRequest',
  76,
  { versions: [1, 1], flexibleSince: 0 },
  () => ({
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: string.nullable().default(null),
    subscribedTopicNames: array(string).nullable().default(null),
  }),
);
export type ShareGroupHeartbeatRequest = Infer<typeof shareGroupHeartbeatRequest>;

export const shareGroupHeartbeatResponse = response(
  'ShareGroupHeartbeatResponse',
  76,
  { versions: [1, 1], flexibleSince: 0 },
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
export type ShareGroupHeartbeatResponse = Infer<typeof shareGroupHeartbeatResponse>;
