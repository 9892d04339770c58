// CreatePartitions (KIP-195, KIP-599 a quota from version 3).

import { createPartitionsRequest, createPartitionsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition } from './authorize.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_STRICT_QUOTA = 3;

export const createPartitions = serve({
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  minVersion: 0,
  maxVersion: 3,
  async handle({ topics, validateOnly }, context, services) {
    const { controller, quotas } = services;
    const { topic } = permissions.createPartitions;
    const [allowed, refused] = partition(topics, ({ name }) => may(services, context, topic, name));
    const mutations = quotas.mutations(context, context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA);
    const results = await controller.createPartitions({ topics: allowed, validateOnly, mutations });
    context.throttle(mutations.throttleMs);
    const { denied } = topic;
    return {
      results: [...results, ...refused.map(({ name }) => ({ name, errorCode: denied, errorMessage: null }))],
    };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage })),
  }),
});
