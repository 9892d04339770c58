// Heartbeat: a member of a group is alive. Answered with REBALANCE_IN_PROGRESS when it is to join again.

import { heartbeatRequest, heartbeatResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { map } from './group-requests.ts';
import { serve } from './handler.ts';

export const heartbeat = serve({
  request: heartbeatRequest,
  response: heartbeatResponse,
  minVersion: 0,
  maxVersion: 4,
  handle(request, context, services) {
    demand(services, context, permissions.heartbeat.group, request.groupId);
    return map(services.groups.heartbeat(request), (errorCode) => ({ errorCode }));
  },
  fail: (_request, errorCode) => ({ errorCode }),
});
