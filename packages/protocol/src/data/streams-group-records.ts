// Groups of the streams protocol (KIP-1071) in __consumer_offsets.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, bits64, int8, int16, int32, int64, string, struct, uint16 } from '../schema.ts';

export const streamsGroupMetadataKey = coordinatorKey(
  'StreamsGroupMetadataKey',
  17,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type StreamsGroupMetadataKey = Infer<typeof streamsGroupMetadataKey>;

export const streamsGroupMetadataValue = coordinatorValue(
  'StreamsGroupMetadataValue',
  17,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const lastAssignmentConfig = struct({
      key: string,
      value: string,
    });
    return {
      epoch: int32,
      metadataHash: bits64,
      validatedTopologyEpoch: int32.default(-1).tagged(0),
      lastAssignmentConfigs: array(lastAssignmentConfig).nullable().tagged(1),
    };
  },
);
export type StreamsGroupMetadataValue = Infer<typeof streamsGroupMetadataValue>;

export const streamsGroupMemberMetadataKey = coordinatorKey(
  'StreamsGroupMemberMetadataKey',
  19,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type StreamsGroupMemberMetadataKey = Infer<typeof streamsGroupMemberMetadataKey>;

export const streamsGroupMemberMetadataValue = coordinatorValue(
  'StreamsGroupMemberMetadataValue',
  19,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const endpoint = struct({
      host: string,
      port: uint16,
    });
    const keyValue = struct({
      key: string,
      value: string,
    });
    return {
      instanceId: string.nullable(),
      rackId: string.nullable(),
      clientId: string,
      clientHost: string,
      rebalanceTimeoutMs: int32.default(-1),
      topologyEpoch: int32,
      processId: string,
      userEndpoint: endpoint.nullable().default(null),
      clientTags: array(keyValue),
    };
  },
);
export type StreamsGroupMemberMetadataValue = Infer<typeof streamsGroupMemberMetadataValue>;

export const streamsGroupTargetAssignmentMetadataKey = coordinatorKey(
  'StreamsGroupTargetAssignmentMetadataKey',
  20,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type StreamsGroupTargetAssignmentMetadataKey = Infer<typeof streamsGroupTargetAssignmentMetadataKey>;

export const streamsGroupTargetAssignmentMetadataValue = coordinatorValue(
  'StreamsGroupTargetAssignmentMetadataValue',
  20,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    assignmentEpoch: int32,
    assignmentTimestamp: int64.default(0).tagged(0),
  }),
);
export type StreamsGroupTargetAssignmentMetadataValue = Infer<
  typeof streamsGroupTargetAssignmentMetadataValue
>;

export const streamsGroupTargetAssignmentMemberKey = coordinatorKey(
  'StreamsGroupTargetAssignmentMemberKey',
  21,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type StreamsGroupTargetAssignmentMemberKey = Infer<typeof streamsGroupTargetAssignmentMemberKey>;

export const streamsGroupTargetAssignmentMemberValue = coordinatorValue(
  'StreamsGroupTargetAssignmentMemberValue',
  21,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const taskIds = struct({
      subtopologyId: string,
      partitions: array(int32),
    });
    return {
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
    };
  },
);
export type StreamsGroupTargetAssignmentMemberValue = Infer<typeof streamsGroupTargetAssignmentMemberValue>;

export const streamsGroupCurrentMemberAssignmentKey = coordinatorKey(
  'StreamsGroupCurrentMemberAssignmentKey',
  22,
  { versions: [0, 0] },
  () => ({
    groupId: string,
    memberId: string,
  }),
);
export type StreamsGroupCurrentMemberAssignmentKey = Infer<typeof streamsGroupCurrentMemberAssignmentKey>;

export const streamsGroupCurrentMemberAssignmentValue = coordinatorValue(
  'StreamsGroupCurrentMemberAssignmentValue',
  22,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const taskIds = struct({
      subtopologyId: string,
      partitions: array(int32),
      assignmentEpochs: array(int32).nullable().tagged(0),
    });
    return {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
      activeTasksPendingRevocation: array(taskIds),
      standbyTasksPendingRevocation: array(taskIds),
      warmupTasksPendingRevocation: array(taskIds),
    };
  },
);
export type StreamsGroupCurrentMemberAssignmentValue = Infer<typeof streamsGroupCurrentMemberAssignmentValue>;

export const streamsGroupTopologyKey = coordinatorKey(
  'StreamsGroupTopologyKey',
  23,
  { versions: [0, 0] },
  () => ({
    groupId: string,
  }),
);
export type StreamsGroupTopologyKey = Infer<typeof streamsGroupTopologyKey>;

export const streamsGroupTopologyValue = coordinatorValue(
  'StreamsGroupTopologyValue',
  23,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const topicConfig = struct({
      key: string,
      value: string,
    });
    const topicInfo = struct({
      name: string,
      partitions: int32,
      replicationFactor: int16,
      topicConfigs: array(topicConfig),
    });
    return {
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    };
  },
);
export type StreamsGroupTopologyValue = Infer<typeof streamsGroupTopologyValue>;
