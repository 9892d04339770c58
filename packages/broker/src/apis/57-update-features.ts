// UpdateFeatures (KIP-584; kinds of downgrade and validateOnly from version 1, KIP-1022 all or none and no results from version 2).
//
// As at Kafka, version 0's allowDowngrade counts for nothing: its updates are taken as upgrades.

import { ErrorCode, updateFeaturesRequest, updateFeaturesResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const updateFeatures = serve({
  request: updateFeaturesRequest,
  response: updateFeaturesResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ featureUpdates, validateOnly }, context, services) {
    demand(services, context, permissions.updateFeatures.cluster);
    const updated = await services.controller.updateFeatures({ updates: featureUpdates, validateOnly });
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      results: updated.map((feature) => ({
        feature,
        errorCode: ErrorCode.NONE,
        // Kafka's word for no message.
        errorMessage: 'NONE',
      })),
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, results: [] }),
});
