// DescribeShareGroupOffsets (API 90): reads the positions of share groups (KIP-932). 1: their lag (KIP-1226).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, uuid } from '../schema.ts';

export const describeShareGroupOffsetsRequest = request(
  'DescribeShareGroupOffsetsRequest',
  90,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        partitions: array(int32),
      }).nullable(),
    }),
  }),
);
export type DescribeShareGroupOffsetsRequest = Infer<typeof describeShareGroupOffsetsRequest>;

export const describeShareGroupOffsetsResponse = response(
  'DescribeShareGroupOffsetsResponse',
  90,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: int64.since(1, -1),
          errorCode: int16,
          errorMessage: string.nullable().default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  }),
);
export type DescribeShareGroupOffsetsResponse = Infer<typeof describeShareGroupOffsetsResponse>;
