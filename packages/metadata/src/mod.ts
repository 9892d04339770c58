export { type BrokerImage, type Configs, MetadataImage } from './metadata-image.ts';
export {
  type BrokerEndpoint,
  type BrokerRecord,
  type ClusterRecord,
  type ConfigEntry,
  type ConfigRecord,
  ConfigResourceType,
  type MetadataRecord,
  type PartitionRun,
  type PartitionState,
  type PartitionsAddedRecord,
  type ProducerIdsRecord,
  type TopicRecord,
  type TopicRemovedRecord,
} from './records.ts';
export { TopicImage } from './topic-image.ts';
export {
  CLUSTER_METADATA_TOPIC,
  collisionKey,
  GROUP_METADATA_TOPIC,
  hasCollisionCharacters,
  isInternalTopic,
  MAX_TOPIC_NAME_LENGTH,
  SHARE_GROUP_STATE_TOPIC,
  TRANSACTION_STATE_TOPIC,
  topicNameProblem,
} from './topic-names.ts';
