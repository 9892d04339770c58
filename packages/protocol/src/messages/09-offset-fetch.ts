// OffsetFetch (API 9): reads a group's positions. From 8 on, of several groups at once (KIP-709); 10:
// topic ids.
// Null topics ask for all, from 2 on.

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string, uuid } from '../schema.ts';

export const offsetFetchRequest = request(
  'OffsetFetchRequest',
  9,
  { versions: [0, 10], flexibleSince: 6 },
  () => ({
    groupId: string.until(7),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable(2)
      .until(7),
    groups: array({
      groupId: string,
      memberId: string.nullable().since(9, null),
      memberEpoch: int32.since(9, -1),
      topics: array({
        name: string.until(9),
        topicId: uuid.since(10),
        partitionIndexes: array(int32),
      }).nullable(),
    }).since(8),
    requireStable: bool.since(7, false),
  }),
);
export type OffsetFetchRequest = Infer<typeof offsetFetchRequest>;

export const offsetFetchResponse = response(
  'OffsetFetchResponse',
  9,
  { versions: [0, 10], flexibleSince: 6 },
  () => ({
    throttleTimeMs: int32.since(3, 0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5, -1),
        metadata: string.nullable(),
        errorCode: int16,
      }),
    }).until(7),
    errorCode: int16.since(2, 0).until(7),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9),
        topicId: uuid.since(10),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.default(-1),
          metadata: string.nullable(),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    }).since(8),
  }),
);
export type OffsetFetchResponse = Infer<typeof offsetFetchResponse>;
