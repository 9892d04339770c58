// DeleteShareGroupOffsets (KIP-932): forgets where a share group without members was in some topics.

import {
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { serve } from './handler.ts';

export const deleteShareGroupOffsets = serve({
  request: deleteShareGroupOffsetsRequest,
  response: deleteShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, _context, { share }) {
    if (groupId === '')
      return { errorCode: ErrorCode.INVALID_GROUP_ID, errorMessage: 'The group id is empty.', responses: [] };
    const names = topics.map(({ topicName }) => topicName);
    const { errorCode, errorMessage, topics: deleted } = await share.groups.deleteOffsets(groupId, names);
    return {
      ...{ errorCode, errorMessage },
      responses: deleted.map(({ topicId, ...topic }) => ({ ...topic, topicId: topicId ?? ZERO_UUID })),
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, responses: [] }),
});
