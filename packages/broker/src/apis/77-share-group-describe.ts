// ShareGroupDescribe (KIP-932): the state of share groups, their members, and what each member reads.

import {
  ErrorCode,
  KafkaError,
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
} from '@moldau/protocol';
import type { DescribedShareGroup } from '../coordinators/share/share-group-coordinator.ts';
import { ResourceType } from '../security/authorization/acl.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { HIDDEN_TOPICS, may, refusal } from './authorize.ts';
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { type Services, serve } from './handler.ts';

const ASSIGNOR = 'simple';

const NO_GROUP_ID: DescribedShareGroup = {
  ...{ errorCode: ErrorCode.INVALID_GROUP_ID, errorMessage: 'The group id is empty.' },
  ...{ groupState: '', groupEpoch: 0, assignmentEpoch: 0, members: [] },
};

export const shareGroupDescribe = serve({
  request: shareGroupDescribeRequest,
  response: shareGroupDescribeResponse,
  minVersion: 1,
  maxVersion: 1,
  async handle({ groupIds, includeAuthorizedOperations }, context, services) {
    const permission = permissions.shareGroupDescribe;
    const isSeen = (topic: string) => may(services, context, permission.topic, topic);
    const describe = async (groupId: string): Promise<DescribedShareGroup> => {
      if (groupId === '') return NO_GROUP_ID;
      if (!may(services, context, permission.group, groupId)) return failure(refusal(permission.group));
      const found = await services.share.groups.describe(groupId);
      const isAllSeen = [...topicsOf(found, services)].every(isSeen);
      return isAllSeen ? found : failure(new KafkaError(permission.topic.denied, HIDDEN_TOPICS));
    };
    const described = distinctWhenMany(groupIds).map(async (groupId) => {
      const { members, ...group } = await describe(groupId);
      const isKnown = group.errorCode === ErrorCode.NONE;
      return {
        ...group,
        groupId,
        assignorName: isKnown ? ASSIGNOR : '',
        members: members.map((member) => describeMember(member, services)),
        authorizedOperations:
          isKnown && includeAuthorizedOperations
            ? services.authorizer.authorizedOperations(context, ResourceType.GROUP, groupId)
            : OPERATIONS_NOT_ASKED,
      };
    });
    return { groups: await Promise.all(described) };
  },
  fail: ({ groupIds }, errorCode, errorMessage) => ({
    groups: groupIds.map((groupId) => ({
      ...{ groupId, errorCode, errorMessage, groupState: '', groupEpoch: 0, assignmentEpoch: 0 },
      ...{ assignorName: '', members: [] },
    })),
  }),
});

function failure({ code, message }: KafkaError): DescribedShareGroup {
  return {
    ...{ errorCode: code, errorMessage: message },
    ...{ groupState: '', groupEpoch: 0, assignmentEpoch: 0, members: [] },
  };
}

/** Those that its members have. */
function topicsOf({ members }: DescribedShareGroup, { metadata }: Services): Set<string> {
  const image = metadata();
  return new Set(
    members.flatMap(({ assigned }) =>
      [...assigned.keys()].flatMap((topicId) => image.topicById(topicId)?.name ?? []),
    ),
  );
}

function describeMember(
  { assigned, subscribedTopicNames, ...member }: DescribedShareGroup['members'][number],
  { metadata }: Services,
) {
  const image = metadata();
  const { memberId, rackId, memberEpoch, clientId, clientHost } = member;
  return {
    ...{ memberId, rackId, memberEpoch, clientId, clientHost },
    subscribedTopicNames: [...subscribedTopicNames],
    assignment: {
      topicPartitions: Array.from(assigned).flatMap(([topicId, partitions]) => {
        const topicName = image.topicById(topicId)?.name;
        if (topicName === undefined) return [];
        return [{ topicId, topicName, partitions: [...partitions].sort((a, b) => a - b) }];
      }),
    },
  };
}
