// InitializeShareGroupState (KIP-932): the share coordinator begins to keep the state of share partitions.

import { initializeShareGroupStateRequest, initializeShareGroupStateResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const initializeShareGroupState = serve({
  request: initializeShareGroupStateRequest,
  response: initializeShareGroupStateResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    demand(services, context, permissions.initializeShareGroupState.cluster);
    const { share } = services;
    const results = await forEachPartition(groupId, topics, async (key, partition) => ({
      partition: key.partition,
      ...(await share.state.initialize(key, partition)),
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
