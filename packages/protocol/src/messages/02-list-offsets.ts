// ListOffsets (API 2): finds the offset that belongs to a timestamp, or to one of the negative codes for
// earliest, latest and the like.
// 0 answers a list of segment bounds. 7: max timestamp (KIP-734). 8: earliest local (KIP-405). 10: a
// timeout for remote reads (KIP-1075).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, int64, string } from '../schema.ts';

export const listOffsetsRequest = request(
  'ListOffsetsRequest',
  2,
  { versions: [0, 11], flexibleSince: 6 },
  () => ({
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4, -1),
        timestamp: int64,
        maxNumOffsets: int32.default(1).until(0),
      }),
    }),
    timeoutMs: int32.since(10),
  }),
);
export type ListOffsetsRequest = Infer<typeof listOffsetsRequest>;

export const listOffsetsResponse = response(
  'ListOffsetsResponse',
  2,
  { versions: [0, 11], flexibleSince: 6 },
  () => ({
    throttleTimeMs: int32.since(2, 0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        oldStyleOffsets: array(int64).until(0),
        timestamp: int64.since(1, -1),
        offset: int64.since(1, -1),
        leaderEpoch: int32.since(4, -1),
      }),
    }),
  }),
);
export type ListOffsetsResponse = Infer<typeof listOffsetsResponse>;
