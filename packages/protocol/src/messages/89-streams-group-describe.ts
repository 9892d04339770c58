// StreamsGroupDescribe (API 89): describes groups of the streams protocol (KIP-1071).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string, struct, uint16 } from '../schema.ts';

export const streamsGroupDescribeRequest = request(
  'StreamsGroupDescribeRequest',
  89,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  }),
);
export type StreamsGroupDescribeRequest = Infer<typeof streamsGroupDescribeRequest>;

export const streamsGroupDescribeResponse = response(
  'StreamsGroupDescribeResponse',
  89,
  { versions: [0, 0], flexibleSince: 0 },
  () => {
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
    const assignment = struct({
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
    });
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
    return {
      throttleTimeMs: int32.default(0),
      groups: array({
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        groupId: string,
        groupState: string,
        groupEpoch: int32,
        assignmentEpoch: int32,
        topology: struct({
          epoch: int32,
          subtopologies: array({
            subtopologyId: string,
            sourceTopics: array(string),
            repartitionSinkTopics: array(string),
            stateChangelogTopics: array(topicInfo),
            repartitionSourceTopics: array(topicInfo),
          })
            .nullable()
            .default(null),
        })
          .nullable()
          .default(null),
        members: array({
          memberId: string,
          memberEpoch: int32,
          instanceId: string.nullable().default(null),
          rackId: string.nullable().default(null),
          clientId: string,
          clientHost: string,
          topologyEpoch: int32,
          processId: string,
          userEndpoint: endpoint.nullable().default(null),
          clientTags: array(keyValue),
          taskOffsets: array(taskOffset),
          taskEndOffsets: array(taskOffset),
          assignment,
          targetAssignment: assignment,
          isClassic: bool,
        }),
        authorizedOperations: int32.default(-2147483648),
      }),
    };
  },
);
export type StreamsGroupDescribeResponse = Infer<typeof streamsGroupDescribeResponse>;
