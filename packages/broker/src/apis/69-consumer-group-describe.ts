// ConsumerGroupDescribe (KIP-848): groups of the consumer protocol, what their members have and what they are to have.

import { consumerGroupDescribeRequest, consumerGroupDescribeResponse, ErrorCode } from '@moldau/protocol';
import { describedError } from '../coordinators/groups/consumer-group-shard.ts';
import type { DescribedConsumerGroup } from '../coordinators/groups/group-commands.ts';
import { ResourceType } from '../security/authorization/acl.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { HIDDEN_TOPICS, may, partition, refusal } from './authorize.ts';
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { serve } from './handler.ts';

export const consumerGroupDescribe = serve({
  request: consumerGroupDescribeRequest,
  response: consumerGroupDescribeResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groupIds, includeAuthorizedOperations }, context, services) {
    const permission = permissions.consumerGroupDescribe;
    const isAllowed = (groupId: string) => may(services, context, permission.group, groupId);
    const [allowed, refused] = partition(distinctWhenMany(groupIds), isAllowed);
    const described = await Promise.all(
      allowed.map((groupId) => services.groups.describeConsumerGroup(groupId)),
    );
    const isSeen = (topic: string) => may(services, context, permission.topic, topic);
    const hide = (group: DescribedConsumerGroup) =>
      [...topicsOf(group)].every(isSeen)
        ? group
        : describedError(group.groupId, permission.topic.denied, HIDDEN_TOPICS);
    return {
      groups: [
        ...refused.map((groupId) => {
          const { code, message } = refusal(permission.group);
          return { ...describedError(groupId, code, message), authorizedOperations: OPERATIONS_NOT_ASKED };
        }),
        ...described.map(hide).map((group) => ({
          ...group,
          authorizedOperations:
            includeAuthorizedOperations && group.errorCode === ErrorCode.NONE
              ? services.authorizer.authorizedOperations(context, ResourceType.GROUP, group.groupId)
              : OPERATIONS_NOT_ASKED,
        })),
      ],
    };
  },
  fail: ({ groupIds }, errorCode, errorMessage) => ({
    groups: groupIds.map((groupId) => describedError(groupId, errorCode, errorMessage)),
  }),
});

/** Those that its members have, or are to have. */
function topicsOf({ members }: DescribedConsumerGroup): Set<string> {
  const assignments = members.flatMap(({ assignment, targetAssignment }) => [assignment, targetAssignment]);
  return new Set(
    assignments.flatMap(({ topicPartitions }) => topicPartitions.map(({ topicName }) => topicName)),
  );
}
