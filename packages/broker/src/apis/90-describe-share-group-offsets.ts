// DescribeShareGroupOffsets (KIP-932): where share groups start in their topics' partitions. Version 1 adds the lag.

import {
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { serve } from './handler.ts';

export const describeShareGroupOffsets = serve({
  request: describeShareGroupOffsetsRequest,
  response: describeShareGroupOffsetsResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groups }, _context, { share }) {
    const described = groups.map(async ({ groupId, topics }) => ({
      groupId,
      errorCode: ErrorCode.NONE,
      topics: (await share.groups.describeOffsets(groupId, topics)).map(
        ({ topicName, topicId, partitions }) => ({
          ...{ topicName, topicId: topicId ?? ZERO_UUID },
          partitions: [...partitions],
        }),
      ),
    }));
    return { groups: await Promise.all(described) };
  },
  fail: ({ groups }, errorCode, errorMessage) => ({
    groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode, errorMessage })),
  }),
});
