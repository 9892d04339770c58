// Configuration of topics, brokers, groups and client metrics: what it is and where it comes from, and changing single keys of it.

import {
  describeConfigsRequest,
  describeConfigsResponse,
  describeGroupsRequest,
  describeGroupsResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  listConfigResourcesRequest,
  listConfigResourcesResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster, Destination } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { type ConfigValues, configTexts } from './config-values.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import type { ChangeOptions } from './topics.ts';

const TYPES = { topic: 2, broker: 4, 'broker-logger': 8, 'client-metrics': 16, group: 32 } as const;
const SOURCES = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
  'dynamic-broker-logger',
  'client-metrics',
  'group',
] as const;

export interface ConfigResource {
  readonly type: keyof typeof TYPES;
  /** Of brokers their id, or '' for what counts for all. */
  readonly name: string;
}

export interface ConfigEntry {
  readonly name: string;
  /** null: there is none, or it is secret. */
  readonly value: string | null;
  readonly source: (typeof SOURCES)[number];
  readonly isDefault: boolean;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  /** What else would count, the next first; only when asked for. */
  readonly synonyms: readonly Pick<ConfigEntry, 'name' | 'value' | 'source'>[];
  /** Only when asked for, and where the broker has one. */
  readonly documentation: string | undefined;
}

export interface ConfigDescription {
  readonly resource: ConfigResource;
  readonly entries: ReadonlyMap<string, ConfigEntry>;
}

export interface ConfigChange {
  readonly resource: ConfigResource;
  readonly set?: ConfigValues;
  /** Back to the default. */
  readonly remove?: readonly string[];
  /** For lists: values to add, or to take out. */
  readonly append?: ConfigValues;
  readonly subtract?: ConfigValues;
}

const DESCRIBE = { request: describeConfigsRequest, response: describeConfigsResponse, minVersion: 1 };
const ALTER = { request: incrementalAlterConfigsRequest, response: incrementalAlterConfigsResponse };
const LIST = { request: listConfigResourcesRequest, response: listConfigResourcesResponse };
const LIST_BY_TYPE = { ...LIST, minVersion: 1, neededFor: 'other types than client-metrics' };
/** Which brokers have configuration of these: of such as have an API that came at the same time. */
const YOUNG_TYPES = {
  'client-metrics': { ...LIST, neededFor: 'configuration of client metrics' },
  group: {
    ...{ request: describeGroupsRequest, response: describeGroupsResponse },
    ...{ minVersion: 6, neededFor: 'configuration of groups' },
  },
} as const;
const NAMES = new Map<number, ConfigResource['type']>(
  Object.entries(TYPES).map(([type, code]) => [code, type as ConfigResource['type']]),
);
const OPERATIONS = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

export class ConfigsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The resources that have configuration; brokers before Kafka 4.1 only tell of client metrics: ask for types ['client-metrics']. */
  async list(
    options: CallOptions & { types?: readonly ConfigResource['type'][] } = {},
  ): Promise<ConfigResource[]> {
    const { types = [] } = options;
    const isOld = types.length > 0 && types.every((type) => type === 'client-metrics');
    const input = { resourceTypes: types.map((type) => TYPES[type]) };
    const { configResources } = await this.#cluster.request(isOld ? LIST : LIST_BY_TYPE, input, {
      ...options,
      to: 'any',
      retry: wholeAnswer('DescribeConfigs'),
    });
    return configResources.flatMap(({ resourceType, resourceName }) => {
      const type = NAMES.get(resourceType);
      return type === undefined ? [] : [{ type, name: resourceName }];
    });
  }

  /** In the order of `resources`; `keys`: only these. */
  async describe(
    resources: ConfigResource | readonly ConfigResource[],
    options: CallOptions & {
      keys?: readonly string[];
      includeSynonyms?: boolean;
      includeDocumentation?: boolean;
    } = {},
  ): Promise<ConfigDescription[]> {
    const { keys, includeSynonyms = false, includeDocumentation = false } = options;
    return await this.#each('DescribeConfigs', options, [resources].flat(), async (group, to) => {
      const asked = group.map((resource) => ({
        ...resourceOf(resource),
        configurationKeys: keys ? [...keys] : null,
      }));
      const input = { resources: asked, includeSynonyms, includeDocumentation };
      const { results } = await this.#cluster.request(DESCRIBE, input, { ...options, to, retry: {} });
      return results.map((result) => {
        const entries = new Map(result.configs.map(entryOf).map((entry) => [entry.name, entry]));
        return { ...result, value: { entries } };
      });
    });
  }

  /** Changes the keys that are named and leaves all others. */
  async alter(changes: ConfigChange | readonly ConfigChange[], options: ChangeOptions = {}): Promise<void> {
    const asked = [changes].flat();
    const byResource = new Map(asked.map((change) => [change.resource, change]));
    await this.#each('AlterConfigs', options, [...byResource.keys()], async (group, to) => {
      const input = {
        resources: group.map((resource) => ({
          ...resourceOf(resource),
          configs: operations(byResource.get(resource)!),
        })),
        validateOnly: options.validateOnly ?? false,
      };
      const { responses } = await this.#cluster.request(ALTER, input, { ...options, to, retry: {} });
      return responses.map((response) => ({ ...response, value: {} }));
    });
  }

  /** Brokers that do not know a type answer nothing of use. @throws UnsupportedVersionError */
  async #checkType(type: keyof typeof YOUNG_TYPES, options: CallOptions): Promise<void> {
    await this.#cluster.retrying(options, async ({ deadlineMs, signal }) => {
      const timeoutMs = Math.max(1, deadlineMs - this.#cluster.ports.clock.monotonicMs());
      const { apis } = await this.#cluster.connect('any', 'control', { timeoutMs, signal });
      apis.pick(YOUNG_TYPES[type]);
    });
  }

  /** One request to each broker that is to be asked, the answers in the order of the resources. */
  async #each<Value extends object>(
    operation: string,
    options: CallOptions,
    resources: readonly ConfigResource[],
    ask: (group: readonly ConfigResource[], to: Destination) => Promise<readonly ResourceAnswer<Value>[]>,
  ): Promise<({ resource: ConfigResource } & Value)[]> {
    const groups = Map.groupBy(resources, (resource) => youngTypeOf(resource) ?? brokerOf(resource));
    const answers = new Map<string, ResourceAnswer<Value> | KafkaError>();
    await Promise.all(
      [...groups].map(async ([where, group]) => {
        try {
          const to: Destination = typeof where === 'number' ? { brokerId: where } : 'any';
          if (typeof where === 'string') await this.#checkType(where, options);
          for (const answer of await ask(group, to))
            answers.set(`${answer.resourceType}:${answer.resourceName}`, answer);
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          for (const resource of group) answers.set(keyOf(resource), error);
        }
      }),
    );
    return allOrThrow(
      resources.map((resource) => {
        const answer = answers.get(keyOf(resource));
        if (answer instanceof KafkaError) return answer;
        const about = resource.type === 'topic' ? { topic: resource.name } : { resource: text(resource) };
        return errorOf(answer, { ...about, operation }) ?? { resource, ...answer!.value };
      }),
    );
  }
}

interface ResourceAnswer<Value> {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly value: Value;
}

/** A broker's own configuration is only known to itself. */
function brokerOf({ type, name }: ConfigResource): number | undefined {
  return (type === 'broker' || type === 'broker-logger') && name !== '' ? Number(name) : undefined;
}

function youngTypeOf({ type }: ConfigResource): keyof typeof YOUNG_TYPES | undefined {
  return type === 'client-metrics' || type === 'group' ? type : undefined;
}

/** How errors call it. */
function text({ type, name }: ConfigResource): string {
  return name === '' ? `all ${type}s` : `${type.replace('-', ' ')} ${name}`;
}

function resourceOf({ type, name }: ConfigResource) {
  return { resourceType: TYPES[type], resourceName: name };
}

function keyOf({ type, name }: ConfigResource): string {
  return `${TYPES[type]}:${name}`;
}

function operations({ set = {}, remove = [], append = {}, subtract = {} }: ConfigChange) {
  const change = (values: ConfigValues, configOperation: number) =>
    configTexts(values).map((entry) => ({ ...entry, configOperation }));
  return [
    ...change(set, OPERATIONS.set),
    ...remove.map((name) => ({ name, value: null, configOperation: OPERATIONS.remove })),
    ...change(append, OPERATIONS.append),
    ...change(subtract, OPERATIONS.subtract),
  ];
}

function entryOf(entry: {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly { name: string; value: string | null; source: number }[];
  readonly documentation: string | null;
}): ConfigEntry {
  const source = sourceOf(entry.configSource);
  return {
    ...{ name: entry.name, value: entry.value, source },
    isDefault: source === 'default',
    isReadOnly: entry.readOnly,
    isSensitive: entry.isSensitive,
    synonyms: entry.synonyms.map(({ name, value, source }) => ({ name, value, source: sourceOf(source) })),
    documentation: entry.documentation ?? undefined,
  };
}

function sourceOf(code: number): ConfigEntry['source'] {
  return SOURCES[code] ?? 'unknown';
}
