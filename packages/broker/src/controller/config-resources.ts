// The kinds of things that have configs: which names each may have, which values, and which of its keys are lists.

import { ConfigResourceType, topicNameProblem } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type ConfigDefinition, ConfigValueError, formatValue, parseValue } from '../config/definition.ts';
import { groupConfigDefinitions } from '../config/definitions/group.ts';
import { topicConfigDefinitions } from '../config/definitions/topic.ts';
import { groupConfigProblem } from '../config/group-bounds.ts';
import { brokerDefinition } from '../config/listener-configs.ts';
import { validateBrokerConfig, validateGroupConfig, validateTopicConfigs } from '../config/validate.ts';
import { clientMetricsConfigDefinitions, validateClientMetricsConfig } from './client-metrics-configs.ts';
import type { ReadableMetadata } from './metadata-view.ts';

type Definitions = Readonly<Record<string, ConfigDefinition>>;

export interface ConfigResourceKind {
  definitionOf(key: string): ConfigDefinition | undefined;
  /** @throws KafkaError when there is no resource of this name, or may not be */
  checkName(view: ReadableMetadata, name: string): void;
  /** @throws KafkaError when a value to be set is wrong, or all that would then be set does not fit together */
  checkConfigs(
    name: string,
    changed: ReadonlyMap<string, string>,
    all: ReadonlyMap<string, string>,
    broker: BrokerConfig,
    before: ReadonlyMap<string, string>,
  ): void;
}

const topic: ConfigResourceKind = {
  definitionOf: inTable(topicConfigDefinitions),
  checkName(view, name) {
    if (name === '') throw invalidRequest('Default topic resources are not allowed.');
    const problem = topicNameProblem(name);
    if (problem !== undefined) {
      throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`);
    }
    if (view.topicByName(name) === undefined) {
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
    }
  },
  checkConfigs(name, _changed, all, broker, before) {
    const problem = validateTopicConfigs(all) ?? durabilityProblem(name, before, all, broker);
    if (problem !== undefined) throw invalidConfig(problem);
  },
};

const broker: ConfigResourceKind = {
  definitionOf: brokerDefinition,
  checkName(view, name) {
    if (name === '') return;
    if (!/^-?\d+$/.test(name)) throw invalidRequest(`Node id must be an integer, but it is: ${name}`);
    if (view.brokers.has(Number(name))) return;
    throw invalidRequest(
      `Unexpected broker id, expected ${[...view.brokers.keys()].join(' or ')}, but received ${name}`,
    );
  },
  checkConfigs(name, changed) {
    for (const [key, value] of changed) {
      const problem = validateBrokerConfig(key, value, name === '');
      if (problem !== undefined) throw invalidRequest(problem);
    }
  },
};

const group: ConfigResourceKind = {
  definitionOf: inTable(groupConfigDefinitions),
  checkName(_view, name) {
    if (name === '') throw invalidRequest('Default group resources are not allowed.');
  },
  checkConfigs(_name, changed, all, broker) {
    for (const [key, value] of changed) {
      const problem = validateGroupConfig(key, value);
      if (problem !== undefined) throw invalidConfig(problem);
    }
    const problem = groupConfigProblem(all, broker);
    if (problem !== undefined) throw invalidConfig(problem);
  },
};

const clientMetrics: ConfigResourceKind = {
  definitionOf: inTable(clientMetricsConfigDefinitions),
  checkName(_view, name) {
    if (name === '') throw invalidRequest("Subscription name can't be empty");
  },
  checkConfigs(_name, changed) {
    for (const [key, value] of changed) {
      const problem = validateClientMetricsConfig(key, value);
      if (problem !== undefined) throw invalidRequest(problem);
    }
  },
};

const kinds = new Map<number, ConfigResourceKind>([
  [ConfigResourceType.TOPIC, topic],
  [ConfigResourceType.BROKER, broker],
  [ConfigResourceType.GROUP, group],
  [ConfigResourceType.CLIENT_METRICS, clientMetrics],
]);

/** @throws KafkaError for a type that has no configs that could be changed */
export function kindOf(resourceType: number): ConfigResourceKind {
  const kind = kinds.get(resourceType);
  if (kind === undefined) throw invalidRequest(`Unknown resource type ${resourceType}`);
  return kind;
}

/** A log in memory does not look at the files of its partition: what is in them would be out of sight, and new offsets would begin at 0. */
function durabilityProblem(
  topic: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  broker: BrokerConfig,
): string | undefined {
  const [from, to] = [before, after].map(
    (configs) => configs.get('moldau.durability') ?? broker.get('moldau.durability'),
  );
  if ((from === 'memory') === (to === 'memory')) return undefined;
  return `moldau.durability of the topic ${topic} is ${from} and cannot become ${to}: the records that it has would not be seen any more. Make a new topic with it.`;
}

/** The elements of a list as it is in force; undefined when the key is not a list. */
export function listElements(
  kind: ConfigResourceKind,
  key: string,
  text: string | undefined,
): string[] | undefined {
  const definition = kind.definitionOf(key);
  if (definition?.type !== 'LIST') return undefined;
  try {
    const elements = formatValue(parseValue(key, definition, text ?? definition.defaultText ?? ''));
    return elements === null || elements === '' ? [] : elements.split(',');
  } catch (error) {
    if (error instanceof ConfigValueError) return [];
    throw error;
  }
}

function inTable(definitions: Definitions): (key: string) => ConfigDefinition | undefined {
  return (key) => (Object.hasOwn(definitions, key) ? definitions[key] : undefined);
}

export function invalidRequest(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}

export function invalidConfig(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_CONFIG, message);
}
