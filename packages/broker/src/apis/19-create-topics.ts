// CreateTopics (KIP-4; validateOnly from version 1, KIP-464 the broker's defaults by -1, KIP-525 the resulting configs from version 5,
// KIP-516 topic ids from version 7).

import { createTopicsRequest, createTopicsResponse, ErrorCode } from '@moldau/protocol';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_CONFIGS = 5;

export const createTopics = serve({
  request: createTopicsRequest,
  response: createTopicsResponse,
  minVersion: 0,
  maxVersion: 7,
  async handle({ topics, validateOnly }, { apiVersion }, { controller, topicConfigs }) {
    const created = await controller.createTopics({ topics, validateOnly });
    return {
      topics: created.map(({ configs, ...topic }) => ({
        ...topic,
        configs:
          apiVersion < FIRST_VERSION_WITH_CONFIGS || topic.errorCode !== ErrorCode.NONE
            ? []
            : topicConfigs.describe(configs).map(({ name, value, readOnly, source, isSensitive }) => ({
                name,
                value,
                readOnly,
                configSource: source,
                isSensitive,
              })),
      })),
    };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage, configs: [] })),
  }),
});
