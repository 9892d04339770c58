// DescribeAcls (KIP-140, KIP-290 prefixed patterns from version 1): the access rules that a filter means, by the resources they are for.

import type { AclImage } from '@moldau/metadata';
import { describeAclsRequest, describeAclsResponse, ErrorCode } from '@moldau/protocol';
import { matchesFilter } from '../security/authorization/acl-filter.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { checkFilter, checkSecurity } from './acl-requests.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const describeAcls = serve({
  request: describeAclsRequest,
  response: describeAclsResponse,
  minVersion: 1,
  maxVersion: 3,
  handle(filter, context, services) {
    checkFilter(filter);
    demand(services, context, permissions.describeAcls.cluster);
    checkSecurity(services);
    const acls = [...services.metadata().acls.all()].filter((acl) => matchesFilter(filter, acl));
    return { errorCode: ErrorCode.NONE, errorMessage: null, resources: byResource(acls) };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, resources: [] }),
});

function byResource(acls: readonly AclImage[]) {
  const resources = new Map<
    string,
    Pick<AclImage, 'resourceType' | 'resourceName' | 'patternType'> & { acls: AclImage[] }
  >();
  for (const acl of acls) {
    const { resourceType, resourceName, patternType } = acl;
    const key = `${resourceType}/${patternType}/${resourceName}`;
    const resource = resources.get(key);
    if (resource === undefined) resources.set(key, { resourceType, resourceName, patternType, acls: [acl] });
    else resource.acls.push(acl);
  }
  return [...resources.values()];
}
