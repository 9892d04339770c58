// StreamsGroupHeartbeat (API 88): joins, keeps and leaves a group of the streams protocol (KIP-1071).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, int64, string, struct, uint16 } from '../schema.ts';

export const streamsGroupHeartbeatRequest = request(
  'StreamsGroupHeartbeatRequest',
  88,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const keyValue = struct({
      key: string,
      value: string,
    });
    const topicInfo = struct({
      name: string,
      partitions: int32,
      replicationFactor: int16,
      topicConfigs: array(keyValue),
    });
    const endpoint = struct({
      host: string,
      port: uint16,
    });
    const taskOffset = struct({
      subtopologyId: string,
      partition: int32,
      offset: int64,
    });
    const taskIds = struct({
      subtopologyId: string,
      partitions: array(int32),
    });
    return {
      groupId: string,
      memberId: string,
      memberEpoch: int32,
      endpointInformationEpoch: int32,
      instanceId: string.nullable().default(null),
      rackId: string.nullable().default(null),
      rebalanceTimeoutMs: int32.default(-1),
      topology: struct({
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
      })
        .nullable()
        .default(null),
      activeTasks: array(taskIds).nullable().default(null),
      standbyTasks: array(taskIds).nullable().default(null),
      warmupTasks: array(taskIds).nullable().default(null),
      processId: string.nullable().default(null),
      userEndpoint: endpoint.nullable().default(null),
      clientTags: array(keyValue).nullable().default(null),
      taskOffsets: array(taskOffset).nullable().default(null),
      taskEndOffsets: array(taskOffset).nullable().default(null),
      shutdownApplication: bool.default(false),
    };
  },
);
export type StreamsGroupHeartbeatRequest = Infer<typeof streamsGroupHeartbeatRequest>;

export const streamsGroupHeartbeatResponse = response(
  'StreamsGroupHeartbeatResponse',
  88,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
    const status = struct({
      statusCode: int8,
      statusDetail: string,
    });
    const topicPartition = struct({
      topic: string,
      partitions: array(int32),
    });
    const taskIds = struct({
      subtopologyId: string,
      partitions: array(int32),
    });
    const endpoint = struct({
      host: string,
      port: uint16,
    });
    return {
      throttleTimeMs: int32.default(0),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      memberId: string,
      memberEpoch: int32,
      heartbeatIntervalMs: int32,
      acceptableRecoveryLag: int32,
      taskOffsetIntervalMs: int32,
      status: array(status).nullable(),
      activeTasks: array(taskIds).nullable().default(null),
      standbyTasks: array(taskIds).nullable().default(null),
      warmupTasks: array(taskIds).nullable().default(null),
      endpointInformationEpoch: int32,
      partitionsByUserEndpoint: array({
        userEndpoint: endpoint,
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      })
        .nullable()
        .default(null),
    };
  },
);
export type StreamsGroupHeartbeatResponse = Infer<typeof streamsGroupHeartbeatResponse>;
