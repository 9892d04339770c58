// CreateAcls (KIP-140, KIP-290 prefixed patterns from version 1): adds access rules.

import { createAclsRequest, createAclsResponse, ErrorCode, KafkaError } from '@moldau/protocol';
import { hasKnownCodes } from '../security/authorization/acl-filter.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { checkSecurity } from './acl-requests.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const createAcls = serve({
  request: createAclsRequest,
  response: createAclsResponse,
  minVersion: 1,
  maxVersion: 3,
  async handle({ creations }, context, services) {
    const acls = creations.map(({ resourcePatternType: patternType, ...acl }) => ({ ...acl, patternType }));
    if (!acls.every(hasKnownCodes))
      throw new KafkaError(ErrorCode.INVALID_REQUEST, 'A rule names a kind that there is not.');
    demand(services, context, permissions.createAcls.cluster);
    checkSecurity(services);
    return { results: await services.controller.createAcls(acls) };
  },
  fail: ({ creations }, errorCode, errorMessage) => ({
    results: creations.map(() => ({ errorCode, errorMessage })),
  }),
});
