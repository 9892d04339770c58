// AlterShareGroupOffsets (KIP-932): sets where a share group without members starts.

import {
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { serve } from './handler.ts';

export const alterShareGroupOffsets = serve({
  request: alterShareGroupOffsetsRequest,
  response: alterShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, _context, { share }) {
    if (groupId === '')
      return { errorCode: ErrorCode.INVALID_GROUP_ID, errorMessage: 'The group id is empty.', responses: [] };
    const altered = await share.groups.alterOffsets(groupId, topics);
    const { errorCode, errorMessage } = altered;
    return {
      ...{ errorCode, errorMessage },
      responses: altered.topics.map(({ topicName, topicId, partitions }) => ({
        ...{ topicName, topicId: topicId ?? ZERO_UUID },
        partitions: [...partitions],
      })),
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, responses: [] }),
});
