// ListGroups (API 16): lists the groups that a broker coordinates, by state (KIP-518) and type (KIP-848).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const listGroupsRequest = request(
  'ListGroupsRequest',
  16,
  { versions: [0, 5], flexibleSince: 3 },
  () => ({
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  }),
);
export type ListGroupsRequest = Infer<typeof listGroupsRequest>;

export const listGroupsResponse = response(
  'ListGroupsResponse',
  16,
  { versions: [0, 5], flexibleSince: 3 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4),
      groupType: string.since(5),
    }),
  }),
);
export type ListGroupsResponse = Infer<typeof listGroupsResponse>;
