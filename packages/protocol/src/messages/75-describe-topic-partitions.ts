// DescribeTopicPartitions (API 75): names leaders and replicas of topics page by page (KIP-966).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string, struct, uuid } from '../schema.ts';

export const describeTopicPartitionsRequest = request(
  'DescribeTopicPartitionsRequest',
  75,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.default(2000),
    cursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .default(null),
  }),
);
export type DescribeTopicPartitionsRequest = Infer<typeof describeTopicPartitionsRequest>;

export const describeTopicPartitionsResponse = response(
  'DescribeTopicPartitionsResponse',
  75,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    topics: array({
      errorCode: int16,
      name: string.nullable(),
      topicId: uuid,
      isInternal: bool.default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().default(null),
        lastKnownElr: array(int32).nullable().default(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.default(-2147483648),
    }),
    nextCursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .default(null),
  }),
);
export type DescribeTopicPartitionsResponse = Infer<typeof describeTopicPartitionsResponse>;
