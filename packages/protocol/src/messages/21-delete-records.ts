// DeleteRecords (API 21): moves the start of partitions forward, so that records before it are deleted
// (KIP-107).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const deleteRecordsRequest = request(
  'DeleteRecordsRequest',
  21,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  }),
);
export type DeleteRecordsRequest = Infer<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = response(
  'DeleteRecordsResponse',
  21,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: int16,
      }),
    }),
  }),
);
export type DeleteRecordsResponse = Infer<typeof deleteRecordsResponse>;
