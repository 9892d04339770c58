// OffsetDelete (API 47): forgets a group's positions in topics that it no longer reads (KIP-496).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const offsetDeleteRequest = request('OffsetDeleteRequest', 47, { versions: [0, 0] }, () => ({
  groupId: string,
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
    }),
  }),
}));
export type OffsetDeleteRequest = Infer<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = response('OffsetDeleteResponse', 47, { versions: [0, 0] }, () => ({
  errorCode: int16,
  throttleTimeMs: int32.default(0),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
    }),
  }),
}));
export type OffsetDeleteResponse = Infer<typeof offsetDeleteResponse>;
