// DeleteShareGroupState (API 86): forgets the state of share partitions (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, uuid } from '../schema.ts';

export const deleteShareGroupStateRequest = request(
  'DeleteShareGroupStateRequest',
  86,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
      }),
    }),
  }),
);
export type DeleteShareGroupStateRequest = Infer<typeof deleteShareGroupStateRequest>;

export const deleteShareGroupStateResponse = response(
  'DeleteShareGroupStateResponse',
  86,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  }),
);
export type DeleteShareGroupStateResponse = Infer<typeof deleteShareGroupStateResponse>;
