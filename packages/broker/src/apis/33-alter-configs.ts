// AlterConfigs (KIP-133): sets all configs of a resource at once; those not named go back to their defaults.

import { alterConfigsRequest, alterConfigsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const alterConfigs = serve({
  request: alterConfigsRequest,
  response: alterConfigsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ resources, validateOnly }, _context, { controller }) {
    return { responses: await controller.alterConfigs({ resources, validateOnly }) };
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
