// Checks of single values, for whoever is about to store them: the controller, and the config APIs.

import { type ConfigDefinition, ConfigValueError, parseValue } from './definition.ts';
import { brokerConfigDefinitions } from './definitions/broker.ts';
import { groupConfigDefinitions } from './definitions/group.ts';
import { topicConfigDefinitions } from './definitions/topic.ts';
import { didYouMean } from './text.ts';

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
  const definition = (brokerConfigDefinitions as Definitions)[name];
  if (definition !== undefined && definition.update === 'read-only') {
    return `Cannot update ${name} while the broker runs: set it where the broker is started`;
  }
  if (definition?.update === 'per-broker' && isDefault) {
    return `Cannot set ${name} for all brokers: it is set for each broker by itself`;
  }
  return validate('broker', brokerConfigDefinitions, name, value);
}

/** What is wrong with a config of a group, or undefined. */
export function validateGroupConfig(name: string, value: string): string | undefined {
  return validate('group', groupConfigDefinitions, name, value);
}

function validate(scope: string, definitions: Definitions, name: string, value: string): string | undefined {
  if (!Object.hasOwn(definitions, name)) {
    return `Unknown ${scope} config name: ${name}${didYouMean(name, Object.keys(definitions))}`;
  }
  try {
    parseValue(name, definitions[name]!, value);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigValueError) return error.message;
    throw error;
  }
}
