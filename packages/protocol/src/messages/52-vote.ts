// Vote (API 52): asks a voter of the metadata quorum for its vote (KIP-595). 2: pre-vote (KIP-996).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../schema.ts';

export const voteRequest = request('VoteRequest', 52, { versions: [0, 2], flexibleSince: 0 }, () => ({
  clusterId: string.nullable().default(null),
  voterId: int32.since(1, -1),
  topics: array({
    topicName: string,
    partitions: array({
      partitionIndex: int32,
      replicaEpoch: int32,
      replicaId: int32,
      replicaDirectoryId: uuid.since(1),
      voterDirectoryId: uuid.since(1),
      lastOffsetEpoch: int32,
      lastOffset: int64,
      preVote: bool.since(2),
    }),
  }),
}));
export type VoteRequest = Infer<typeof voteRequest>;

export const voteResponse = response('VoteResponse', 52, { versions: [0, 2], flexibleSince: 0 }, () => ({
  errorCode: int16,
  topics: array({
    topicName: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      leaderId: int32,
      leaderEpoch: int32,
      voteGranted: bool,
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: uint16,
  })
    .since(1)
    .tagged(0),
}));
export type VoteResponse = Infer<typeof voteResponse>;
