// CreatePartitions (KIP-195).

import { createPartitionsRequest, createPartitionsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const createPartitions = serve({
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  minVersion: 0,
  maxVersion: 3,
  async handle({ topics, validateOnly }, _context, { controller }) {
    return { results: await controller.createPartitions({ topics, validateOnly }) };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage })),
  }),
});
