// EndQuorumEpoch (API 54): a quorum leader resigns from its epoch (KIP-595).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, uint16, uuid } from '../schema.ts';

export const endQuorumEpochRequest = request(
  'EndQuorumEpochRequest',
  54,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    clusterId: string.nullable().default(null),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32,
        preferredSuccessors: array(int32).until(0),
        preferredCandidates: array({
          candidateId: int32,
          candidateDirectoryId: uuid,
        }).since(1),
      }),
    }),
    leaderEndpoints: array({
      name: string,
      host: string,
      port: uint16,
    }).since(1),
  }),
);
export type EndQuorumEpochRequest = Infer<typeof endQuorumEpochRequest>;

export const endQuorumEpochResponse = response(
  'EndQuorumEpochResponse',
  54,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    errorCode: int16,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: uint16,
    })
      .since(1)
      .tagged(0),
  }),
);
export type EndQuorumEpochResponse = Infer<typeof endQuorumEpochResponse>;
