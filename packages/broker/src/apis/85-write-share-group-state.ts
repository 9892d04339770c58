// WriteShareGroupState (KIP-932): the leader of share partitions has what became of their records kept. Version 1 adds how
// many of them are done.

import { writeShareGroupStateRequest, writeShareGroupStateResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const writeShareGroupState = serve({
  request: writeShareGroupStateRequest,
  response: writeShareGroupStateResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groupId, topics }, context, services) {
    demand(services, context, permissions.writeShareGroupState.cluster);
    const { share } = services;
    const results = await forEachPartition(groupId, topics, async (key, partition) => ({
      partition: key.partition,
      ...(await share.state.write(key, partition)),
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
