// IncrementalAlterConfigs (KIP-339): sets, deletes, appends to or subtracts from single configs; the others stay.

import { incrementalAlterConfigsRequest, incrementalAlterConfigsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { alterLoggers, isLogger } from './broker-loggers.ts';
import { splitByPermission } from './config-requests.ts';
import { serve } from './handler.ts';

export const incrementalAlterConfigs = serve({
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ resources, validateOnly }, context, services) {
    const permission = permissions.incrementalAlterConfigs;
    const { allowed, refused } = splitByPermission(resources, permission, context, services);
    const { controller, logLevels, config } = services;
    const loggers = alterLoggers(allowed.filter(isLogger), validateOnly, logLevels, config.nodeId);
    const others = allowed.filter((resource) => !isLogger(resource));
    const altered = await controller.incrementalAlterConfigs({ resources: others, validateOnly });
    return { responses: [...loggers, ...altered, ...refused] };
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
