// AlterConfigs (KIP-133): sets all configs of a resource at once; those not named go back to their defaults.

import { alterConfigsRequest, alterConfigsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { splitByPermission } from './config-requests.ts';
import { serve } from './handler.ts';

export const alterConfigs = serve({
  request: alterConfigsRequest,
  response: alterConfigsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ resources, validateOnly }, context, services) {
    const permission = permissions.alterConfigs;
    const { allowed, refused } = splitByPermission(resources, permission, context, services);
    const altered = await services.controller.alterConfigs({ resources: allowed, validateOnly });
    return { responses: [...altered, ...refused] };
  },
  fail: ({ resources }, errorCode, errorMessage) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
    })),
  }),
});
