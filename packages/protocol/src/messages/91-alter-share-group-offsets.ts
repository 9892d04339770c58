// AlterShareGroupOffsets (API 91): moves the positions of share groups (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, uuid } from '../schema.ts';

export const alterShareGroupOffsetsRequest = request(
  'AlterShareGroupOffsetsRequest',
  91,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        startOffset: int64,
      }),
    }),
  }),
);
export type AlterShareGroupOffsetsRequest = Infer<typeof alterShareGroupOffsetsRequest>;

export const alterShareGroupOffsetsResponse = response(
  'AlterShareGroupOffsetsResponse',
  91,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  }),
);
export type AlterShareGroupOffsetsResponse = Infer<typeof alterShareGroupOffsetsResponse>;
