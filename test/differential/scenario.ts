// What a scenario is, and how scenarios are made for every version of an API.

import * as protocol from '@moldau/protocol';
import { type Api, api, type Side } from './side.ts';

export interface Scenario {
  readonly name: string;
  /** The API whose versions it runs through, and which of them; a scenario is run once for each that both brokers serve. */
  readonly apiKey: number;
  readonly from: number;
  readonly to: number;
  /** Touches what others see too, and so runs after all of them and by itself. */
  readonly isAlone: boolean;
  /** Wants brokers that have users. */
  readonly logsIn: boolean;
  run(side: Side, version: number): Promise<void>;
}

/** A scenario for each version of an API. */
export function inEveryVersion(
  { name: apiName, request }: Api<never, unknown>,
  title: string,
  run: (side: Side, version: number) => Promise<void>,
  options: { from?: number; to?: number; isAlone?: boolean; logsIn?: boolean } = {},
): Scenario {
  const { from = 0, to = Number.POSITIVE_INFINITY, isAlone = false, logsIn = false } = options;
  return { name: `${apiName}: ${title}`, apiKey: request.apiKey, from, to, isAlone, logsIn, run };
}

export const ApiVersions = api(protocol.apiVersionsRequest, protocol.apiVersionsResponse);
export const Metadata = api(protocol.metadataRequest, protocol.metadataResponse);
export const Produce = api(protocol.produceRequest, protocol.produceResponse);
export const Fetch = api(protocol.fetchRequest, protocol.fetchResponse);
export const ListOffsets = api(protocol.listOffsetsRequest, protocol.listOffsetsResponse);
export const OffsetForLeaderEpoch = api(
  protocol.offsetForLeaderEpochRequest,
  protocol.offsetForLeaderEpochResponse,
);
export const CreateTopics = api(protocol.createTopicsRequest, protocol.createTopicsResponse);
export const DeleteTopics = api(protocol.deleteTopicsRequest, protocol.deleteTopicsResponse);
export const CreatePartitions = api(protocol.createPartitionsRequest, protocol.createPartitionsResponse);
export const DeleteRecords = api(protocol.deleteRecordsRequest, protocol.deleteRecordsResponse);
export const DescribeConfigs = api(protocol.describeConfigsRequest, protocol.describeConfigsResponse);
export const AlterConfigs = api(protocol.alterConfigsRequest, protocol.alterConfigsResponse);
export const IncrementalAlterConfigs = api(
  protocol.incrementalAlterConfigsRequest,
  protocol.incrementalAlterConfigsResponse,
);
export const DescribeCluster = api(protocol.describeClusterRequest, protocol.describeClusterResponse);
export const DescribeTopicPartitions = api(
  protocol.describeTopicPartitionsRequest,
  protocol.describeTopicPartitionsResponse,
);
export const DescribeLogDirs = api(protocol.describeLogDirsRequest, protocol.describeLogDirsResponse);
export const ListConfigResources = api(
  protocol.listConfigResourcesRequest,
  protocol.listConfigResourcesResponse,
);
export const InitProducerId = api(protocol.initProducerIdRequest, protocol.initProducerIdResponse);
export const AddPartitionsToTxn = api(
  protocol.addPartitionsToTxnRequest,
  protocol.addPartitionsToTxnResponse,
);
export const AddOffsetsToTxn = api(protocol.addOffsetsToTxnRequest, protocol.addOffsetsToTxnResponse);
export const EndTxn = api(protocol.endTxnRequest, protocol.endTxnResponse);
export const WriteTxnMarkers = api(protocol.writeTxnMarkersRequest, protocol.writeTxnMarkersResponse);
export const TxnOffsetCommit = api(protocol.txnOffsetCommitRequest, protocol.txnOffsetCommitResponse);
export const DescribeProducers = api(protocol.describeProducersRequest, protocol.describeProducersResponse);
export const DescribeTransactions = api(
  protocol.describeTransactionsRequest,
  protocol.describeTransactionsResponse,
);
export const ListTransactions = api(protocol.listTransactionsRequest, protocol.listTransactionsResponse);
export const FindCoordinator = api(protocol.findCoordinatorRequest, protocol.findCoordinatorResponse);
export const JoinGroup = api(protocol.joinGroupRequest, protocol.joinGroupResponse);
export const SyncGroup = api(protocol.syncGroupRequest, protocol.syncGroupResponse);
export const Heartbeat = api(protocol.heartbeatRequest, protocol.heartbeatResponse);
export const LeaveGroup = api(protocol.leaveGroupRequest, protocol.leaveGroupResponse);
export const OffsetCommit = api(protocol.offsetCommitRequest, protocol.offsetCommitResponse);
export const OffsetFetch = api(protocol.offsetFetchRequest, protocol.offsetFetchResponse);
export const OffsetDelete = api(protocol.offsetDeleteRequest, protocol.offsetDeleteResponse);
export const ListGroups = api(protocol.listGroupsRequest, protocol.listGroupsResponse);
export const DescribeGroups = api(protocol.describeGroupsRequest, protocol.describeGroupsResponse);
export const DeleteGroups = api(protocol.deleteGroupsRequest, protocol.deleteGroupsResponse);
export const CreateAcls = api(protocol.createAclsRequest, protocol.createAclsResponse);
export const SaslHandshake = api(protocol.saslHandshakeRequest, protocol.saslHandshakeResponse);
export const SaslAuthenticate = api(protocol.saslAuthenticateRequest, protocol.saslAuthenticateResponse);
