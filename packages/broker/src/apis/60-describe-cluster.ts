// DescribeCluster (KIP-700, KIP-919 endpoint types from version 1).

import { describeClusterRequest, describeClusterResponse, ErrorCode } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { clusterOperations } from './authorize.ts';
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { endpointsFor } from './endpoints.ts';
import { serve } from './handler.ts';

const BROKERS = 1;
const CONTROLLERS = 2;

export const describeCluster = serve({
  request: describeClusterRequest,
  response: describeClusterResponse,
  minVersion: 0,
  maxVersion: 2,
  handle(request, context, services) {
    const { clusterId } = services.metadata();
    if (request.endpointType !== BROKERS) {
      const isForControllers = request.endpointType === CONTROLLERS;
      return {
        errorCode: isForControllers
          ? ErrorCode.MISMATCHED_ENDPOINT_TYPE
          : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        errorMessage: isForControllers
          ? 'This is a broker: ask it with --bootstrap-server, not --bootstrap-controller.'
          : `There is no endpoint type ${request.endpointType}.`,
        endpointType: BROKERS,
        clusterId: '',
        brokers: [],
      };
    }
    return {
      errorCode: ErrorCode.NONE,
      endpointType: BROKERS,
      clusterId,
      controllerId: services.config.nodeId,
      brokers: endpointsFor(context, services).map(({ nodeId, ...endpoint }) => ({
        brokerId: nodeId,
        ...endpoint,
      })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? clusterOperations(services, context, permissions.describeCluster.operations)
        : OPERATIONS_NOT_ASKED,
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, clusterId: '', brokers: [] }),
});
