// ListPartitionReassignments (API 46): lists the moves of partitions that are under way (KIP-455).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const listPartitionReassignmentsRequest = request(
  'ListPartitionReassignmentsRequest',
  46,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    timeoutMs: int32.default(60000),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable()
      .default(null),
  }),
);
export type ListPartitionReassignmentsRequest = Infer<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = response(
  'ListPartitionReassignmentsResponse',
  46,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  }),
);
export type ListPartitionReassignmentsResponse = Infer<typeof listPartitionReassignmentsResponse>;
