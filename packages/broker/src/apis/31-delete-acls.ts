// DeleteAcls (KIP-140, KIP-290 prefixed patterns from version 1): removes the access rules that filters mean, and tells which they were.

import { deleteAclsRequest, deleteAclsResponse, ErrorCode } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { checkFilter, checkSecurity } from './acl-requests.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

const OK = { errorCode: ErrorCode.NONE, errorMessage: null };

export const deleteAcls = serve({
  request: deleteAclsRequest,
  response: deleteAclsResponse,
  minVersion: 1,
  maxVersion: 3,
  async handle({ filters }, context, services) {
    for (const filter of filters) checkFilter(filter);
    demand(services, context, permissions.deleteAcls.cluster);
    checkSecurity(services);
    const deleted = await services.controller.deleteAcls(filters);
    return {
      filterResults: deleted.map(({ matching, ...result }) => ({
        ...result,
        matchingAcls: matching.map((acl) => ({ ...OK, ...acl })),
      })),
    };
  },
  fail: ({ filters }, errorCode, errorMessage) => ({
    filterResults: filters.map(() => ({ errorCode, errorMessage, matchingAcls: [] })),
  }),
});
