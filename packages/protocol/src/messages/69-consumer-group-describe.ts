// ConsumerGroupDescribe (API 69): describes groups of the consumer protocol (KIP-848).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string, struct, uuid } from '../schema.ts';

export const consumerGroupDescribeRequest = request(
  'ConsumerGroupDescribeRequest',
  69,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  }),
);
export type ConsumerGroupDescribeRequest = Infer<typeof consumerGroupDescribeRequest>;

export const consumerGroupDescribeResponse = response(
  'ConsumerGroupDescribeResponse',
  69,
  { versions: [0, 1], flexibleSince: 0 },
  () => {
    const topicPartitions = struct({
      topicId: uuid,
      topicName: string,
      partitions: array(int32),
    });
    const assignment = struct({
      topicPartitions: array(topicPartitions),
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
        assignorName: string,
        members: array({
          memberId: string,
          instanceId: string.nullable().default(null),
          rackId: string.nullable().default(null),
          memberEpoch: int32,
          clientId: string,
          clientHost: string,
          subscribedTopicNames: array(string),
          subscribedTopicRegex: string.nullable().default(null),
          assignment,
          targetAssignment: assignment,
          memberType: int8.since(1, -1),
        }),
        authorizedOperations: int32.default(-2147483648),
      }),
    };
  },
);
export type ConsumerGroupDescribeResponse = Infer<typeof consumerGroupDescribeResponse>;
