// ReadShareGroupStateSummary (KIP-932): where share partitions start. Version 1 adds how many records after that are done.

import { readShareGroupStateSummaryRequest, readShareGroupStateSummaryResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { forEachPartition } from './share-state-requests.ts';

export const readShareGroupStateSummary = serve({
  request: readShareGroupStateSummaryRequest,
  response: readShareGroupStateSummaryResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ groupId, topics }, context, services) {
    demand(services, context, permissions.readShareGroupStateSummary.cluster);
    const { share } = services;
    const results = await forEachPartition(groupId, topics, async (key) => ({
      partition: key.partition,
      ...(await share.state.summary(key)),
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
        leaderEpoch: 0,
        startOffset: 0,
      })),
    })),
  }),
});
