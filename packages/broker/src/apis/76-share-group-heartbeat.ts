// ShareGroupHeartbeat (KIP-932): joins, stays in and leaves a share group. A member is told its partitions when it joins, when
// it asks by naming its topics, and when they change.

import { shareGroupHeartbeatRequest, shareGroupHeartbeatResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const shareGroupHeartbeat = serve({
  request: shareGroupHeartbeatRequest,
  response: shareGroupHeartbeatResponse,
  minVersion: 1,
  maxVersion: 1,
  async handle(request, context, services) {
    const { clientId, clientHost } = context;
    const permission = permissions.shareGroupHeartbeat;
    demand(services, context, permission.group, request.groupId);
    for (const topic of request.subscribedTopicNames ?? [])
      demand(services, context, permission.topic, topic);
    const { assignment, ...answer } = await services.share.groups.heartbeat({
      ...request,
      ...{ clientId: clientId ?? '', clientHost },
    });
    if (assignment === null) return answer;
    const topicPartitions = Array.from(assignment, ([topicId, partitions]) => ({
      topicId,
      partitions: [...partitions].sort((a, b) => a - b),
    }));
    return { ...answer, assignment: { topicPartitions } };
  },
  fail: (_request, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage, memberEpoch: 0, heartbeatIntervalMs: 0 },
  }),
});
