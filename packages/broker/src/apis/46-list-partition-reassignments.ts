// ListPartitionReassignments (KIP-455). With one broker none is ever under way.

import {
  ErrorCode,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '@moldau/protocol';
import { serve } from './handler.ts';

export const listPartitionReassignments = serve({
  request: listPartitionReassignmentsRequest,
  response: listPartitionReassignmentsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle: () => ({ errorCode: ErrorCode.NONE, errorMessage: null, topics: [] }),
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, topics: [] }),
});
