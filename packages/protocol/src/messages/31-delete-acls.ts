// DeleteAcls (API 31): removes access rules that match filters.

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const deleteAclsRequest = request(
  'DeleteAclsRequest',
  31,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.nullable(),
      patternTypeFilter: int8.since(1, 3),
      principalFilter: string.nullable(),
      hostFilter: string.nullable(),
      operation: int8,
      permissionType: int8,
    }),
  }),
);
export type DeleteAclsRequest = Infer<typeof deleteAclsRequest>;

export const deleteAclsResponse = response(
  'DeleteAclsResponse',
  31,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    filterResults: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        patternType: int8.since(1, 3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  }),
);
export type DeleteAclsResponse = Infer<typeof deleteAclsResponse>;
