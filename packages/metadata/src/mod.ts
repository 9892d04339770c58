// The public entry of @moldau/metadata: the image of the cluster, its records, and the store they are kept in.

export { type AclImage, AclImages, aclKey } from './acl-images.ts';
export { type ClientQuotaImage, ClientQuotaImages, clientQuotaKey } from './client-quota-images.ts';
export { type AdoptKafkaFolderOptions, adoptKafkaFolder } from './kafka-folder/adopt-kafka-folder.ts';
export {
  type BrokerImage,
  type Configs,
  type DelegationTokenImage,
  MetadataImage,
} from './metadata-image.ts';
export {
  type Acl,
  type AclRecord,
  type AclRemovedRecord,
  type BrokerEndpoint,
  type BrokerRecord,
  type ClientQuotaEntityPart,
  type ClientQuotaRecord,
  type ClusterRecord,
  type ClusterSecretRecord,
  type ConfigEntry,
  type ConfigRecord,
  ConfigResourceType,
  type DelegationTokenRecord,
  type DelegationTokenRemovedRecord,
  type FeatureRecord,
  type LeaderEpochsRaisedRecord,
  type MetadataRecord,
  type PartitionRun,
  type PartitionState,
  type PartitionsAddedRecord,
  type ProducerIdsRecord,
  type ScramCredentialRecord,
  type ScramCredentialRemovedRecord,
  ScramMechanismType,
  type TopicRecord,
  type TopicRemovedRecord,
} from './records.ts';
export { type ScramCredential, ScramCredentialImages } from './scram-credential-images.ts';
export { EmbeddedMetadataStore, type EmbeddedMetadataStoreOptions } from './store/embedded-metadata-store.ts';
export {
  type Fence,
  MetadataFencedError,
  type MetadataSession,
  type MetadataStore,
  MetadataStoreError,
  type MetadataWatcher,
  type Watch,
} from './store/metadata-store.ts';
export { TopicImage } from './topic-image.ts';
export {
  CLUSTER_METADATA_TOPIC,
  CollidingNames,
  GROUP_METADATA_TOPIC,
  isInternalTopic,
  MAX_TOPIC_NAME_LENGTH,
  SHARE_GROUP_STATE_TOPIC,
  TRANSACTION_STATE_TOPIC,
  topicNameProblem,
} from './topic-names.ts';
