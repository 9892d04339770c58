// The public entry of @moldau/client.

export type {
  AclBinding,
  AclDescription,
  AclFilter,
  AclPattern,
  AclPermission,
  AclResource,
  AclResourceType,
} from './admin/acl-values.ts';
export { Admin } from './admin/admin.ts';
export type { BrokerApiVersions, BrokerDescription, ClusterDescription } from './admin/cluster-admin.ts';
export type { ConfigValues } from './admin/config-values.ts';
export type { ConfigChange, ConfigDescription, ConfigEntry, ConfigResource } from './admin/configs.ts';
export type { DelegationToken } from './admin/delegation-tokens.ts';
export type { EligibleLeaders } from './admin/eligible-leaders.ts';
export type { FeaturesDescription, FeatureUpdate } from './admin/features.ts';
export type {
  ClassicGroupDescription,
  ClassicGroupMember,
  ConsumerGroupDescription,
  ConsumerGroupMember,
  GroupDescription,
  GroupMember,
  ShareGroupDescription,
  ShareGroupMember,
} from './admin/group-descriptions.ts';
export type { GroupLag } from './admin/group-lag.ts';
export type { GroupOffset, GroupOffsetToSet } from './admin/group-offsets.ts';
export type { GroupListing, GroupState, GroupType, MemberToRemove } from './admin/groups.ts';
export type {
  LogDirDescription,
  LogDirReplica,
  Replica,
  ReplicaLogDir,
  ReplicaMove,
} from './admin/log-dirs.ts';
export type { Operation } from './admin/names.ts';
export type { OffsetMove, ResetPlace } from './admin/offset-reset.ts';
export type { FoundOffset, OffsetPlace, OffsetQuery } from './admin/offsets.ts';
export type { ActiveProducer, PartitionProducers } from './admin/producers.ts';
export type { QuorumDescription, QuorumReplica, Voter, VoterListener } from './admin/quorum.ts';
export type { QuotaChange, QuotaDescription, QuotaEntity, QuotaFilter, QuotaValues } from './admin/quotas.ts';
export type { Reassignment, ReassignmentDescription } from './admin/reassignments.ts';
export type { RecordsToDelete } from './admin/records.ts';
export type { ShareGroupOffset, ShareGroupOffsetToSet } from './admin/share-group-offsets.ts';
export type {
  ChangeOptions,
  CreatedTopic,
  NewPartitions,
  NewTopic,
  PartitionDescription,
  TopicChoice,
  TopicDescription,
  TopicListing,
} from './admin/topics.ts';
export type {
  FencedProducer,
  HangingTransaction,
  OpenTransaction,
  TransactionDescription,
  TransactionListing,
  TransactionState,
} from './admin/transactions.ts';
export type { CredentialToDelete, ScramMechanism, UserCredential, UserDescription } from './admin/users.ts';
export type { TopicPartition } from './cluster/ask-leaders.ts';
export type { CallOptions } from './cluster/cluster.ts';
export type { KafkaOptions, TelemetryOptions } from './clusters.ts';
export type { Committable } from './consumer/commits/explicit-commit.ts';
export { Consumer, type Lag } from './consumer/consumer.ts';
export type { OffsetReset, Position, SeekTarget } from './consumer/fetching/types.ts';
export type {
  AssignorName,
  MemberAssignment,
  PartitionAssignor,
  RebalanceProtocol,
  SubscribedMember,
} from './consumer/groups/assignors/assignor.ts';
export type { CommitOffset, CommittedOffset, GroupMetadata, GroupProtocol } from './consumer/groups/types.ts';
export type { BatchOptions } from './consumer/iteration/batch-iteration.ts';
export { ConsumerBatch } from './consumer/iteration/consumer-batch.ts';
export type { StreamOptions } from './consumer/iteration/record-stream.ts';
export type { ConsumerOptions } from './consumer/options/consumer-options.ts';
export type { OffsetForTime, TimeQuery, Watermarks } from './consumer/positions/offset-queries.ts';
export type { DeadLetter, HandlerFailure, RetryOptions } from './consumer/processing/failures.ts';
export type { OrderBy } from './consumer/processing/lanes.ts';
export type {
  AssignmentListener,
  DrainOptions,
  Handler,
  HandlerContext,
  RunOptions,
  Seek,
} from './consumer/processing/run-options.ts';
export { ConsumerRecord } from './consumer/records/consumer-record.ts';
export type { Header, RecordHeaders } from './consumer/records/record-headers.ts';
export type { PartitionInput, RecordOf, Subscribable, SubscriptionInput } from './consumer/subscription.ts';
export type { StallReport } from './consumer/watchdog/watchdog.ts';
export * from './errors/consumer-errors.ts';
export * from './errors/kafka-error.ts';
export type {
  AbortedTransaction,
  CommittedTransaction,
  ExactlyOnceOptions,
  ExactlyOnceSummary,
  Transform,
  TransformContext,
  TransformTransaction,
} from './exactly-once/exactly-once-options.ts';
export { Kafka } from './kafka.ts';
export { type ClientEvents, onClientEvent } from './observability/channels.ts';
export type { MeasuredDistribution, Metric, MetricsSnapshot } from './observability/client-metrics.ts';
export type { ClientKind } from './observability/metric-definitions.ts';
export type { OpenTelemetryApi } from './observability/tracing.ts';
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
export type {
  LinesOptions,
  RecordPost,
  RecordSend,
  SendOptions,
  SentRecord,
} from './producer/record-calls.ts';
export type { TransactionGroup, TransactionOffset } from './producer/transactions/coordinator-requests.ts';
export { Transaction, type TransactionOutcome } from './producer/transactions/transaction.ts';
export { type PropertiesByClient, propertiesByClient } from './properties-by-client.ts';
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
