// CreatePartitions (KIP-195, KIP-599 a quota from version 3).

import { createPartitionsRequest, createPartitionsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_STRICT_QUOTA = 3;

export const createPartitions = serve({
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  minVersion: 0,
  maxVersion: 3,
  async handle({ topics, validateOnly }, context, { controller, quotas }) {
    const mutations = quotas.mutations(context, context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA);
    const results = await controller.createPartitions({ topics, validateOnly, mutations });
    context.throttle(mutations.throttleMs);
    return { results };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage })),
  }),
});
