// CreateTopics (KIP-4; validateOnly from version 1, KIP-464 the broker's defaults by -1, KIP-525 the resulting configs from version 5,
// KIP-516 topic ids from version 7).

import { createTopicsRequest, createTopicsResponse, ErrorCode } from '@moldau/protocol';
import type { TopicConfigs } from '../config/topic-settings.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_CONFIGS = 5;
const FIRST_VERSION_WITH_STRICT_QUOTA = 6;

export const createTopics = serve({
  request: createTopicsRequest,
  response: createTopicsResponse,
  minVersion: 0,
  maxVersion: 7,
  async handle({ topics, validateOnly }, context, { controller, topicConfigs, quotas }) {
    const mutations = quotas.mutations(context, context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA);
    const created = await controller.createTopics({ topics, validateOnly, mutations });
    context.throttle(mutations.throttleMs);
    const describe = describeOnce(topicConfigs);
    return {
      topics: created.map(({ configs, ...topic }) => {
        const isAnswered =
          context.apiVersion >= FIRST_VERSION_WITH_CONFIGS && topic.errorCode === ErrorCode.NONE;
        return { ...topic, configs: isAnswered ? describe(configs) : [] };
      }),
    };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage, configs: [] })),
  }),
});

/** Most topics of a request are configured alike, and a description is long. */
function describeOnce(topicConfigs: TopicConfigs) {
  const known = new Map<string, ReturnType<typeof describe>>();
  return (configs: ReadonlyMap<string, string>) => {
    const key = JSON.stringify([...configs]);
    let described = known.get(key);
    if (described === undefined) {
      described = describe(topicConfigs, configs);
      known.set(key, described);
    }
    return described;
  };
}

function describe(topicConfigs: TopicConfigs, configs: ReadonlyMap<string, string>) {
  return topicConfigs.describe(configs).map(({ name, value, readOnly, source, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource: source,
    isSensitive,
  }));
}
