// ConsumerGroupHeartbeat (KIP-848): joins, keeps and leaves a group of the consumer protocol. Version 1 adds
// subscriptions by regular expression and has members choose their ids.

import { consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse } from '@moldau/protocol';
import { callerOf } from './group-requests.ts';
import { serve } from './handler.ts';

export const consumerGroupHeartbeat = serve({
  request: consumerGroupHeartbeatRequest,
  response: consumerGroupHeartbeatResponse,
  minVersion: 0,
  maxVersion: 1,
  handle: (request, context, { groups }) => groups.consumerHeartbeat(request, callerOf(context)),
  fail: (_request, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage, memberId: null, memberEpoch: 0 },
    ...{ heartbeatIntervalMs: 0, assignment: null },
  }),
});
