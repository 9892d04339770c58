// ShareGroupDescribe (KIP-932): the state of share groups, their members, and what each member reads.

import { ErrorCode, shareGroupDescribeRequest, shareGroupDescribeResponse } from '@moldau/protocol';
import type { DescribedShareGroup } from '../coordinators/share/share-group-coordinator.ts';
import { ALL_GROUP_OPERATIONS, OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
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
  async handle({ groupIds, includeAuthorizedOperations }, _context, services) {
    const described = groupIds.map(async (groupId) => {
      const { members, ...group } =
        groupId === '' ? NO_GROUP_ID : await services.share.groups.describe(groupId);
      const isKnown = group.errorCode === ErrorCode.NONE;
      return {
        ...group,
        groupId,
        assignorName: isKnown ? ASSIGNOR : '',
        members: members.map((member) => describeMember(member, services)),
        authorizedOperations:
          isKnown && includeAuthorizedOperations ? ALL_GROUP_OPERATIONS : OPERATIONS_NOT_ASKED,
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
