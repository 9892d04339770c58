// DescribeAcls (API 29): lists access rules that match a filter. 1: prefixed patterns (KIP-290).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const describeAclsRequest = request(
  'DescribeAclsRequest',
  29,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.since(1, 3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  }),
);
export type DescribeAclsRequest = Infer<typeof describeAclsRequest>;

export const describeAclsResponse = response(
  'DescribeAclsResponse',
  29,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.since(1, 3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  }),
);
export type DescribeAclsResponse = Infer<typeof describeAclsResponse>;
