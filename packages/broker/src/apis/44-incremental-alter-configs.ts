// IncrementalAlterConfigs (KIP-339): sets, deletes, appends to or subtracts from single configs; the others stay.

import { incrementalAlterConfigsRequest, incrementalAlterConfigsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const incrementalAlterConfigs = serve({
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ resources, validateOnly }, _context, { controller }) {
    return { responses: await controller.incrementalAlterConfigs({ resources, validateOnly }) };
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
