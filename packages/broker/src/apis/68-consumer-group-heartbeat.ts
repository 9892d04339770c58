// ConsumerGroupHeartbeat (KIP-848): joins, keeps and leaves a group of the consumer protocol. Version 1 adds
// subscriptions by regular expression and has members choose their ids.

import { consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { callerOf } from './group-requests.ts';
import { serve } from './handler.ts';

export const consumerGroupHeartbeat = serve({
  request: consumerGroupHeartbeatRequest,
  response: consumerGroupHeartbeatResponse,
  minVersion: 0,
  maxVersion: 1,
  handle(request, context, services) {
    const permission = permissions.consumerGroupHeartbeat;
    demand(services, context, permission.group, request.groupId);
    for (const topic of request.subscribedTopicNames ?? [])
      demand(services, context, permission.topic, topic);
    const maySeeTopic = (topic: string) => may(services, context, permission.matchedTopic, topic);
    return services.groups.consumerHeartbeat(request, { ...callerOf(context), maySeeTopic });
  },
  fail: (_request, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage, memberId: null, memberEpoch: 0 },
    ...{ heartbeatIntervalMs: 0, assignment: null },
  }),
});
