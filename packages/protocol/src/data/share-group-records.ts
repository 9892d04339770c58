// Share groups (KIP-932) in __consumer_offsets.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, bits64, int8, int32, int64, string, struct, uuid } from '../schema.ts';

export const shareGroupMemberMetadataKey = coordinatorKey(
  'ShareGroupMemberMetadataKey',
  10,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ShareGroupMemberMetadataKey = Infer<typeof shareGroupMemberMetadataKey>;

export const shareGroupMemberMetadataValue = coordinatorValue(
  'ShareGroupMemberMetadataValue',
  10,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
  }),
);
export type ShareGroupMemberMetadataValue = Infer<typeof shareGroupMemberMetadataValue>;

export const shareGroupMetadataKey = coordinatorKey(
  'ShareGroupMetadataKey',
  11,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ShareGroupMetadataKey = Infer<typeof shareGroupMetadataKey>;

export const shareGroupMetadataValue = coordinatorValue(
  'ShareGroupMetadataValue',
  11,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    epoch: int32,
    metadataHash: bits64,
  }),
);
export type ShareGroupMetadataValue = Infer<typeof shareGroupMetadataValue>;

export const shareGroupTargetAssignmentMetadataKey = coordinatorKey(
  'ShareGroupTargetAssignmentMetadataKey',
  12,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ShareGroupTargetAssignmentMetadataKey = Infer<typeof shareGroupTargetAssignmentMetadataKey>;

export const shareGroupTargetAssignmentMetadataValue = coordinatorValue(
  'ShareGroupTargetAssignmentMetadataValue',
  12,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    assignmentEpoch: int32,
    assignmentTimestamp: int64.default(0).tagged(0),
  }),
);
export type ShareGroupTargetAssignmentMetadataValue = Infer<typeof shareGroupTargetAssignmentMetadataValue>;

export const shareGroupTargetAssignmentMemberKey = coordinatorKey(
  'ShareGroupTargetAssignmentMemberKey',
  13,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ShareGroupTargetAssignmentMemberKey = Infer<typeof shareGroupTargetAssignmentMemberKey>;

export const shareGroupTargetAssignmentMemberValue = coordinatorValue(
  'ShareGroupTargetAssignmentMemberValue',
  13,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  }),
);
export type ShareGroupTargetAssignmentMemberValue = Infer<typeof shareGroupTargetAssignmentMemberValue>;

export const shareGroupCurrentMemberAssignmentKey = coordinatorKey(
  'ShareGroupCurrentMemberAssignmentKey',
  14,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type ShareGroupCurrentMemberAssignmentKey = Infer<typeof shareGroupCurrentMemberAssignmentKey>;

export const shareGroupCurrentMemberAssignmentValue = coordinatorValue(
  'ShareGroupCurrentMemberAssignmentValue',
  14,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const topicPartitions = struct({
      topicId: uuid,
      partitions: array(int32),
    });
    return {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
    };
  },
);
export type ShareGroupCurrentMemberAssignmentValue = Infer<typeof shareGroupCurrentMemberAssignmentValue>;

export const shareGroupStatePartitionMetadataKey = coordinatorKey(
  'ShareGroupStatePartitionMetadataKey',
  15,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type ShareGroupStatePartitionMetadataKey = Infer<typeof shareGroupStatePartitionMetadataKey>;

export const shareGroupStatePartitionMetadataValue = coordinatorValue(
  'ShareGroupStatePartitionMetadataValue',
  15,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const topicPartitionsInfo = struct({
      topicId: uuid,
      topicName: string,
      partitions: array(int32),
    });
    const topicInfo = struct({
      topicId: uuid,
      topicName: string,
    });
    return {
      initializingTopics: array(topicPartitionsInfo),
      initializedTopics: array(topicPartitionsInfo),
      deletingTopics: array(topicInfo),
    };
  },
);
export type ShareGroupStatePartitionMetadataValue = Infer<typeof shareGroupStatePartitionMetadataValue>;
