// The records of Kafka's own metadata log (`__cluster_metadata`) that matter for taking over its folder: topics,
// partitions, configs, producer ids, feature levels, quotas, ACLs, SCRAM credentials, delegation tokens, and who is in
// the cluster. Others are passed over.
//
// A record's value opens with three varints: the version of this frame (1), the record's type, and its version.

import { type Infer, metadataRecord } from '@moldau/protocol/message';
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

const topic = metadataRecord('TopicRecord', 2, { versions: [0, 0], flexibleSince: 0 }, () => ({
  name: string,
  topicId: uuid,
}));

const partition = metadataRecord('PartitionRecord', 3, { versions: [0, 2], flexibleSince: 0 }, () => ({
  partitionId: int32,
  topicId: uuid,
  replicas: array(int32),
  isr: array(int32),
  removingReplicas: array(int32),
  addingReplicas: array(int32),
  leader: int32,
  leaderRecoveryState: int8.tagged(0),
  leaderEpoch: int32,
  partitionEpoch: int32,
  directories: array(uuid).since(1),
  eligibleLeaderReplicas: array(int32).nullable().since(2).tagged(1),
  lastKnownElr: array(int32).nullable().since(2).tagged(2),
}));

const config = metadataRecord('ConfigRecord', 4, { versions: [0, 0], flexibleSince: 0 }, () => ({
  resourceType: int8,
  resourceName: string,
  name: string,
  value: string.nullable(),
}));

/** A leader of -2 says that it stays. Whenever it is set, the leader epoch goes up by one. */
const partitionChange = metadataRecord(
  'PartitionChangeRecord',
  5,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    partitionId: int32,
    topicId: uuid,
    isr: array(int32).nullable().default(null).tagged(0),
    leader: int32.default(-2).tagged(1),
    replicas: array(int32).nullable().default(null).tagged(2),
  }),
);

const removeTopic = metadataRecord('RemoveTopicRecord', 9, { versions: [0, 0], flexibleSince: 0 }, () => ({
  topicId: uuid,
}));

const producerIds = metadataRecord('ProducerIdsRecord', 15, { versions: [0, 0], flexibleSince: 0 }, () => ({
  brokerId: int32,
  brokerEpoch: int64,
  nextProducerId: int64,
}));

/** A level of 0 takes the feature back. */
const feature = metadataRecord('FeatureLevelRecord', 12, { versions: [0, 0], flexibleSince: 0 }, () => ({
  name: string,
  featureLevel: int16,
}));

const clientQuota = metadataRecord('ClientQuotaRecord', 14, { versions: [0, 0], flexibleSince: 0 }, () => ({
  entity: array(struct({ entityType: string, entityName: string.nullable() })),
  key: string,
  value: float64,
  remove: bool,
}));

const acl = metadataRecord('AccessControlEntryRecord', 18, { versions: [0, 0], flexibleSince: 0 }, () => ({
  id: uuid,
  resourceType: int8,
  resourceName: string,
  patternType: int8,
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
}));

const removeAcl = metadataRecord(
  'RemoveAccessControlEntryRecord',
  19,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({ id: uuid }),
);

const scramCredential = metadataRecord(
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

const removeScramCredential = metadataRecord(
  'RemoveUserScramCredentialRecord',
  22,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({ name: string, mechanism: int8 }),
);

const delegationToken = metadataRecord(
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

const removeDelegationToken = metadataRecord(
  'RemoveDelegationTokenRecord',
  26,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({ tokenId: string }),
);

const messages = {
  topic,
  partition,
  config,
  partitionChange,
  removeTopic,
  producerIds,
  feature,
  clientQuota,
  acl,
  removeAcl,
  scramCredential,
  removeScramCredential,
  delegationToken,
  removeDelegationToken,
};
const byNumber = new Map(
  Object.entries(messages).map(([kind, message]) => [message.apiKey, { kind, message }]),
);
const REGISTER_BROKER = 27;
const UNREGISTER_BROKER = 1;
const transactionKinds = new Map([
  [23, 'beginTransaction'],
  [24, 'endTransaction'],
  [25, 'abortTransaction'],
] as const);

type Messages = typeof messages;

export type KafkaMetadataRecord =
  | { [Kind in keyof Messages]: { kind: Kind; value: Infer<Messages[Kind]> } }[keyof Messages]
  | { kind: 'registerBroker' | 'unregisterBroker'; value: { brokerId: number } }
  | { kind: 'beginTransaction' | 'endTransaction' | 'abortTransaction' };

/** undefined for records that do not matter. Throws MalformedError or RangeError for bytes that are no record. */
export function decodeKafkaMetadataRecord(value: Buffer): KafkaMetadataRecord | undefined {
  const frameVersion = readVarint(value, 0);
  const type = readVarint(value, frameVersion.end);
  const version = readVarint(value, type.end);
  if (type.value === REGISTER_BROKER || type.value === UNREGISTER_BROKER) {
    const kind = type.value === REGISTER_BROKER ? 'registerBroker' : 'unregisterBroker';
    // The id comes first in every version; the rest does not matter.
    return { kind, value: { brokerId: value.readInt32BE(version.end) } };
  }
  const transactionKind = (transactionKinds as ReadonlyMap<number, 'beginTransaction'>).get(type.value);
  if (transactionKind !== undefined) return { kind: transactionKind };
  const known = byNumber.get(type.value);
  if (known === undefined) return undefined;
  const { kind, message } = known;
  return { kind, value: message.decode(value, version.value, version.end) } as KafkaMetadataRecord;
}

function readVarint(bytes: Buffer, offset: number): { value: number; end: number } {
  let value = 0;
  for (let shift = 0, at = offset; shift < 32; shift += 7, at += 1) {
    const byte = bytes.readUInt8(at);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError('a varint of more than 32 bits');
}
