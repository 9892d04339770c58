// SyncGroup: a member asks for its assignment, the leader brings everyone's. Answered when they are in the log.
// From version 5 on members say which protocol they think the group has chosen.

import { ErrorCode, syncGroupRequest, syncGroupResponse } from '@moldau/protocol';
import { syncError } from '../coordinators/groups/classic-group.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_PROTOCOL = 5;

export const syncGroup = serve({
  request: syncGroupRequest,
  response: syncGroupResponse,
  minVersion: 0,
  maxVersion: 5,
  handle(request, context, services) {
    const { protocolType, protocolName } = request;
    if (
      context.apiVersion >= FIRST_VERSION_WITH_PROTOCOL &&
      (protocolType === null || protocolName === null)
    ) {
      return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    demand(services, context, permissions.syncGroup.group, request.groupId);
    return services.groups.syncGroup(request);
  },
  fail: (_request, errorCode) => syncError(errorCode),
});
