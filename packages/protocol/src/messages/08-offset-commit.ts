// OffsetCommit (API 8): stores a group's positions. In 0 and 1 there is no retention; commit timestamps
// exist only in 1.
// 7: static members (KIP-345). 9: member epochs of the consumer protocol (KIP-848). 10: topic ids.

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, uuid } from '../schema.ts';

export const offsetCommitRequest = request(
  'OffsetCommitRequest',
  8,
  { versions: [0, 10], flexibleSince: 8 },
  () => ({
    groupId: string,
    generationIdOrMemberEpoch: int32.since(1, -1),
    memberId: string.since(1),
    groupInstanceId: string.nullable().since(7, null),
    retentionTimeMs: int64.since(2, -1).until(4),
    topics: array({
      name: string.until(9),
      topicId: uuid.since(10),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(6, -1),
        commitTimestamp: int64.since(1, -1).until(1),
        committedMetadata: string.nullable(),
      }),
    }),
  }),
);
export type OffsetCommitRequest = Infer<typeof offsetCommitRequest>;

export const offsetCommitResponse = response(
  'OffsetCommitResponse',
  8,
  { versions: [0, 10], flexibleSince: 8 },
  () => ({
    throttleTimeMs: int32.since(3, 0),
    topics: array({
      name: string.until(9),
      topicId: uuid.since(10),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  }),
);
export type OffsetCommitResponse = Infer<typeof offsetCommitResponse>;
