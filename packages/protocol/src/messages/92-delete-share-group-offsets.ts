// DeleteShareGroupOffsets (API 92): forgets the positions of share groups (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, uuid } from '../schema.ts';

export const deleteShareGroupOffsetsRequest = request(
  'DeleteShareGroupOffsetsRequest',
  92,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicName: string,
    }),
  }),
);
export type DeleteShareGroupOffsetsRequest = Infer<typeof deleteShareGroupOffsetsRequest>;

export const deleteShareGroupOffsetsResponse = response(
  'DeleteShareGroupOffsetsResponse',
  92,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  }),
);
export type DeleteShareGroupOffsetsResponse = Infer<typeof deleteShareGroupOffsetsResponse>;
