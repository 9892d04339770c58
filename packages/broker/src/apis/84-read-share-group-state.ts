// ReadShareGroupState (KIP-932): the leader of share partitions asks for their state; from then on older leaders are fenced.

import { readShareGroupStateRequest, readShareGroupStateResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const readShareGroupState = serve({
  request: readShareGroupStateRequest,
  response: readShareGroupStateResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    demand(services, context, permissions.readShareGroupState.cluster);
    const { share } = services;
    const results = await forEachPartition(groupId, topics, async (key, partition) => ({
      partition: key.partition,
      ...(await share.state.read(key, partition.leaderEpoch)),
    }));
    return { results };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    results: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition }) => ({
        partition,
        errorCode,
        errorMessage,
        stateEpoch: 0,
        startOffset: 0,
        stateBatches: [],
      })),
    })),
  }),
});
