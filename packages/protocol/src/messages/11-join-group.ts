// JoinGroup (API 11): enters a group of the classic protocol, or its next generation.
// 4: the member id is given in a first round (KIP-394). 5: static members (KIP-345). 9: skipped assignment
// (KIP-814).

import { type Infer, request, response } from '../message.ts';
import { array, bool, bytes, int16, int32, string } from '../schema.ts';

export const joinGroupRequest = request(
  'JoinGroupRequest',
  11,
  { versions: [0, 9], flexibleSince: 6 },
  () => ({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1, -1),
    memberId: string,
    groupInstanceId: string.nullable().since(5, null),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: string.nullable().since(8, null),
  }),
);
export type JoinGroupRequest = Infer<typeof joinGroupRequest>;

export const joinGroupResponse = response(
  'JoinGroupResponse',
  11,
  { versions: [0, 9], flexibleSince: 6 },
  () => ({
    throttleTimeMs: int32.since(2, 0),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.nullable().since(7, null),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: bool.since(9, false),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().since(5, null),
      metadata: bytes,
    }),
  }),
);
export type JoinGroupResponse = Infer<typeof joinGroupResponse>;
