// The bytes of metadata records: one byte for the type, one for the version of its format, then its fields.
//
// Invariant: every version ever written is read for ever. A new field is a new version of the message (`.since`), never a
// changed one, and the numbers of types are never given again.

import { data } from '@moldau/protocol/message';
import {
  array,
  bool,
  bytes,
  float64,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from '@moldau/protocol/schema';
import type { MetadataRecord } from '../records.ts';
import { MetadataStoreError } from './metadata-store.ts';

const FORMAT = { versions: [0, 0], flexibleSince: 0 } as const;
const VERSION = 0;
const PREFIX_BYTES = 2;

const run = struct({
  count: int32,
  state: struct({ leader: int32, leaderEpoch: int32, replicas: array(int32), isr: array(int32) }),
});
const endpoint = struct({ listener: string, host: string, port: int32, securityProtocol: string });
const configEntry = struct({ name: string, value: string.nullable() });

const cluster = data('ClusterRecord', FORMAT, () => ({ clusterId: string }));
const topic = data('TopicRecord', FORMAT, () => ({ id: uuid, name: string, partitions: array(run) }));
const partitionsAdded = data('PartitionsAddedRecord', FORMAT, () => ({
  topicId: uuid,
  partitions: array(run),
}));
const topicRemoved = data('TopicRemovedRecord', FORMAT, () => ({ topicId: uuid }));
const config = data('ConfigRecord', FORMAT, () => ({
  resourceType: int8,
  resourceName: string,
  entries: array(configEntry),
}));
const broker = data('BrokerRecord', FORMAT, () => ({
  brokerId: int32,
  endpoints: array(endpoint),
  rack: string.nullable(),
}));
const producerIds = data('ProducerIdsRecord', FORMAT, () => ({ nextProducerId: int64 }));
const leaderEpochsRaised = data('LeaderEpochsRaisedRecord', FORMAT, () => ({}));
const feature = data('FeatureRecord', FORMAT, () => ({ name: string, level: int16 }));
const clientQuota = data('ClientQuotaRecord', FORMAT, () => ({
  entity: array(struct({ entityType: string, entityName: string.nullable() })),
  key: string,
  value: float64,
  isRemoved: bool,
}));
const acl = data('AclRecord', FORMAT, () => ({
  id: uuid,
  resourceType: int8,
  resourceName: string,
  patternType: int8,
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
}));
const aclRemoved = data('AclRemovedRecord', FORMAT, () => ({ id: uuid }));
const scramCredential = data('ScramCredentialRecord', FORMAT, () => ({
  user: string,
  mechanism: int8,
  salt: bytes,
  storedKey: bytes,
  serverKey: bytes,
  iterations: int32,
}));
const scramCredentialRemoved = data('ScramCredentialRemovedRecord', FORMAT, () => ({
  user: string,
  mechanism: int8,
}));
const delegationToken = data('DelegationTokenRecord', FORMAT, () => ({
  tokenId: string,
  owner: string,
  requester: string,
  renewers: array(string),
  issueTimestampMs: int64,
  expiryTimestampMs: int64,
  maxTimestampMs: int64,
}));
const delegationTokenRemoved = data('DelegationTokenRemovedRecord', FORMAT, () => ({ tokenId: string }));
const clusterSecret = data('ClusterSecretRecord', FORMAT, () => ({ secret: bytes }));

const TYPES = {
  cluster: { number: 1, message: cluster },
  topic: { number: 2, message: topic },
  'partitions-added': { number: 3, message: partitionsAdded },
  'topic-removed': { number: 4, message: topicRemoved },
  config: { number: 5, message: config },
  broker: { number: 6, message: broker },
  'producer-ids': { number: 7, message: producerIds },
  'leader-epochs-raised': { number: 8, message: leaderEpochsRaised },
  feature: { number: 9, message: feature },
  'client-quota': { number: 10, message: clientQuota },
  'scram-credential': { number: 13, message: scramCredential },
  'scram-credential-removed': { number: 14, message: scramCredentialRemoved },
  'delegation-token': { number: 15, message: delegationToken },
  'delegation-token-removed': { number: 16, message: delegationTokenRemoved },
  'cluster-secret': { number: 17, message: clusterSecret },
  acl: { number: 11, message: acl },
  'acl-removed': { number: 12, message: aclRemoved },
} as const;

interface AnyRecordMessage {
  encode(value: MetadataRecord, version: number): Buffer;
  decodeAt(bytes: Buffer, version: number, offset: number): { value: object; end: number };
}

const namesByNumber = new Map(Object.entries(TYPES).map(([name, { number }]) => [number as number, name]));

function messageOf(type: MetadataRecord['type']): AnyRecordMessage {
  return TYPES[type].message as unknown as AnyRecordMessage;
}

export function encodeRecords(records: Iterable<MetadataRecord>): Buffer {
  const chunks: Buffer[] = [];
  for (const record of records) {
    chunks.push(
      Buffer.of(TYPES[record.type].number, VERSION),
      messageOf(record.type).encode(record, VERSION),
    );
  }
  return Buffer.concat(chunks);
}

/** @throws MetadataStoreError for a record that only a newer release knows */
export function decodeRecords(bytes: Buffer): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const number = bytes[offset]!;
    const version = bytes[offset + 1]!;
    const type = namesByNumber.get(number) as MetadataRecord['type'] | undefined;
    if (type === undefined || version > VERSION) {
      throw new MetadataStoreError(
        `The metadata log holds a record of type ${number}, version ${version}, which this release does not know. Start the newer release that wrote it.`,
      );
    }
    const { value, end } = messageOf(type).decodeAt(bytes, version, offset + PREFIX_BYTES);
    records.push({ type, ...value } as MetadataRecord);
    offset = end;
  }
  return records;
}
