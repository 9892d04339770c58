// SyncGroup (API 14): hands out the assignment of a classic group's generation; the leader's request
// carries it.

import { type Infer, request, response } from '../message.ts';
import { array, bytes, int16, int32, string } from '../schema.ts';

export const syncGroupRequest = request(
  'SyncGroupRequest',
  14,
  { versions: [0, 5], flexibleSince: 4 },
  () => ({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3, null),
    protocolType: string.nullable().since(5, null),
    protocolName: string.nullable().since(5, null),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  }),
);
export type SyncGroupRequest = Infer<typeof syncGroupRequest>;

export const syncGroupResponse = response(
  'SyncGroupResponse',
  14,
  { versions: [0, 5], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    errorCode: int16,
    protocolType: string.nullable().since(5, null),
    protocolName: string.nullable().since(5, null),
    assignment: bytes,
  }),
);
export type SyncGroupResponse = Infer<typeof syncGroupResponse>;
