// DescribeProducers (API 61): lists the producers that are active in partitions (KIP-664).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const describeProducersRequest = request(
  'DescribeProducersRequest',
  61,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  }),
);
export type DescribeProducersRequest = Infer<typeof describeProducersRequest>;

export const describeProducersResponse = response(
  'DescribeProducersResponse',
  61,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        activeProducers: array({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: int32.default(-1),
          lastTimestamp: int64.default(-1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: int64.default(-1),
        }),
      }),
    }),
  }),
);
export type DescribeProducersResponse = Infer<typeof describeProducersResponse>;
