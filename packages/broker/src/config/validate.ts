// Checks of single values, for whoever is about to store them: the controller, and the config APIs.

import { type ConfigDefinition, ConfigValueError, parseValue } from './definition.ts';
import { groupConfigDefinitions } from './definitions/group.ts';
import { topicConfigDefinitions } from './definitions/topic.ts';
import { brokerDefinition, brokerKeyHint, isListenerKey } from './listener-configs.ts';
import { didYouMean } from './text.ts';

/** What a listener's certificates come from is changed for one listener at a time while the broker runs, as in Kafka. */
const STORE_KEYS = /^ssl\.(key\.password$|keystore\.|truststore\.)/;

type Definitions = Readonly<Record<string, ConfigDefinition>>;

/** What is wrong with a topic's config, or undefined. Unknown names are wrong too. */
export function validateTopicConfig(name: string, value: string): string | undefined {
  return validate('topic', topicConfigDefinitions, name, value);
}

/** What is wrong with the configs of one topic, each by itself and all together, or undefined. */
export function validateTopicConfigs(
  configs: Iterable<readonly [name: string, value: string]>,
): string | undefined {
  const all = new Map(configs);
  for (const [name, value] of all) {
    const problem = validateTopicConfig(name, value);
    if (problem !== undefined) return problem;
  }
  const longest = all.get('max.compaction.lag.ms');
  const shortest = all.get('min.compaction.lag.ms');
  if (longest !== undefined && shortest !== undefined && Number(shortest) > Number(longest)) {
    return `min.compaction.lag.ms (${shortest}) is larger than max.compaction.lag.ms (${longest})`;
  }
  return undefined;
}

/** What is wrong with a config of a broker, or of all brokers (`isDefault`), or undefined. Only dynamic keys can be set. */
export function validateBrokerConfig(name: string, value: string, isDefault: boolean): string | undefined {
  const definition = brokerDefinition(name);
  if (definition === undefined) return `Unknown broker config name: ${name}${brokerKeyHint(name)}`;
  if (definition.update === 'read-only') {
    return `Cannot update ${name} while the broker runs: set it where the broker is started`;
  }
  if (isDefault && (definition.update === 'per-broker' || isListenerKey(name))) {
    return `Cannot set ${name} for all brokers: it is set for each broker by itself`;
  }
  if (STORE_KEYS.test(name)) {
    return `Cannot set ${name} for all listeners: set listener.name.<listener in lower case>.${name}`;
  }
  return problemOf(definition, name, value);
}

/** What is wrong with a config of a group, or undefined. */
export function validateGroupConfig(name: string, value: string): string | undefined {
  return validate('group', groupConfigDefinitions, name, value);
}

function validate(scope: string, definitions: Definitions, name: string, value: string): string | undefined {
  if (!Object.hasOwn(definitions, name)) {
    return `Unknown ${scope} config name: ${name}${didYouMean(name, Object.keys(definitions))}`;
  }
  return problemOf(definitions[name]!, name, value);
}

function problemOf(definition: ConfigDefinition, name: string, value: string): string | undefined {
  try {
    parseValue(name, definition, value);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigValueError) return error.message;
    throw error;
  }
}
