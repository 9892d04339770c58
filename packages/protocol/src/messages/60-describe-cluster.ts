// DescribeCluster (API 60): describes the cluster to admin clients (KIP-700). 1: of controllers too
// (KIP-919). 2: fenced brokers (KIP-1073).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string } from '../schema.ts';

export const describeClusterRequest = request(
  'DescribeClusterRequest',
  60,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    includeClusterAuthorizedOperations: bool,
    endpointType: int8.since(1, 1),
    includeFencedBrokers: bool.since(2),
  }),
);
export type DescribeClusterRequest = Infer<typeof describeClusterRequest>;

export const describeClusterResponse = response(
  'DescribeClusterResponse',
  60,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    endpointType: int8.since(1, 1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
      isFenced: bool.since(2),
    }),
    clusterAuthorizedOperations: int32.default(-2147483648),
  }),
);
export type DescribeClusterResponse = Infer<typeof describeClusterResponse>;
