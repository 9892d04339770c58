// OffsetDelete (KIP-496): forgets what a group has committed of topics that none of its members consumes.

import {
  ErrorCode,
  type OffsetDeleteRequest,
  offsetDeleteRequest,
  offsetDeleteResponse,
} from '@moldau/protocol';
import { serve } from './handler.ts';

type Partitions = OffsetDeleteRequest['topics'][number]['partitions'];

export const offsetDelete = serve({
  request: offsetDeleteRequest,
  response: offsetDeleteResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, _context, { groups, metadata }) {
    const image = metadata();
    const known = topics.filter(({ name }) => image.topicByName(name) !== undefined);
    const unknown = topics.filter(({ name }) => image.topicByName(name) === undefined);
    const { errorCode, partitionErrorCodes } = await groups.deleteOffsets({
      groupId,
      topics: known.map(({ name, partitions }) => ({
        name,
        partitionIndexes: partitions.map(({ partitionIndex }) => partitionIndex),
      })),
    });
    if (errorCode !== ErrorCode.NONE) return { errorCode, topics: [] };
    return {
      errorCode,
      topics: [
        ...unknown.map(({ name, partitions }) => ({
          name,
          partitions: withCode(partitions, () => ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        })),
        ...known.map(({ name, partitions }, index) => ({
          name,
          partitions: withCode(partitions, (position) => partitionErrorCodes[index]![position]!),
        })),
      ],
    };
  },
  fail: (_request, errorCode) => ({ errorCode, topics: [] }),
});

function withCode(
  partitions: Partitions,
  codeAt: (position: number) => number,
): { partitionIndex: number; errorCode: number }[] {
  return partitions.map(({ partitionIndex }, position) => ({ partitionIndex, errorCode: codeAt(position) }));
}
