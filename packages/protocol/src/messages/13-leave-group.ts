// LeaveGroup (API 13): leaves a classic group. From 3 on, several members at once (KIP-345).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const leaveGroupRequest = request(
  'LeaveGroupRequest',
  13,
  { versions: [0, 5], flexibleSince: 4 },
  () => ({
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().default(null),
      reason: string.nullable().since(5, null),
    }).since(3),
  }),
);
export type LeaveGroupRequest = Infer<typeof leaveGroupRequest>;

export const leaveGroupResponse = response(
  'LeaveGroupResponse',
  13,
  { versions: [0, 5], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    errorCode: int16,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable(),
      errorCode: int16,
    }).since(3),
  }),
);
export type LeaveGroupResponse = Infer<typeof leaveGroupResponse>;
