// UnregisterBroker (KIP-631): takes a broker out of the cluster that will not come back. The only one is the one that answers.

import { ErrorCode, unregisterBrokerRequest, unregisterBrokerResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const unregisterBroker = serve({
  request: unregisterBrokerRequest,
  response: unregisterBrokerResponse,
  minVersion: 0,
  maxVersion: 0,
  handle({ brokerId }, context, services) {
    demand(services, context, permissions.unregisterBroker.cluster);
    if (services.metadata().brokers.has(brokerId)) {
      return {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: `Broker ${brokerId} is running, and it is the only one: stop it instead.`,
      };
    }
    return {
      errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED,
      errorMessage: `Broker ID ${brokerId} is not currently registered`,
    };
  },
});
