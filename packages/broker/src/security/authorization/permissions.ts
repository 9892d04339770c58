// The table of who needs what: for every API the operations on resources that it asks the authorizer for, as Kafka 4.3 does, and what
// becomes of a request that lacks one. Handlers check through it alone (apis/authorize.ts); docs/authorization.md and the tests derive
// from it.
//
// Invariant: every API that is served has an entry, an empty one when nothing is needed.

import { ErrorCode } from '@moldau/protocol';
import { AclOperation, ResourceType } from './acl.ts';
import type { Denial } from './authorizer.ts';

/** What is refused when a permission is missing. */
export type Refusal =
  /** The whole request. */
  | 'request'
  /** What is asked for this resource. */
  | 'resource'
  /** Nothing: what the permission would show is left out. */
  | 'hidden';

export interface Permission {
  readonly operation: AclOperation;
  readonly resourceType: ResourceType;
  /** The error code that answers a refusal; NONE for what is left out. */
  readonly denied: number;
  readonly refusal: Refusal;
  /** Another permission of the same API that does as well. */
  readonly orElse?: string;
  /** When this is asked at all, where it is not always. */
  readonly when?: string;
  readonly denial: Denial;
}

type Options = Pick<Permission, 'orElse' | 'when'> & { readonly denial?: Denial };

const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID, DELEGATION_TOKEN, USER } = ResourceType;
const { READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, CLUSTER_ACTION, IDEMPOTENT_WRITE } = AclOperation;
const { DESCRIBE_CONFIGS, ALTER_CONFIGS, CREATE_TOKENS, DESCRIBE_TOKENS } = AclOperation;

const ERRORS: Readonly<Record<ResourceType, number>> = {
  [TOPIC]: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  [GROUP]: ErrorCode.GROUP_AUTHORIZATION_FAILED,
  [CLUSTER]: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  [TRANSACTIONAL_ID]: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  [DELEGATION_TOKEN]: ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
  [USER]: ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
};

/** Without it the whole request is refused. */
function request(operation: AclOperation, resourceType: ResourceType, options: Options = {}): Permission {
  const denied = ERRORS[resourceType]!;
  return { operation, resourceType, denied, refusal: 'request', denial: 'audited', ...options };
}

/** Without it what is asked for this one resource is refused. */
function resource(operation: AclOperation, resourceType: ResourceType, options: Options = {}): Permission {
  return { ...request(operation, resourceType, options), refusal: 'resource' };
}

/** Without it something is left out of the answer. */
function hidden(operation: AclOperation, resourceType: ResourceType, options: Options = {}): Permission {
  const denied = ErrorCode.NONE;
  return { operation, resourceType, denied, refusal: 'hidden', denial: 'silent', ...options };
}

/** Who may do something with the whole cluster needs no permission for each topic; who may not is told of the topic. */
function clusterInstead(operation: AclOperation, orElse: string, when?: string): Permission {
  const options: Options = { orElse, denial: 'silent', ...(when === undefined ? {} : { when }) };
  return { ...resource(operation, CLUSTER, options), denied: ERRORS[TOPIC]! };
}

/** The member of a group reads its topics. */
const groupMember = { group: request(READ, GROUP) };
const byBrokersAlone = { cluster: request(CLUSTER_ACTION, CLUSTER) };
const configs = (operation: AclOperation) => ({
  topic: resource(operation, TOPIC),
  group: resource(operation, GROUP),
  cluster: resource(operation, CLUSTER, { when: 'of brokers, their loggers and client metrics' }),
});

export const permissions = {
  produce: {
    transactionalId: request(WRITE, TRANSACTIONAL_ID, { when: 'the records are of a transaction' }),
    topic: resource(WRITE, TOPIC),
  },
  fetch: {
    topic: resource(READ, TOPIC, { when: 'by consumers' }),
    cluster: { ...resource(CLUSTER_ACTION, CLUSTER, { when: 'by replicas' }), denied: ERRORS[TOPIC]! },
  },
  listOffsets: { topic: resource(DESCRIBE, TOPIC) },
  metadata: {
    topic: resource(DESCRIBE, TOPIC, { when: 'topics are named' }),
    anyTopic: hidden(DESCRIBE, TOPIC, { when: 'all topics are asked for' }),
    createdInCluster: clusterInstead(CREATE, 'created', 'it makes a topic'),
    created: resource(CREATE, TOPIC, { when: 'it makes a topic', orElse: 'createdInCluster' }),
    clusterOperations: hidden(DESCRIBE, CLUSTER, { when: 'operations on the cluster are asked for' }),
  },
  offsetCommit: { group: request(READ, GROUP), topic: resource(READ, TOPIC) },
  offsetFetch: {
    group: resource(DESCRIBE, GROUP),
    topic: resource(DESCRIBE, TOPIC, { when: 'topics are named' }),
    anyTopic: hidden(DESCRIBE, TOPIC, { when: 'all topics are asked for' }),
  },
  findCoordinator: {
    group: resource(DESCRIBE, GROUP),
    transactionalId: resource(DESCRIBE, TRANSACTIONAL_ID),
    cluster: request(CLUSTER_ACTION, CLUSTER, { when: 'of share partitions' }),
  },
  joinGroup: groupMember,
  heartbeat: groupMember,
  leaveGroup: groupMember,
  syncGroup: groupMember,
  describeGroups: { group: resource(DESCRIBE, GROUP) },
  listGroups: {
    cluster: hidden(DESCRIBE, CLUSTER, { orElse: 'group' }),
    group: hidden(DESCRIBE, GROUP, { orElse: 'cluster' }),
  },
  saslHandshake: {},
  apiVersions: {},
  createTopics: {
    cluster: clusterInstead(CREATE, 'topic'),
    topic: resource(CREATE, TOPIC, { orElse: 'cluster' }),
    configs: hidden(DESCRIBE_CONFIGS, TOPIC),
  },
  deleteTopics: {
    cluster: clusterInstead(DELETE, 'topic'),
    topic: resource(DELETE, TOPIC, { orElse: 'cluster' }),
    name: hidden(DESCRIBE, TOPIC, { when: 'topics are named by their ids' }),
  },
  deleteRecords: { topic: resource(DELETE, TOPIC) },
  initProducerId: {
    transactionalId: request(WRITE, TRANSACTIONAL_ID, { when: 'with a transactional id' }),
    cluster: request(IDEMPOTENT_WRITE, CLUSTER, { when: 'without one', orElse: 'anyTopic' }),
    anyTopic: {
      ...request(WRITE, TOPIC, { when: 'without one: of any topic', orElse: 'cluster' }),
      denied: ERRORS[CLUSTER]!,
    },
  },
  offsetForLeaderEpoch: {
    cluster: clusterInstead(CLUSTER_ACTION, 'topic'),
    topic: resource(DESCRIBE, TOPIC, { orElse: 'cluster' }),
  },
  addPartitionsToTxn: {
    transactionalId: request(WRITE, TRANSACTIONAL_ID, { when: 'by producers (up to version 3)' }),
    topic: resource(WRITE, TOPIC, { when: 'by producers (up to version 3)' }),
    cluster: request(CLUSTER_ACTION, CLUSTER, { when: 'by brokers (from version 4 on)' }),
  },
  addOffsetsToTxn: { transactionalId: request(WRITE, TRANSACTIONAL_ID), group: request(READ, GROUP) },
  endTxn: { transactionalId: request(WRITE, TRANSACTIONAL_ID) },
  writeTxnMarkers: {
    administrator: request(ALTER, CLUSTER, { orElse: 'cluster', denial: 'silent' }),
    cluster: request(CLUSTER_ACTION, CLUSTER, { orElse: 'administrator' }),
  },
  txnOffsetCommit: {
    transactionalId: request(WRITE, TRANSACTIONAL_ID),
    group: request(READ, GROUP),
    topic: resource(READ, TOPIC),
  },
  describeAcls: { cluster: request(DESCRIBE, CLUSTER) },
  createAcls: { cluster: request(ALTER, CLUSTER) },
  deleteAcls: { cluster: request(ALTER, CLUSTER) },
  describeConfigs: configs(DESCRIBE_CONFIGS),
  alterConfigs: configs(ALTER_CONFIGS),
  alterReplicaLogDirs: { cluster: request(ALTER, CLUSTER) },
  describeLogDirs: { cluster: request(DESCRIBE, CLUSTER) },
  saslAuthenticate: {},
  createPartitions: { topic: resource(ALTER, TOPIC) },
  createDelegationToken: { owner: request(CREATE_TOKENS, USER, { when: 'for somebody else' }) },
  renewDelegationToken: {},
  expireDelegationToken: {},
  describeDelegationToken: {
    owner: hidden(DESCRIBE_TOKENS, USER, { when: "of others' tokens", orElse: 'token' }),
    token: hidden(DESCRIBE, DELEGATION_TOKEN, { when: "of others' tokens", orElse: 'owner' }),
  },
  deleteGroups: { group: resource(DELETE, GROUP) },
  electLeaders: { cluster: request(ALTER, CLUSTER) },
  incrementalAlterConfigs: configs(ALTER_CONFIGS),
  alterPartitionReassignments: { cluster: request(ALTER, CLUSTER) },
  listPartitionReassignments: { cluster: request(DESCRIBE, CLUSTER) },
  offsetDelete: { group: request(DELETE, GROUP), topic: resource(READ, TOPIC) },
  describeClientQuotas: { cluster: request(DESCRIBE_CONFIGS, CLUSTER) },
  alterClientQuotas: { cluster: request(ALTER_CONFIGS, CLUSTER) },
  describeUserScramCredentials: { cluster: request(DESCRIBE, CLUSTER) },
  alterUserScramCredentials: { cluster: request(ALTER, CLUSTER) },
  describeQuorum: { cluster: request(DESCRIBE, CLUSTER) },
  updateFeatures: { cluster: request(ALTER, CLUSTER) },
  describeCluster: {
    operations: hidden(DESCRIBE, CLUSTER, { when: 'operations on the cluster are asked for' }),
  },
  describeProducers: { topic: resource(READ, TOPIC) },
  unregisterBroker: { cluster: request(ALTER, CLUSTER) },
  describeTransactions: {
    transactionalId: resource(DESCRIBE, TRANSACTIONAL_ID),
    topic: hidden(DESCRIBE, TOPIC),
  },
  listTransactions: { transactionalId: hidden(DESCRIBE, TRANSACTIONAL_ID) },
  consumerGroupHeartbeat: {
    group: request(READ, GROUP),
    topic: request(DESCRIBE, TOPIC, { when: 'topics are named' }),
    matchedTopic: hidden(DESCRIBE, TOPIC, { when: 'a regular expression is given' }),
  },
  consumerGroupDescribe: {
    group: resource(DESCRIBE, GROUP),
    topic: { ...resource(DESCRIBE, TOPIC, { when: 'of all that members read' }) },
  },
  getTelemetrySubscriptions: {},
  pushTelemetry: {},
  listConfigResources: { cluster: request(DESCRIBE_CONFIGS, CLUSTER) },
  describeTopicPartitions: {
    topic: resource(DESCRIBE, TOPIC, { when: 'topics are named' }),
    anyTopic: hidden(DESCRIBE, TOPIC, { when: 'all topics are asked for' }),
  },
  shareGroupHeartbeat: {
    group: request(READ, GROUP),
    topic: request(DESCRIBE, TOPIC, { when: 'topics are named' }),
  },
  shareGroupDescribe: {
    group: resource(DESCRIBE, GROUP),
    topic: resource(DESCRIBE, TOPIC, { when: 'of all that members read' }),
  },
  shareFetch: { group: request(READ, GROUP), topic: resource(READ, TOPIC) },
  shareAcknowledge: { group: request(READ, GROUP), topic: resource(READ, TOPIC) },
  initializeShareGroupState: byBrokersAlone,
  readShareGroupState: byBrokersAlone,
  writeShareGroupState: byBrokersAlone,
  deleteShareGroupState: byBrokersAlone,
  readShareGroupStateSummary: byBrokersAlone,
  describeShareGroupOffsets: {
    group: resource(DESCRIBE, GROUP),
    topic: resource(DESCRIBE, TOPIC, { when: 'topics are named' }),
    anyTopic: hidden(DESCRIBE, TOPIC, { when: 'all topics are asked for' }),
  },
  alterShareGroupOffsets: { group: request(READ, GROUP), topic: resource(READ, TOPIC) },
  deleteShareGroupOffsets: { group: request(DELETE, GROUP), topic: resource(READ, TOPIC) },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Permission>>>>;
