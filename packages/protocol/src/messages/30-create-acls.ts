// CreateAcls (API 30): adds access rules.

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const createAclsRequest = request(
  'CreateAclsRequest',
  30,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.since(1, 3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  }),
);
export type CreateAclsRequest = Infer<typeof createAclsRequest>;

export const createAclsResponse = response(
  'CreateAclsResponse',
  30,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: string.nullable(),
    }),
  }),
);
export type CreateAclsResponse = Infer<typeof createAclsResponse>;
