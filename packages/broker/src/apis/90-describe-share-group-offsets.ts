// DescribeShareGroupOffsets (KIP-932): where share groups start in their topics' partitions. Version 1 adds the lag.

import {
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition, refusal } from './authorize.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { serve } from './handler.ts';

export const describeShareGroupOffsets = serve({
  request: describeShareGroupOffsetsRequest,
  response: describeShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groups }, context, services) {
    const permission = permissions.describeShareGroupOffsets;
    const described = distinctWhenMany(groups, ({ groupId }) => groupId).map(async ({ groupId, topics }) => {
      if (!may(services, context, permission.group, groupId)) {
        const { code, message } = refusal(permission.group);
        return { groupId, errorCode: code, errorMessage: message, topics: [] };
      }
      const [allowed, refused] = partition(topics ?? [], ({ topicName }) =>
        may(services, context, permission.topic, topicName),
      );
      const found = await services.share.groups.describeOffsets(groupId, topics === null ? null : allowed);
      const isSeen = ({ topicName }: { topicName: string }) =>
        topics !== null || may(services, context, permission.anyTopic, topicName);
      return {
        ...{ groupId, errorCode: ErrorCode.NONE },
        topics: [
          ...found.filter(isSeen).map(({ topicName, topicId, partitions }) => ({
            ...{ topicName, topicId: topicId ?? ZERO_UUID },
            partitions: [...partitions],
          })),
          ...refused.map(refusedTopic),
        ],
      };
    });
    return { groups: await Promise.all(described) };
  },
  fail: ({ groups }, errorCode, errorMessage) => ({
    groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode, errorMessage })),
  }),
});

function refusedTopic({ topicName, partitions }: { topicName: string; partitions: readonly number[] }) {
  const { code, message } = refusal(permissions.describeShareGroupOffsets.topic);
  return {
    ...{ topicName, topicId: ZERO_UUID },
    partitions: partitions.map((partitionIndex) => ({
      ...{ partitionIndex, startOffset: -1, leaderEpoch: 0, lag: -1 },
      ...{ errorCode: code, errorMessage: message },
    })),
  };
}
