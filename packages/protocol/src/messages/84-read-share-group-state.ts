// ReadShareGroupState (API 84): reads the state of share partitions (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, int64, string, uuid } from '../schema.ts';

export const readShareGroupStateRequest = request(
  'ReadShareGroupStateRequest',
  84,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  }),
);
export type ReadShareGroupStateRequest = Infer<typeof readShareGroupStateRequest>;

export const readShareGroupStateResponse = response(
  'ReadShareGroupStateResponse',
  84,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        stateEpoch: int32,
        startOffset: int64,
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
export type ReadShareGroupStateResponse = Infer<typeof readShareGroupStateResponse>;
