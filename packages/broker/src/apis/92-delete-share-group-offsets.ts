// DeleteShareGroupOffsets (KIP-932): forgets where a share group without members was in some topics.

import {
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may, partition, refusal } from './authorize.ts';
import { serve } from './handler.ts';

export const deleteShareGroupOffsets = serve({
  request: deleteShareGroupOffsetsRequest,
  response: deleteShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    const permission = permissions.deleteShareGroupOffsets;
    demand(services, context, permission.group, groupId);
    if (groupId === '')
      return { errorCode: ErrorCode.INVALID_GROUP_ID, errorMessage: 'The group id is empty.', responses: [] };
    const names = topics.map(({ topicName }) => topicName);
    const [allowed, refused] = partition(names, (name) => may(services, context, permission.topic, name));
    const {
      errorCode,
      errorMessage,
      topics: deleted,
    } = await services.share.groups.deleteOffsets(groupId, allowed);
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage, responses: [] };
    const { code, message } = refusal(permission.topic);
    return {
      ...{ errorCode, errorMessage },
      responses: [
        ...refused.map((topicName) => ({
          ...{ topicName, topicId: ZERO_UUID, errorCode: code, errorMessage: message },
        })),
        ...deleted.map(({ topicId, ...topic }) => ({ ...topic, topicId: topicId ?? ZERO_UUID })),
      ],
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, responses: [] }),
});
