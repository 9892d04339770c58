// The public entry of @moldau/client.

export { Admin } from './admin/admin.ts';
export type { BrokerDescription, ClusterDescription } from './admin/cluster-admin.ts';
export type { ConfigValues } from './admin/config-values.ts';
export type { ConfigChange, ConfigDescription, ConfigEntry, ConfigResource } from './admin/configs.ts';
export type { FoundOffset, OffsetPlace, OffsetQuery } from './admin/offsets.ts';
export type { RecordsToDelete } from './admin/records.ts';
export type {
  ChangeOptions,
  CreatedTopic,
  NewPartitions,
  NewTopic,
  PartitionDescription,
  TopicDescription,
  TopicListing,
} from './admin/topics.ts';
export type { TopicPartition } from './cluster/ask-leaders.ts';
export type { CallOptions } from './cluster/cluster.ts';
export * from './errors/consumer-errors.ts';
export * from './errors/kafka-error.ts';
export { Kafka, type KafkaOptions } from './kafka.ts';
export type { ClientOptions, OAuthToken, SaslOptions, TlsOptions } from './options/client-options.ts';
export { nodePorts, type Ports } from './options/ports.ts';
export type { Properties } from './options/properties.ts';
export type {
  CustomPartitioner,
  PartitionerInput,
  PartitionerName,
} from './producer/partitioning/partitioner.ts';
export { type FlushOptions, Producer } from './producer/producer.ts';
export type { FailedRecord, ProducerOptions } from './producer/producer-options.ts';
export type { RecordPost, RecordSend, SendOptions, SentRecord } from './producer/record-calls.ts';
export { checked, json, type StandardSchema } from './serdes/json.ts';
export { bigint64, bytes, float32, float64, int16, int32, int64, string } from './serdes/primitives.ts';
export { notNull, type Serde, type SerdeContext } from './serdes/serde.ts';
export { ShareBatch } from './share/share-batch.ts';
export type { ShareBatchOptions, ShareConsumer } from './share/share-consumer.ts';
export type { AcknowledgedRecords, ShareConsumerOptions } from './share/share-options.ts';
export { ShareRecord } from './share/share-record.ts';
export type { ShareHandlerContext, ShareRunOptions } from './share/share-run.ts';
export {
  type HeadersInput,
  type HeaderValue,
  type OutgoingRecord,
  type Plain,
  type Topic,
  topic,
} from './topic.ts';
