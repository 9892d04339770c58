// AlterPartitionReassignments (API 45): moves partitions to other replicas (KIP-455).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string } from '../schema.ts';

export const alterPartitionReassignmentsRequest = request(
  'AlterPartitionReassignmentsRequest',
  45,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    timeoutMs: int32.default(60000),
    allowReplicationFactorChange: bool.since(1, true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32).nullable().default(null),
      }),
    }),
  }),
);
export type AlterPartitionReassignmentsRequest = Infer<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = response(
  'AlterPartitionReassignmentsResponse',
  45,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    allowReplicationFactorChange: bool.since(1, true),
    errorCode: int16,
    errorMessage: string.nullable(),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable(),
      }),
    }),
  }),
);
export type AlterPartitionReassignmentsResponse = Infer<typeof alterPartitionReassignmentsResponse>;
