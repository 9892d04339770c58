// InitializeShareGroupState (API 83): makes room for the state of share partitions (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, uuid } from '../schema.ts';

export const initializeShareGroupStateRequest = request(
  'InitializeShareGroupStateRequest',
  83,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64,
      }),
    }),
  }),
);
export type InitializeShareGroupStateRequest = Infer<typeof initializeShareGroupStateRequest>;

export const initializeShareGroupStateResponse = response(
  'InitializeShareGroupStateResponse',
  83,
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
export type InitializeShareGroupStateResponse = Infer<typeof initializeShareGroupStateResponse>;
