// DescribeGroups (API 15): describes classic groups and their members.

import { type Infer, request, response } from '../message.ts';
import { array, bool, bytes, int16, int32, string } from '../schema.ts';

export const describeGroupsRequest = request(
  'DescribeGroupsRequest',
  15,
  { versions: [0, 6], flexibleSince: 5 },
  () => ({
    groups: array(string),
    includeAuthorizedOperations: bool.since(3),
  }),
);
export type DescribeGroupsRequest = Infer<typeof describeGroupsRequest>;

export const describeGroupsResponse = response(
  'DescribeGroupsResponse',
  15,
  { versions: [0, 6], flexibleSince: 5 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    groups: array({
      errorCode: int16,
      errorMessage: string.nullable().since(6, null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.nullable().since(4, null),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3, -2147483648),
    }),
  }),
);
export type DescribeGroupsResponse = Infer<typeof describeGroupsResponse>;
