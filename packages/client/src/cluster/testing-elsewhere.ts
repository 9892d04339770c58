// For tests that run against any broker: what the one at MOLDAU_TEST_BROKERS (host:port) has. Ours has all of it, or the test fails.

import type { TestContext } from 'node:test';
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  describeClusterRequest,
  describeClusterResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  describeLogDirsRequest,
  describeLogDirsResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  listConfigResourcesRequest,
  listConfigResourcesResponse,
  listGroupsRequest,
  listGroupsResponse,
  listOffsetsRequest,
  listOffsetsResponse,
  listTransactionsRequest,
  listTransactionsResponse,
  metadataRequest,
  metadataResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '@moldau/protocol';
import { KafkaError } from '../errors/kafka-error.ts';
import type { ClientApi } from '../network/client-api.ts';
import { resolveClientOptions } from '../options/client-options.ts';
import { nodePorts } from '../options/ports.ts';
import { Cluster } from './cluster.ts';

export const elsewhere = process.env.MOLDAU_TEST_BROKERS;

/** By the API, and its version, that a test takes. */
const FEATURES = {
  'client quotas': { request: alterClientQuotasRequest, response: alterClientQuotasResponse },
  'configuration of groups': {
    ...{ request: listConfigResourcesRequest, response: listConfigResourcesResponse, minVersion: 1 },
  },
  'documentation of configuration': {
    ...{ request: describeConfigsRequest, response: describeConfigsResponse, minVersion: 3 },
  },
  'eligible leaders': { request: describeTopicPartitionsRequest, response: describeTopicPartitionsResponse },
  'fenced brokers': { request: describeClusterRequest, response: describeClusterResponse, minVersion: 2 },
  'listing of transactions': {
    ...{ request: listTransactionsRequest, response: listTransactionsResponse, minVersion: 2 },
  },
  'offsets of members in transactions': {
    ...{ request: txnOffsetCommitRequest, response: txnOffsetCommitResponse, minVersion: 3 },
  },
  'requesters of tokens': {
    ...{ request: createDelegationTokenRequest, response: createDelegationTokenResponse, minVersion: 3 },
  },
  'SCRAM users': { request: alterUserScramCredentialsRequest, response: alterUserScramCredentialsResponse },
  'share groups': { request: shareGroupHeartbeatRequest, response: shareGroupHeartbeatResponse },
  'sizes of log directories': {
    ...{ request: describeLogDirsRequest, response: describeLogDirsResponse, minVersion: 4 },
  },
  'stable offsets': { request: offsetFetchRequest, response: offsetFetchResponse, minVersion: 7 },
  'states of groups': { request: listGroupsRequest, response: listGroupsResponse, minVersion: 4 },
  'the consumer protocol': {
    ...{ request: consumerGroupHeartbeatRequest, response: consumerGroupHeartbeatResponse },
  },
  'the largest timestamp': { request: listOffsetsRequest, response: listOffsetsResponse, minVersion: 7 },
  'the quorum': { request: describeQuorumRequest, response: describeQuorumResponse },
  'topic ids': { request: metadataRequest, response: metadataResponse, minVersion: 10 },
  'topics by id': { request: metadataRequest, response: metadataResponse, minVersion: 12 },
} as const satisfies Record<string, ClientApi<never, unknown>>;

export type Feature = keyof typeof FEATURES;

/** Skips the test, and says why, when the broker elsewhere is too old for it. */
export async function lacks(test: Pick<TestContext, 'skip'>, feature: Feature): Promise<boolean> {
  const missing = await missingOf(feature);
  if (missing !== undefined) test.skip(missing);
  return missing !== undefined;
}

export async function has(feature: Feature): Promise<boolean> {
  return (await missingOf(feature)) === undefined;
}

async function missingOf(feature: Feature): Promise<string | undefined> {
  if (elsewhere === undefined) return undefined;
  const cluster = new Cluster(resolveClientOptions({ brokers: elsewhere }), nodePorts);
  try {
    const { apis } = await cluster.connect('any', 'control');
    apis.pick(FEATURES[feature]);
    return undefined;
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION') return error.message;
    throw error;
  } finally {
    await cluster.close();
  }
}
