// WriteShareGroupState (API 85): stores the state of share partitions (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, int64, string, uuid } from '../schema.ts';

export const writeShareGroupStateRequest = request(
  'WriteShareGroupStateRequest',
  85,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1, -1),
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  }),
);
export type WriteShareGroupStateRequest = Infer<typeof writeShareGroupStateRequest>;

export const writeShareGroupStateResponse = response(
  'WriteShareGroupStateResponse',
  85,
  { versions: [0, 1], flexibleSince: 0 },
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
export type WriteShareGroupStateResponse = Infer<typeof writeShareGroupStateResponse>;
