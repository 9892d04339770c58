// WriteTxnMarkers (API 27): writes the end of transactions into partitions, from the coordinator to leaders.

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, int64, string } from '../schema.ts';

export const writeTxnMarkersRequest = request(
  'WriteTxnMarkersRequest',
  27,
  { versions: [1, 2], flexibleSince: 1 },
  () => ({
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: bool,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2, 0),
    }),
  }),
);
export type WriteTxnMarkersRequest = Infer<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = response(
  'WriteTxnMarkersResponse',
  27,
  { versions: [1, 2], flexibleSince: 1 },
  () => ({
    markers: array({
      producerId: int64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  }),
);
export type WriteTxnMarkersResponse = Infer<typeof writeTxnMarkersResponse>;
