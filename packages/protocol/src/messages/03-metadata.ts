// Metadata (API 3): names the brokers, the controller, and the leaders and replicas of topics.
// 0: an empty list asks for all topics; from 1 on null does. 4: auto-creation is a choice. 10: topic ids.
// 13: an error for the whole answer (KIP-1102).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string, uuid } from '../schema.ts';

export const metadataRequest = request('MetadataRequest', 3, { versions: [0, 13], flexibleSince: 9 }, () => ({
  topics: array({
    topicId: uuid.since(10),
    name: string.nullable(10),
  }).nullable(1),
  allowAutoTopicCreation: bool.since(4, true),
  includeClusterAuthorizedOperations: bool.since(8).until(10),
  includeTopicAuthorizedOperations: bool.since(8),
}));
export type MetadataRequest = Infer<typeof metadataRequest>;

export const metadataResponse = response(
  'MetadataResponse',
  3,
  { versions: [0, 13], flexibleSince: 9 },
  () => ({
    throttleTimeMs: int32.since(3, 0),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().since(1, null),
    }),
    clusterId: string.nullable().since(2, null),
    controllerId: int32.since(1, -1),
    topics: array({
      errorCode: int16,
      name: string.nullable(12),
      topicId: uuid.since(10),
      isInternal: bool.since(1, false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5),
      }),
      topicAuthorizedOperations: int32.since(8, -2147483648),
    }),
    clusterAuthorizedOperations: int32.since(8, -2147483648).until(10),
    errorCode: int16.since(13),
  }),
);
export type MetadataResponse = Infer<typeof metadataResponse>;
