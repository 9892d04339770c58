// DeleteGroups (API 42): deletes groups without members (KIP-229).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const deleteGroupsRequest = request(
  'DeleteGroupsRequest',
  42,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    groupsNames: array(string),
  }),
);
export type DeleteGroupsRequest = Infer<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = response(
  'DeleteGroupsResponse',
  42,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      groupId: string,
      errorCode: int16,
    }),
  }),
);
export type DeleteGroupsResponse = Infer<typeof deleteGroupsResponse>;
