// DescribeGroups: the state of groups and their members. A group that does not exist is described as Dead, and from
// version 6 on also by an error. Metadata of members is told while the group is Stable.

import { describeGroupsRequest, describeGroupsResponse, ErrorCode } from '@moldau/protocol';
import type { DescribedGroup } from '../coordinators/groups/group-commands.ts';
import { ALL_GROUP_OPERATIONS, OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_NOT_FOUND = 6;

export const describeGroups = serve({
  request: describeGroupsRequest,
  response: describeGroupsResponse,
  minVersion: 0,
  maxVersion: 6,
  async handle(request, { apiVersion }, services) {
    const described = await Promise.all(
      request.groups.map((groupId) => services.groups.describeGroup(groupId)),
    );
    const authorizedOperations = request.includeAuthorizedOperations
      ? ALL_GROUP_OPERATIONS
      : OPERATIONS_NOT_ASKED;
    return {
      groups: described.map(({ problem, ...group }) => ({
        ...group,
        ...(problem === null || apiVersion < FIRST_VERSION_WITH_NOT_FOUND
          ? { ...NO_ERROR, authorizedOperations }
          : notFound(problem)),
      })),
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
