// Groups of the consumer protocol (KIP-848) in __consumer_offsets.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, bits64, bytes, int8, int32, int64, string, struct, uuid } from '../schema.ts';

export const consumerGroupMetadataKey = coordinatorKey(
  'ConsumerGroupMetadataKey',
  3,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ConsumerGroupMetadataKey = Infer<typeof consumerGroupMetadataKey>;

export const consumerGroupMetadataValue = coordinatorValue(
  'ConsumerGroupMetadataValue',
  3,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    epoch: int32,
    metadataHash: bits64.default(0n).tagged(0),
  }),
);
export type ConsumerGroupMetadataValue = Infer<typeof consumerGroupMetadataValue>;

export const consumerGroupPartitionMetadataKey = coordinatorKey(
  'ConsumerGroupPartitionMetadataKey',
  4,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ConsumerGroupPartitionMetadataKey = Infer<typeof consumerGroupPartitionMetadataKey>;

export const consumerGroupPartitionMetadataValue = coordinatorValue(
  'ConsumerGroupPartitionMetadataValue',
  4,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topics: array({
      topicId: uuid,
      topicName: string,
      numPartitions: int32,
      partitionMetadata: array({
        partition: int32,
        racks: array(string),
      }),
    }),
  }),
);
export type ConsumerGroupPartitionMetadataValue = Infer<typeof consumerGroupPartitionMetadataValue>;

export const consumerGroupMemberMetadataKey = coordinatorKey(
  'ConsumerGroupMemberMetadataKey',
  5,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ConsumerGroupMemberMetadataKey = Infer<typeof consumerGroupMemberMetadataKey>;

export const consumerGroupMemberMetadataValue = coordinatorValue(
  'ConsumerGroupMemberMetadataValue',
  5,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: string.nullable(),
    rebalanceTimeoutMs: int32.default(-1),
    serverAssignor: string.nullable(),
    classicMemberMetadata: struct({
      sessionTimeoutMs: int32,
      supportedProtocols: array({
        name: string,
        metadata: bytes,
      }),
    })
      .nullable()
      .tagged(0),
  }),
);
export type ConsumerGroupMemberMetadataValue = Infer<typeof consumerGroupMemberMetadataValue>;

export const consumerGroupTargetAssignmentMetadataKey = coordinatorKey(
  'ConsumerGroupTargetAssignmentMetadataKey',
  6,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ConsumerGroupTargetAssignmentMetadataKey = Infer<typeof consumerGroupTargetAssignmentMetadataKey>;

export const consumerGroupTargetAssignmentMetadataValue = coordinatorValue(
  'ConsumerGroupTargetAssignmentMetadataValue',
  6,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    assignmentEpoch: int32,
    assignmentTimestamp: int64.default(0).tagged(0),
  }),
);
export type ConsumerGroupTargetAssignmentMetadataValue = Infer<
  typeof consumerGroupTargetAssignmentMetadataValue
>;

export const consumerGroupTargetAssignmentMemberKey = coordinatorKey(
  'ConsumerGroupTargetAssignmentMemberKey',
  7,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ConsumerGroupTargetAssignmentMemberKey = Infer<typeof consumerGroupTargetAssignmentMemberKey>;

export const consumerGroupTargetAssignmentMemberValue = coordinatorValue(
  'ConsumerGroupTargetAssignmentMemberValue',
  7,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  }),
);
export type ConsumerGroupTargetAssignmentMemberValue = Infer<typeof consumerGroupTargetAssignmentMemberValue>;

export const consumerGroupCurrentMemberAssignmentKey = coordinatorKey(
  'ConsumerGroupCurrentMemberAssignmentKey',
  8,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ConsumerGroupCurrentMemberAssignmentKey = Infer<typeof consumerGroupCurrentMemberAssignmentKey>;

export const consumerGroupCurrentMemberAssignmentValue = coordinatorValue(
  'ConsumerGroupCurrentMemberAssignmentValue',
  8,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const topicPartitions = struct({
      topicId: uuid,
      partitions: array(int32),
      assignmentEpochs: array(int32).nullable().tagged(0),
    });
    return {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
      partitionsPendingRevocation: array(topicPartitions),
    };
  },
);
export type ConsumerGroupCurrentMemberAssignmentValue = Infer<
  typeof consumerGroupCurrentMemberAssignmentValue
>;

export const consumerGroupRegularExpressionKey = coordinatorKey(
  'ConsumerGroupRegularExpressionKey',
  16,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    regularExpression: string,
  }),
);
export type ConsumerGroupRegularExpressionKey = Infer<typeof consumerGroupRegularExpressionKey>;

export const consumerGroupRegularExpressionValue = coordinatorValue(
  'ConsumerGroupRegularExpressionValue',
  16,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topics: array(string),
    version: int64,
    timestamp: int64,
  }),
);
export type ConsumerGroupRegularExpressionValue = Infer<typeof consumerGroupRegularExpressionValue>;
