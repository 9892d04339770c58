// AlterShareGroupOffsets (KIP-932): sets where a share group without members starts.

import {
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may, partition, refusal } from './authorize.ts';
import { serve } from './handler.ts';

export const alterShareGroupOffsets = serve({
  request: alterShareGroupOffsetsRequest,
  response: alterShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    const permission = permissions.alterShareGroupOffsets;
    demand(services, context, permission.group, groupId);
    if (groupId === '')
      return { errorCode: ErrorCode.INVALID_GROUP_ID, errorMessage: 'The group id is empty.', responses: [] };
    const [allowed, refused] = partition(topics, ({ topicName }) =>
      may(services, context, permission.topic, topicName),
    );
    const altered = await services.share.groups.alterOffsets(groupId, allowed);
    const { errorCode, errorMessage } = altered;
    return {
      ...{ errorCode, errorMessage },
      responses: [
        ...altered.topics.map(({ topicName, topicId, partitions }) => ({
          ...{ topicName, topicId: topicId ?? ZERO_UUID },
          partitions: [...partitions],
        })),
        ...refused.map(({ topicName, partitions }) => ({
          ...{ topicName, topicId: ZERO_UUID },
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refusedPartition() })),
        })),
      ],
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, responses: [] }),
});

function refusedPartition() {
  const { code, message } = refusal(permissions.alterShareGroupOffsets.topic);
  return { errorCode: code, errorMessage: message };
}
