// DescribeGroups: the state of groups and their members. A group that does not exist is described as Dead, and from
// version 6 on also by an error. Metadata of members is told while the group is Stable.

import { describeGroupsRequest, describeGroupsResponse, ErrorCode } from '@moldau/protocol';
import type { DescribedGroup } from '../coordinators/groups/group-commands.ts';
import { ResourceType } from '../security/authorization/acl.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition } from './authorize.ts';
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_NOT_FOUND = 6;

export const describeGroups = serve({
  request: describeGroupsRequest,
  response: describeGroupsResponse,
  minVersion: 0,
  maxVersion: 6,
  async handle(request, context, services) {
    const { group } = permissions.describeGroups;
    const isAllowed = (groupId: string) => may(services, context, group, groupId);
    const [allowed, refused] = partition(distinctWhenMany(request.groups), isAllowed);
    const described = await Promise.all(allowed.map((groupId) => services.groups.describeGroup(groupId)));
    const operationsOf = (groupId: string) =>
      request.includeAuthorizedOperations
        ? services.authorizer.authorizedOperations(context, ResourceType.GROUP, groupId)
        : OPERATIONS_NOT_ASKED;
    return {
      groups: [
        ...refused.map((groupId) => ({
          ...unknownState(groupId),
          errorCode: group.denied,
          errorMessage: null,
        })),
        ...described.map(({ problem, ...found }) => ({
          ...found,
          ...(problem === null || context.apiVersion < FIRST_VERSION_WITH_NOT_FOUND
            ? { ...NO_ERROR, authorizedOperations: operationsOf(found.groupId) }
            : notFound(problem)),
        })),
      ],
    };
  },
  fail: ({ groups }, errorCode, errorMessage) => ({
    groups: groups.map((groupId) => ({ ...unknownState(groupId), errorCode, errorMessage })),
  }),
});

const NO_ERROR = { errorCode: ErrorCode.NONE as number, errorMessage: null };

function notFound(errorMessage: string): {
  errorCode: number;
  errorMessage: string;
  authorizedOperations: number;
} {
  return {
    errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
    errorMessage,
    authorizedOperations: OPERATIONS_NOT_ASKED,
  };
}

function unknownState(groupId: string): Omit<DescribedGroup, 'problem'> {
  return { groupId, groupState: '', protocolType: '', protocolData: '', members: [] };
}
