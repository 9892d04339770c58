// CreatePartitions (API 37): gives topics more partitions (KIP-195).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string } from '../schema.ts';

export const createPartitionsRequest = request(
  'CreatePartitionsRequest',
  37,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    topics: array({
      name: string,
      count: int32,
      assignments: array({
        brokerIds: array(int32),
      }).nullable(),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  }),
);
export type CreatePartitionsRequest = Infer<typeof createPartitionsRequest>;

export const createPartitionsResponse = response(
  'CreatePartitionsResponse',
  37,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  }),
);
export type CreatePartitionsResponse = Infer<typeof createPartitionsResponse>;
