// ShareAcknowledge (API 79): acknowledges records of a share group (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, int64, string, struct, uuid } from '../schema.ts';

export const shareAcknowledgeRequest = request(
  'ShareAcknowledgeRequest',
  79,
  { versions: [1, 2], flexibleSince: 0 },
  () => ({
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    isRenewAck: bool.since(2, false),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
  }),
);
export type ShareAcknowledgeRequest = Infer<typeof shareAcknowledgeRequest>;

export const shareAcknowledgeResponse = response(
  'ShareAcknowledgeResponse',
  79,
  { versions: [1, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32.since(2),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
    }),
  }),
);
export type ShareAcknowledgeResponse = Infer<typeof shareAcknowledgeResponse>;
