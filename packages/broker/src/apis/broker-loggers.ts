// Broker loggers as resources with configs (KIP-412): each logger is a key, its level the value. They are this broker's own, are not kept over a
// restart, and so are none of the controller's business.

import { ConfigResourceType } from '@moldau/metadata';
import { ErrorCode, type IncrementalAlterConfigsRequest, KafkaError } from '@moldau/protocol';
import { ConfigOperation, nullValue } from '../controller/alter-configs.ts';
import { invalidConfig, invalidRequest } from '../controller/config-resources.ts';
import { isLogLevelName, LOG_LEVELS, type LogLevels, ROOT } from '../monitoring/log-levels.ts';

type Resource = IncrementalAlterConfigsRequest['resources'][number];
type Change = Resource['configs'][number];

/** Kafka's number for a level that was set while the broker runs; levels have no other source. */
const DYNAMIC_BROKER_LOGGER = 6;

export function describeLoggers(levels: LogLevels, keys: readonly string[] | null) {
  const wanted = keys === null ? undefined : new Set(keys);
  return [...levels.all()]
    .filter(([name]) => wanted?.has(name) ?? true)
    .map(([name, value]) => ({
      ...{ name, value, readOnly: false, isSensitive: false },
      ...{ source: DYNAMIC_BROKER_LOGGER, synonyms: [], type: 0, documentation: '' },
    }));
}

export function alterLoggers(
  resources: readonly Resource[],
  validateOnly: boolean,
  levels: LogLevels,
  nodeId: number,
) {
  const names = resources.map(({ resourceName }) => resourceName);
  return resources.map(({ resourceType, resourceName, configs }) => {
    try {
      if (names.indexOf(resourceName) !== names.lastIndexOf(resourceName))
        throw invalidRequest('Each resource must appear at most once.');
      const keys = configs.map(({ name }) => name);
      if (new Set(keys).size < keys.length) throw invalidRequest('Error due to duplicate config keys');
      for (const { name, configOperation, value } of configs)
        if (value === null && configOperation !== ConfigOperation.DELETE) throw nullValue(name);
      checkNode(resourceName, nodeId);
      // All or none.
      for (const change of configs) check(change, levels);
      if (!validateOnly) for (const change of configs) apply(change, levels);
      return { resourceType, resourceName, errorCode: ErrorCode.NONE, errorMessage: null };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { resourceType, resourceName, errorCode: error.code, errorMessage: error.message };
    }
  });
}

export function isLogger({ resourceType }: { readonly resourceType: number }): boolean {
  return resourceType === ConfigResourceType.BROKER_LOGGER;
}

function checkNode(name: string, nodeId: number): void {
  if (!/^-?\d+$/.test(name)) throw invalidRequest(`Node id must be an integer, but it is: ${name}`);
  if (name !== String(nodeId))
    throw invalidRequest(`Unexpected broker id, expected ${nodeId}, but received ${name}`);
}

function check({ name, configOperation, value }: Change, levels: LogLevels): void {
  switch (configOperation) {
    case ConfigOperation.SET: {
      checkExists(name, levels);
      if (value !== null && isLogLevelName(value)) return;
      const valid = LOG_LEVELS.join(', ');
      throw invalidConfig(
        `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${valid}`,
      );
    }
    case ConfigOperation.DELETE:
      checkExists(name, levels);
      if (name === ROOT) throw invalidRequest('Removing the log level of the root logger is not allowed');
      return;
    case ConfigOperation.APPEND:
      throw invalidRequest('APPEND operation is not allowed for the BROKER_LOGGER resource');
    case ConfigOperation.SUBTRACT:
      throw invalidRequest('SUBTRACT operation is not allowed for the BROKER_LOGGER resource');
    default:
      throw invalidRequest(
        `Unknown operation type ${configOperation} is not allowed for the BROKER_LOGGER resource`,
      );
  }
}

function checkExists(name: string, levels: LogLevels): void {
  if (!levels.has(name)) throw invalidConfig(`Logger ${name} does not exist!`);
}

function apply({ name, configOperation, value }: Change, levels: LogLevels): void {
  const isSet = configOperation === ConfigOperation.SET && value !== null && isLogLevelName(value);
  levels.set(name, isSet ? value : undefined);
}
