// The records of Kafka's own metadata log (`__cluster_metadata`) that matter for taking over its folder: topics, partitions, configs,
// producer ids, feature levels, quotas, ACLs, SCRAM credentials, delegation tokens, and which brokers there are. Others are passed over.

import {
  abortTransactionRecord,
  accessControlEntryRecord,
  beginTransactionRecord,
  clientQuotaRecord,
  configRecord,
  delegationTokenRecord,
  endTransactionRecord,
  featureLevelRecord,
  partitionChangeRecord,
  partitionRecord,
  producerIdsRecord,
  registerBrokerRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeTopicRecord,
  removeUserScramCredentialRecord,
  topicRecord,
  unregisterBrokerRecord,
  userScramCredentialRecord,
} from '@moldau/protocol/data/cluster-metadata-records';
import { metadataFrame } from '@moldau/protocol/data/metadata-frame';
import type { Infer } from '@moldau/protocol/message';

const messages = {
  registerBroker: registerBrokerRecord,
  unregisterBroker: unregisterBrokerRecord,
  topic: topicRecord,
  partition: partitionRecord,
  config: configRecord,
  partitionChange: partitionChangeRecord,
  removeTopic: removeTopicRecord,
  producerIds: producerIdsRecord,
  feature: featureLevelRecord,
  clientQuota: clientQuotaRecord,
  acl: accessControlEntryRecord,
  removeAcl: removeAccessControlEntryRecord,
  scramCredential: userScramCredentialRecord,
  removeScramCredential: removeUserScramCredentialRecord,
  delegationToken: delegationTokenRecord,
  removeDelegationToken: removeDelegationTokenRecord,
  beginTransaction: beginTransactionRecord,
  endTransaction: endTransactionRecord,
  abortTransaction: abortTransactionRecord,
};
const byNumber = new Map(
  Object.entries(messages).map(([kind, message]) => [message.apiKey, { kind, message }]),
);

type Messages = typeof messages;

export type KafkaMetadataRecord = {
  [Kind in keyof Messages]: { kind: Kind; value: Infer<Messages[Kind]> };
}[keyof Messages];

/** undefined for records that do not matter. @throws MalformedError for bytes that are no record. */
export function decodeKafkaMetadataRecord(value: Buffer): KafkaMetadataRecord | undefined {
  const { apiKey, version, start } = metadataFrame(value);
  const known = byNumber.get(apiKey);
  if (known === undefined) return undefined;
  const { kind, message } = known;
  return { kind, value: message.decode(value, version, start) } as KafkaMetadataRecord;
}
