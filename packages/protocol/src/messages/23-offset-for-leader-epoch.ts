// OffsetForLeaderEpoch (API 23): finds where a leader epoch ends (KIP-101, KIP-279, KIP-320).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const offsetForLeaderEpochRequest = request(
  'OffsetForLeaderEpochRequest',
  23,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    replicaId: int32.since(3, -2),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(2, -1),
        leaderEpoch: int32,
      }),
    }),
  }),
);
export type OffsetForLeaderEpochRequest = Infer<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = response(
  'OffsetForLeaderEpochResponse',
  23,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.since(2, 0),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.since(1, -1),
        endOffset: int64.default(-1),
      }),
    }),
  }),
);
export type OffsetForLeaderEpochResponse = Infer<typeof offsetForLeaderEpochResponse>;
