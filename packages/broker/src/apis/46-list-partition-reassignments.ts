// ListPartitionReassignments (KIP-455). With one broker none is ever under way.

import {
  ErrorCode,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

const NO_REPLICAS = { replicas: [], addingReplicas: [], removingReplicas: [] };

export const listPartitionReassignments = serve({
  request: listPartitionReassignmentsRequest,
  response: listPartitionReassignmentsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle(_request, context, services) {
    demand(services, context, permissions.listPartitionReassignments.cluster);
    return { errorCode: ErrorCode.NONE, errorMessage: null, topics: [] };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage },
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...NO_REPLICAS })),
    })),
  }),
});
