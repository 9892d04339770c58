// OffsetDelete (KIP-496): forgets what a group has committed of topics that none of its members consumes.

import { ErrorCode, offsetDeleteRequest, offsetDeleteResponse } from '@moldau/protocol';
import { splitByExistence, withCode } from './group-requests.ts';
import { serve } from './handler.ts';

export const offsetDelete = serve({
  request: offsetDeleteRequest,
  response: offsetDeleteResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, _context, { groups, metadata }) {
    const image = metadata();
    const checked = topics.map(({ name, partitions }) => ({
      name,
      ...splitByExistence(partitions, image.topicByName(name)),
    }));
    const { errorCode, partitionErrorCodes } = await groups.deleteOffsets({
      groupId,
      topics: checked.map(({ name, existing }) => ({
        name,
        partitionIndexes: existing.map(({ partitionIndex }) => partitionIndex),
      })),
    });
    if (errorCode !== ErrorCode.NONE) return { errorCode, topics: [] };
    return {
      errorCode,
      topics: checked.map(({ name, existing, missing }, index) => ({
        name,
        partitions: [
          ...withCode(missing, () => ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
          ...withCode(existing, (position) => partitionErrorCodes[index]![position]!),
        ],
      })),
    };
  },
  fail: (_request, errorCode) => ({ errorCode, topics: [] }),
});
