// DescribeConfigs (KIP-133; KIP-226 sources and synonyms from version 1, KIP-569 types and documentation from version 3).
//
// A few bytes of a request ask for hundreds of configs, so an answer holds so many at most, and others get their turn while it is made.

import { ConfigResourceType, topicNameProblem } from '@moldau/metadata';
import {
  type DescribeConfigsRequest,
  describeConfigsRequest,
  describeConfigsResponse,
  ErrorCode,
  KafkaError,
} from '@moldau/protocol';
import { type ConfigDescription, ConfigSource } from '../config/description.ts';
import {
  type ClientMetricsConfig,
  describeClientMetricsConfigs,
} from '../controller/client-metrics-configs.ts';
import { invalidRequest } from '../controller/config-resources.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { describeLoggers } from './broker-loggers.ts';
import { checkPermission } from './config-requests.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { type Services, serve } from './handler.ts';

type Resource = DescribeConfigsRequest['resources'][number];
type Described = ConfigDescription | ClientMetricsConfig | ReturnType<typeof describeLoggers>[number];

/** Those of some ten thousand topics: about a hundred megabytes. */
const MAX_CONFIGS = 500_000;
const CONFIGS_IN_ONE_GO = 2_000;

export const describeConfigs = serve({
  request: describeConfigsRequest,
  response: describeConfigsResponse,
  minVersion: 0,
  maxVersion: 4,
  async handle(request, context, services) {
    const results = [];
    let configCount = 0;
    let pausedAtCount = 0;
    for (const resource of distinctWhenMany(request.resources, keyOf)) {
      const { resourceType, resourceName } = resource;
      try {
        checkPermission(resource, permissions.describeConfigs, context, services);
        if (configCount >= MAX_CONFIGS) throw invalidRequest('Too many resources: ask for them by and by');
        const configs = describe(resource, services).map((config) => toResult(config, request));
        configCount += configs.length;
        results.push({ errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs });
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        const { code, message } = error;
        results.push({ errorCode: code, errorMessage: message, resourceType, resourceName, configs: [] });
      }
      if (configCount - pausedAtCount < CONFIGS_IN_ONE_GO) continue;
      pausedAtCount = configCount;
      await new Promise<void>((resolve) => services.timers.soon(resolve));
    }
    return { results };
  },
  fail: ({ resources }, errorCode, errorMessage) => ({
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
      configs: [],
    })),
  }),
});

function keyOf({ resourceType, resourceName }: Resource): string {
  return `${resourceType}/${resourceName}`;
}

function describe(
  resource: Resource,
  { metadata, config, topicConfigs, logLevels }: Services,
): readonly Described[] {
  const { resourceType, resourceName: name, configurationKeys } = resource;
  // No keys mean all keys.
  const keys =
    configurationKeys === null || configurationKeys.length === 0 ? null : [...new Set(configurationKeys)];
  switch (resourceType) {
    case ConfigResourceType.TOPIC: {
      const problem = topicNameProblem(name);
      if (problem !== undefined) {
        throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`);
      }
      if (metadata().topicByName(name) === undefined) {
        throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
      }
      return topicConfigs.describe(metadata().topicConfigs(name), keys);
    }
    case ConfigResourceType.BROKER:
      if (name === '') return config.describeDefaults(keys);
      checkBrokerName(name, config.nodeId);
      return config.describe(keys);
    case ConfigResourceType.BROKER_LOGGER:
      checkBrokerName(name, config.nodeId);
      return describeLoggers(logLevels, keys);
    case ConfigResourceType.GROUP:
      if (name === '') throw invalidRequest('Group name must not be empty');
      return topicConfigs.describeGroup(metadata().configs(resourceType, name), keys);
    case ConfigResourceType.CLIENT_METRICS:
      if (name === '') throw invalidRequest('Client metrics subscription name must not be empty');
      return describeClientMetricsConfigs(metadata().configs(resourceType, name), keys);
    default:
      throw invalidRequest(`Unknown resource type ${resourceType}`);
  }
}

function checkBrokerName(name: string, nodeId: number): void {
  if (!/^-?\d+$/.test(name)) throw invalidRequest(`Broker id must be an integer, but it is: ${name}`);
  if (name === String(nodeId)) return;
  throw invalidRequest(`Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`);
}

function toResult(config: Described, request: DescribeConfigsRequest) {
  const { name, value, readOnly, source, isSensitive, synonyms, type, documentation } = config;
  return {
    name,
    value,
    readOnly,
    isDefault: source === ConfigSource.DEFAULT,
    configSource: source,
    isSensitive,
    synonyms: request.includeSynonyms ? synonyms : [],
    configType: type,
    documentation: request.includeDocumentation ? documentation : null,
  };
}
