// DeleteShareGroupState (KIP-932): the share coordinator forgets share partitions.

import { deleteShareGroupStateRequest, deleteShareGroupStateResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const deleteShareGroupState = serve({
  request: deleteShareGroupStateRequest,
  response: deleteShareGroupStateResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    demand(services, context, permissions.deleteShareGroupState.cluster);
    const { share } = services;
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
