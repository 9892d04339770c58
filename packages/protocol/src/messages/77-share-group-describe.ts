// ShareGroupDescribe (API 77): describes share groups (KIP-932).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string, struct, uuid } from '../schema.ts';

export const shareGroupDescribeRequest = request(
  'ShareGroupDescribeRequest',
  77,
  { versions: [1, 1], flexibleSince: 0 },
  () => ({
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  }),
);
export type ShareGroupDescribeRequest = Infer<typeof shareGroupDescribeRequest>;

export const shareGroupDescribeResponse = response(
  'ShareGroupDescribeResponse',
  77,
  { versions: [1, 1], flexibleSince: 0 },
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
          rackId: string.nullable().default(null),
          memberEpoch: int32,
          clientId: string,
          clientHost: string,
          subscribedTopicNames: array(string),
          assignment,
        }),
        authorizedOperations: int32.default(-2147483648),
      }),
    };
  },
);
export type ShareGroupDescribeResponse = Infer<typeof shareGroupDescribeResponse>;
