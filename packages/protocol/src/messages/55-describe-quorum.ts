// DescribeQuorum (API 55): describes the metadata quorum (KIP-595). 2: the voters' addresses (KIP-853).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string, struct, uint16, uuid } from '../schema.ts';

export const describeQuorumRequest = request(
  'DescribeQuorumRequest',
  55,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  }),
);
export type DescribeQuorumRequest = Infer<typeof describeQuorumRequest>;

export const describeQuorumResponse = response(
  'DescribeQuorumResponse',
  55,
  { versions: [0, 2], flexibleSince: 0 },
  () => {
    const replicaState = struct({
      replicaId: int32,
      replicaDirectoryId: uuid.since(2),
      logEndOffset: int64,
      lastFetchTimestamp: int64.since(1, -1),
      lastCaughtUpTimestamp: int64.since(1, -1),
    });
    return {
      errorCode: int16,
      errorMessage: string.nullable().since(2),
      topics: array({
        topicName: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
          errorMessage: string.nullable().since(2),
          leaderId: int32,
          leaderEpoch: int32,
          highWatermark: int64,
          currentVoters: array(replicaState),
          observers: array(replicaState),
        }),
      }),
      nodes: array({
        nodeId: int32,
        listeners: array({
          name: string,
          host: string,
          port: uint16,
        }),
      }).since(2),
    };
  },
);
export type DescribeQuorumResponse = Infer<typeof describeQuorumResponse>;
