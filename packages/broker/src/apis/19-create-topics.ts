// CreateTopics (KIP-4; validateOnly from version 1, KIP-464 the broker's defaults by -1, KIP-525 the resulting configs from version 5,
// KIP-516 topic ids from version 7).

import { CLUSTER_METADATA_TOPIC } from '@moldau/metadata';
import { createTopicsRequest, createTopicsResponse, ErrorCode } from '@moldau/protocol';
import type { TopicConfigs } from '../config/topic-settings.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition, refusal } from './authorize.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_CONFIGS = 5;
const FIRST_VERSION_WITH_STRICT_QUOTA = 6;

export const createTopics = serve({
  request: createTopicsRequest,
  response: createTopicsResponse,
  minVersion: 0,
  maxVersion: 7,
  async handle({ topics, validateOnly }, context, services) {
    const { controller, topicConfigs, quotas } = services;
    const permission = permissions.createTopics;
    const mayCreateAll = may(services, context, permission.cluster);
    const repeated = new Set(topics.map(({ name }) => name).filter(isRepeated()));
    // What is wrong whoever asks is told as such.
    const [allowed, refused] = partition(
      topics,
      ({ name }) =>
        mayCreateAll ||
        repeated.has(name) ||
        name === CLUSTER_METADATA_TOPIC ||
        may(services, context, permission.topic, name),
    );
    const mutations = quotas.mutations(context, context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA);
    const created = await controller.createTopics({ topics: allowed, validateOnly, mutations });
    context.throttle(mutations.throttleMs);
    const describe = describeOnce(topicConfigs);
    const { code, message } = refusal(permission.topic);
    return {
      topics: [
        ...created.map(({ configs, ...topic }) => {
          const isAnswered =
            context.apiVersion >= FIRST_VERSION_WITH_CONFIGS && topic.errorCode === ErrorCode.NONE;
          if (!isAnswered) return { ...topic, configs: [] };
          return may(services, context, permission.configs, topic.name)
            ? { ...topic, configs: describe(configs) }
            : { ...topic, ...UNDESCRIBED };
        }),
        ...refused.map(({ name }) => ({
          name,
          errorCode: code,
          errorMessage: message,
          configs: [],
        })),
      ],
    };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage, configs: [] })),
  }),
});

/** Of a topic whose configs may not be seen its size is not told either. */
const UNDESCRIBED = {
  ...{ numPartitions: -1, replicationFactor: -1, configs: [] },
  topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
};

/** Finds what has come before. */
function isRepeated(): (name: string) => boolean {
  const seen = new Set<string>();
  return (name) => seen.size === seen.add(name).size;
}

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
