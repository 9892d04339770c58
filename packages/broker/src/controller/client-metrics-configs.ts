// Keys of client metrics subscriptions (KIP-714): which metrics clients are to push, how often, and which clients.

import { type ConfigDefinition, ConfigValueError, int, list, parseValue } from '../config/definition.ts';
import { type ConfigDescription, describe, printed } from '../config/description.ts';

export const clientMetricsConfigDefinitions: Readonly<Record<string, ConfigDefinition>> = {
  'interval.ms': int(300_000, 'How often clients push their metrics.', {
    min: 100,
    max: 3_600_000,
    update: 'cluster-wide',
  }),
  match: list('', 'Which clients: selector=regular expression, several with commas; empty for all.', {
    update: 'cluster-wide',
    check: checkSelectors,
  }),
  metrics: list('', 'Prefixes of the names of the metrics to push; * for all.', { update: 'cluster-wide' }),
};

const SELECTORS = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
];

/** What is wrong with a value, or undefined. */
export function validateClientMetricsConfig(name: string, value: string): string | undefined {
  const definition = Object.hasOwn(clientMetricsConfigDefinitions, name)
    ? clientMetricsConfigDefinitions[name]!
    : undefined;
  if (definition === undefined) return `Unknown client metrics configuration: ${name}`;
  try {
    parseValue(name, definition, value);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigValueError) return error.message;
    throw error;
  }
}

/** Kafka's number for a value that a subscription sets. */
const SOURCE_CLIENT_METRICS = 7;

export type ClientMetricsConfig = Omit<ConfigDescription, 'source' | 'synonyms'> & {
  readonly source: number;
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: number;
  }[];
};

/** For DescribeConfigs of a subscription. */
export function describeClientMetricsConfigs(
  texts: ReadonlyMap<string, string>,
  names?: readonly string[] | null,
): ClientMetricsConfig[] {
  return Object.entries(clientMetricsConfigDefinitions)
    .filter(([name]) => names?.includes(name) ?? true)
    .map(([name, definition]) => {
      const text = texts.get(name);
      const value = text === undefined ? definition.defaultText : printed(name, definition, text);
      const description = describe(name, definition, { value, readOnly: false, synonyms: [] });
      if (text === undefined) return description;
      const source = SOURCE_CLIENT_METRICS;
      return { ...description, source, synonyms: [{ name, value, source }] };
    });
}

function checkSelectors(selectors: readonly string[]): string | undefined {
  const isFine = selectors.every((each) => {
    const [name = '', pattern = ''] = each.split('=', 2).map((part) => part.trim());
    return SELECTORS.includes(name) && pattern !== '';
  });
  return isFine
    ? undefined
    : `expected selector=regular expression, the selector one of ${SELECTORS.join(', ')}`;
}
