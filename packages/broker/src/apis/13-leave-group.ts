// LeaveGroup: members go, and the others need not wait for their sessions to end. From version 3 on several at once, and
// static members by their group.instance.id alone (KIP-345).

import { ErrorCode, leaveGroupRequest, leaveGroupResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_MANY_MEMBERS = 3;

export const leaveGroup = serve({
  request: leaveGroupRequest,
  response: leaveGroupResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, context, services) {
    const { groupId, memberId } = request;
    const { groups } = services;
    demand(services, context, permissions.leaveGroup.group, groupId);
    if (context.apiVersion >= FIRST_VERSION_WITH_MANY_MEMBERS) return groups.leaveGroup(request);
    const member = { memberId, groupInstanceId: null, reason: null };
    const { errorCode, members } = await groups.leaveGroup({ groupId, members: [member] });
    return { errorCode: errorCode === ErrorCode.NONE ? (members[0]?.errorCode ?? errorCode) : errorCode };
  },
  fail: (_request, errorCode) => ({ errorCode, members: [] }),
});
