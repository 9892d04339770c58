// BeginQuorumEpoch (API 53): a quorum leader announces its epoch (KIP-595).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, uint16, uuid } from '../schema.ts';

export const beginQuorumEpochRequest = request(
  'BeginQuorumEpochRequest',
  53,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    clusterId: string.nullable().default(null),
    voterId: int32.since(1, -1),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        voterDirectoryId: uuid.since(1),
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    leaderEndpoints: array({
      name: string,
      host: string,
      port: uint16,
    }).since(1),
  }),
);
export type BeginQuorumEpochRequest = Infer<typeof beginQuorumEpochRequest>;

export const beginQuorumEpochResponse = response(
  'BeginQuorumEpochResponse',
  53,
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
export type BeginQuorumEpochResponse = Infer<typeof beginQuorumEpochResponse>;
