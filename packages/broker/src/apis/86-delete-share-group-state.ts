// DeleteShareGroupState (KIP-932): the share coordinator forgets share partitions.

import { deleteShareGroupStateRequest, deleteShareGroupStateResponse } from '@moldau/protocol';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const deleteShareGroupState = serve({
  request: deleteShareGroupStateRequest,
  response: deleteShareGroupStateResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, _context, { share }) {
    const results = await forEachPartition(groupId, topics, async (key) => ({
      partition: key.partition,
      ...(await share.state.remove(key)),
    }));
    return { results };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    results: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, errorMessage })),
    })),
  }),
});
