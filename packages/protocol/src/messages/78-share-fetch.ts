// ShareFetch (API 78): reads records for a share group, and acknowledges earlier ones (KIP-932). 2: a
// strict limit of records (KIP-1206), renewed locks (KIP-1222).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, int64, records, string, struct, uuid } from '../schema.ts';

export const shareFetchRequest = request(
  'ShareFetchRequest',
  78,
  { versions: [1, 2], flexibleSince: 0 },
  () => ({
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fffffff),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2, 0),
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
    forgottenTopicsData: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  }),
);
export type ShareFetchRequest = Infer<typeof shareFetchRequest>;

export const shareFetchResponse = response(
  'ShareFetchResponse',
  78,
  { versions: [1, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: string.nullable().default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
        records,
        acquiredRecords: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
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
export type ShareFetchResponse = Infer<typeof shareFetchResponse>;
