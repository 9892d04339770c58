// JoinGroup: enters a group, or its next generation; answered when that generation starts. The leader is told of all
// members. From version 4 on a new member is first given its id and has to come back with it (KIP-394); from 5 on a
// member may be static (KIP-345); from 9 on a leader may be told to assign nothing (KIP-814).

import { joinGroupRequest, joinGroupResponse } from '@moldau/protocol';
import { joinError } from '../coordinators/groups/classic-group.ts';
import type { JoinAnswer } from '../coordinators/groups/group-commands.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { callerOf } from './group-requests.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_NULL_PROTOCOL = 7;

export const joinGroup = serve({
  request: joinGroupRequest,
  response: joinGroupResponse,
  minVersion: 0,
  maxVersion: 9,
  async handle(request, context, services) {
    const permission = permissions.joinGroup.group;
    if (!may(services, context, permission, request.groupId))
      return inVersion(joinError(permission.denied, request.memberId), context.apiVersion);
    return inVersion(await services.groups.joinGroup(request, callerOf(context)), context.apiVersion);
  },
  fail: ({ memberId }, errorCode) => ({ ...joinError(errorCode, memberId), protocolName: '' }),
});

function inVersion(answer: JoinAnswer, apiVersion: number): JoinAnswer {
  if (answer.protocolName !== null || apiVersion >= FIRST_VERSION_WITH_NULL_PROTOCOL) return answer;
  return { ...answer, protocolName: '' };
}
