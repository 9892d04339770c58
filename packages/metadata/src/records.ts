// The records of the metadata log: what happened to the cluster, in order. Replaying them from the start, or from a
// snapshot, builds the MetadataImage.
//
// Invariants: a record says what became true, never what was asked; applying one never fails on an image that the
// records before it built. Their bytes are in record-codec.ts.

import type { Uuid } from '@moldau/protocol';

/** Kafka's numbers for what can be configured. */
export const ConfigResourceType = {
  UNKNOWN: 0,
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;

/** Kafka's numbers for the SCRAM mechanisms. */
export const ScramMechanismType = { SCRAM_SHA_256: 1, SCRAM_SHA_512: 2 } as const;

/** What leads and stores one partition. Equal states are one object in an image. */
export interface PartitionState {
  /** -1: no leader. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** `count` partitions next to each other in the same state: most topics are one run. */
export interface PartitionRun {
  readonly count: number;
  readonly state: PartitionState;
}

export interface BrokerEndpoint {
  /** The listener's name, as in 'PLAINTEXT'. */
  readonly listener: string;
  readonly host: string;
  readonly port: number;
  readonly securityProtocol: string;
}

export interface ConfigEntry {
  readonly name: string;
  /** null: not set any more. */
  readonly value: string | null;
}

/** The first record of a cluster's life. */
export interface ClusterRecord {
  readonly type: 'cluster';
  readonly clusterId: string;
}

/** A topic exists, with all its partitions. */
export interface TopicRecord {
  readonly type: 'topic';
  readonly id: Uuid;
  readonly name: string;
  readonly partitions: readonly PartitionRun[];
}

/** A topic has got more partitions, numbered on from those it had. */
export interface PartitionsAddedRecord {
  readonly type: 'partitions-added';
  readonly topicId: Uuid;
  readonly partitions: readonly PartitionRun[];
}

/** A topic is gone, and its configs with it. */
export interface TopicRemovedRecord {
  readonly type: 'topic-removed';
  readonly topicId: Uuid;
}

/** Some configs of a resource have changed; those not named stay. */
export interface ConfigRecord {
  readonly type: 'config';
  /** One of ConfigResourceType. */
  readonly resourceType: number;
  /** A topic's or group's name, a broker's id in decimal, or '' for the default of all brokers. */
  readonly resourceName: string;
  readonly entries: readonly ConfigEntry[];
}

/** A broker has joined, or has come back with other addresses. */
export interface BrokerRecord {
  readonly type: 'broker';
  readonly brokerId: number;
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
}

/** Producer ids below nextProducerId have been handed out. */
export interface ProducerIdsRecord {
  readonly type: 'producer-ids';
  readonly nextProducerId: number;
}

/** Records that were readable may be lost: every partition's leader epoch is one higher, so that clients find out (KIP-320). */
export interface LeaderEpochsRaisedRecord {
  readonly type: 'leader-epochs-raised';
}

/** A feature of the cluster is in force at this level (KIP-584). */
export interface FeatureRecord {
  readonly type: 'feature';
  /** As in 'transaction.version'. */
  readonly name: string;
  /** 0: not in force any more. */
  readonly level: number;
}

/** One part of whom a quota is for: 'user', 'client-id' or 'ip', by its name, or null for the default of all that have none of their own. */
export interface ClientQuotaEntityPart {
  readonly entityType: string;
  readonly entityName: string | null;
}

/** One quota of clients has been set or taken back (KIP-546). */
export interface ClientQuotaRecord {
  readonly type: 'client-quota';
  readonly entity: readonly ClientQuotaEntityPart[];
  /** As in 'producer_byte_rate'. */
  readonly key: string;
  readonly value: number;
  /** The quota is not set any more; the value means nothing. */
  readonly isRemoved: boolean;
}

/** A rule of who may do what. Numbers are Kafka's codes, see the broker's security/authorization/acl.ts. */
export interface Acl {
  readonly resourceType: number;
  /** A name, the beginning of names, or '*' for all, as patternType says. */
  readonly resourceName: string;
  readonly patternType: number;
  /** As in 'User:alice'; 'User:*' for everybody. */
  readonly principal: string;
  /** An address, or '*'. */
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** A rule has been added. No two rules that are in force say the same. */
export interface AclRecord extends Acl {
  readonly type: 'acl';
  readonly id: Uuid;
}

export interface AclRemovedRecord {
  readonly type: 'acl-removed';
  readonly id: Uuid;
}

/** A user may log in with this SCRAM mechanism (KIP-554). What is kept lets nobody log in but who knows the password. */
export interface ScramCredentialRecord {
  readonly type: 'scram-credential';
  readonly user: string;
  /** One of ScramMechanismType. */
  readonly mechanism: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

export interface ScramCredentialRemovedRecord {
  readonly type: 'scram-credential-removed';
  readonly user: string;
  readonly mechanism: number;
}

/** A delegation token exists, or has got another end (KIP-48). What proves its possession is derived from the id and the brokers' secret. */
export interface DelegationTokenRecord {
  readonly type: 'delegation-token';
  readonly tokenId: string;
  /** Principals, as in 'User:ada'. */
  readonly owner: string;
  readonly requester: string;
  readonly renewers: readonly string[];
  /** Milliseconds since 1970. */
  readonly issueTimestampMs: number;
  /** It ends then unless it is renewed. */
  readonly expiryTimestampMs: number;
  /** It ends then whatever is done. */
  readonly maxTimestampMs: number;
}

export interface DelegationTokenRemovedRecord {
  readonly type: 'delegation-token-removed';
  readonly tokenId: string;
}

/** Random bytes that only the brokers know, the same for ever: what is derived from them cannot be told from randomness. */
export interface ClusterSecretRecord {
  readonly type: 'cluster-secret';
  readonly secret: Buffer;
}

export type MetadataRecord =
  | ClusterRecord
  | TopicRecord
  | PartitionsAddedRecord
  | TopicRemovedRecord
  | ConfigRecord
  | BrokerRecord
  | ProducerIdsRecord
  | LeaderEpochsRaisedRecord
  | FeatureRecord
  | ClientQuotaRecord
  | AclRecord
  | AclRemovedRecord
  | ScramCredentialRecord
  | ScramCredentialRemovedRecord
  | DelegationTokenRecord
  | DelegationTokenRemovedRecord
  | ClusterSecretRecord;
