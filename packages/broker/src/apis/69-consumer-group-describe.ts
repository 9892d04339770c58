// ConsumerGroupDescribe (KIP-848): groups of the consumer protocol, what their members have and what they are to have.

import { consumerGroupDescribeRequest, consumerGroupDescribeResponse } from '@moldau/protocol';
import { describedError } from '../coordinators/groups/consumer-group-shard.ts';
import { ALL_GROUP_OPERATIONS, OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { serve } from './handler.ts';

export const consumerGroupDescribe = serve({
  request: consumerGroupDescribeRequest,
  response: consumerGroupDescribeResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groupIds, includeAuthorizedOperations }, _context, { groups }) {
    const described = await Promise.all(groupIds.map((groupId) => groups.describeConsumerGroup(groupId)));
    return {
      groups: described.map((group) => ({
        ...group,
        authorizedOperations:
          includeAuthorizedOperations && group.errorCode === 0 ? ALL_GROUP_OPERATIONS : OPERATIONS_NOT_ASKED,
      })),
    };
  },
  fail: ({ groupIds }, errorCode, errorMessage) => ({
    groups: groupIds.map((groupId) => describedError(groupId, errorCode, errorMessage)),
  }),
});
