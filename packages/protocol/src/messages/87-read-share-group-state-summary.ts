// ReadShareGroupStateSummary (API 87): reads where share partitions start (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, uuid } from '../schema.ts';

export const readShareGroupStateSummaryRequest = request(
  'ReadShareGroupStateSummaryRequest',
  87,
  { versions: [0, 1], flexibleSince: 0 },
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
export type ReadShareGroupStateSummaryRequest = Infer<typeof readShareGroupStateSummaryRequest>;

export const readShareGroupStateSummaryResponse = response(
  'ReadShareGroupStateSummaryResponse',
  87,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1, -1),
      }),
    }),
  }),
);
export type ReadShareGroupStateSummaryResponse = Infer<typeof readShareGroupStateSummaryResponse>;
