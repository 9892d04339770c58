// What Kafka's controllers keep in __cluster_metadata and its snapshots: brokers, topics, configs, users, rules. Moldau writes none of these.

import { type AnyMessage, metadataRecord } from '../message.ts';
import { array, bool, bytes, float64, int8, int16, int32, int64, string, uint16, uuid } from '../schema.ts';

export const registerBrokerRecord = metadataRecord(
  'RegisterBrokerRecord',
  0,
  { versions: [0, 4], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    isMigratingZkBroker: bool.since(2),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: array({ name: string, host: string, port: uint16, securityProtocol: int16 }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
    rack: string.nullable(),
    fenced: bool.default(true),
    inControlledShutdown: bool.since(1),
    logDirs: array(uuid).since(3).tagged(0),
    cordonedLogDirs: array(uuid).nullable().default(null).since(4).tagged(1),
  }),
);

export const unregisterBrokerRecord = metadataRecord(
  'UnregisterBrokerRecord',
  1,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64,
  }),
);

export const topicRecord = metadataRecord('TopicRecord', 2, { versions: [0, 0], flexibleSince: 0 }, () => ({
  name: string,
  topicId: uuid,
}));

export const partitionRecord = metadataRecord(
  'PartitionRecord',
  3,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    partitionId: int32.default(-1),
    topicId: uuid,
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: int32.default(-1),
    leaderRecoveryState: int8.tagged(0),
    leaderEpoch: int32.default(-1),
    partitionEpoch: int32.default(-1),
    directories: array(uuid).since(1),
    eligibleLeaderReplicas: array(int32).nullable().default(null).since(2).tagged(1),
    lastKnownElr: array(int32).nullable().default(null).since(2).tagged(2),
  }),
);

export const configRecord = metadataRecord('ConfigRecord', 4, { versions: [0, 0], flexibleSince: 0 }, () => ({
  resourceType: int8,
  resourceName: string,
  name: string,
  value: string.nullable(),
}));

export const partitionChangeRecord = metadataRecord(
  'PartitionChangeRecord',
  5,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    partitionId: int32.default(-1),
    topicId: uuid,
    isr: array(int32).nullable().default(null).tagged(0),
    leader: int32.default(-2).tagged(1),
    replicas: array(int32).nullable().default(null).tagged(2),
    removingReplicas: array(int32).nullable().default(null).tagged(3),
    addingReplicas: array(int32).nullable().default(null).tagged(4),
    leaderRecoveryState: int8.default(-1).tagged(5),
    directories: array(uuid).nullable().default(null).since(1).tagged(8),
    eligibleLeaderReplicas: array(int32).nullable().default(null).since(2).tagged(6),
    lastKnownElr: array(int32).nullable().default(null).since(2).tagged(7),
  }),
);

export const fenceBrokerRecord = metadataRecord(
  'FenceBrokerRecord',
  7,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    id: int32,
    epoch: int64,
  }),
);

export const unfenceBrokerRecord = metadataRecord(
  'UnfenceBrokerRecord',
  8,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    id: int32,
    epoch: int64,
  }),
);

export const removeTopicRecord = metadataRecord(
  'RemoveTopicRecord',
  9,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topicId: uuid,
  }),
);

export const delegationTokenRecord = metadataRecord(
  'DelegationTokenRecord',
  10,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  }),
);

export const userScramCredentialRecord = metadataRecord(
  'UserScramCredentialRecord',
  11,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  }),
);

export const featureLevelRecord = metadataRecord(
  'FeatureLevelRecord',
  12,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    name: string,
    featureLevel: int16,
  }),
);

export const clientQuotaRecord = metadataRecord(
  'ClientQuotaRecord',
  14,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    entity: array({ entityType: string, entityName: string.nullable() }),
    key: string,
    value: float64,
    remove: bool,
  }),
);

export const producerIdsRecord = metadataRecord(
  'ProducerIdsRecord',
  15,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    nextProducerId: int64,
  }),
);

export const brokerRegistrationChangeRecord = metadataRecord(
  'BrokerRegistrationChangeRecord',
  17,
  { versions: [0, 3], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64,
    fenced: int8.tagged(0),
    inControlledShutdown: int8.since(1).tagged(1),
    logDirs: array(uuid).since(2).tagged(2),
    cordonedLogDirs: array(uuid).nullable().default(null).since(3).tagged(3),
  }),
);

export const accessControlEntryRecord = metadataRecord(
  'AccessControlEntryRecord',
  18,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  }),
);

export const removeAccessControlEntryRecord = metadataRecord(
  'RemoveAccessControlEntryRecord',
  19,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    id: uuid,
  }),
);

export const noOpRecord = metadataRecord(
  'NoOpRecord',
  20,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({}),
);

export const zkMigrationStateRecord = metadataRecord(
  'ZkMigrationStateRecord',
  21,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    zkMigrationState: int8,
  }),
);

export const removeUserScramCredentialRecord = metadataRecord(
  'RemoveUserScramCredentialRecord',
  22,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    name: string,
    mechanism: int8,
  }),
);

export const beginTransactionRecord = metadataRecord(
  'BeginTransactionRecord',
  23,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    name: string.nullable().default(null).tagged(0),
  }),
);

export const endTransactionRecord = metadataRecord(
  'EndTransactionRecord',
  24,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({}),
);

export const abortTransactionRecord = metadataRecord(
  'AbortTransactionRecord',
  25,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    reason: string.nullable().default(null).tagged(0),
  }),
);

export const removeDelegationTokenRecord = metadataRecord(
  'RemoveDelegationTokenRecord',
  26,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    tokenId: string,
  }),
);

export const registerControllerRecord = metadataRecord(
  'RegisterControllerRecord',
  27,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    endPoints: array({ name: string, host: string, port: uint16, securityProtocol: int16 }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
  }),
);

export const clearElrRecord = metadataRecord(
  'ClearElrRecord',
  28,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topicName: string,
  }),
);

export const clusterMetadataRecords: readonly AnyMessage[] = [
  registerBrokerRecord,
  unregisterBrokerRecord,
  topicRecord,
  partitionRecord,
  configRecord,
  partitionChangeRecord,
  fenceBrokerRecord,
  unfenceBrokerRecord,
  removeTopicRecord,
  delegationTokenRecord,
  userScramCredentialRecord,
  featureLevelRecord,
  clientQuotaRecord,
  producerIdsRecord,
  brokerRegistrationChangeRecord,
  accessControlEntryRecord,
  removeAccessControlEntryRecord,
  noOpRecord,
  zkMigrationStateRecord,
  removeUserScramCredentialRecord,
  beginTransactionRecord,
  endTransactionRecord,
  abortTransactionRecord,
  removeDelegationTokenRecord,
  registerControllerRecord,
  clearElrRecord,
];
