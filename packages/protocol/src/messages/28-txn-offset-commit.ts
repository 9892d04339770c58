// TxnOffsetCommit (API 28): stores a group's positions as a part of a transaction. 3: fenced by the
// member's generation (KIP-447).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const txnOffsetCommitRequest = request(
  'TxnOffsetCommitRequest',
  28,
  { versions: [0, 5], flexibleSince: 3 },
  () => ({
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationId: int32.since(3, -1),
    memberId: string.since(3, ''),
    groupInstanceId: string.nullable().since(3, null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(2, -1),
        committedMetadata: string.nullable(),
      }),
    }),
  }),
);
export type TxnOffsetCommitRequest = Infer<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = response(
  'TxnOffsetCommitResponse',
  28,
  { versions: [0, 5], flexibleSince: 3 },
  () => ({
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  }),
);
export type TxnOffsetCommitResponse = Infer<typeof txnOffsetCommitResponse>;
