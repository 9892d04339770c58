// Decides how configs change: as a whole (AlterConfigs) or key by key (IncrementalAlterConfigs).

import type { ConfigEntry, MetadataRecord } from '@moldau/metadata';
import { KafkaError } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import {
  type ConfigResourceKind,
  invalidConfig,
  invalidRequest,
  kindOf,
  listElements,
} from './config-resources.ts';
import type { ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome, splitDuplicates } from './outcome.ts';

/** Kafka's numbers. */
export const ConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

interface ConfigResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export interface ReplacedConfigs extends ConfigResource {
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface ChangedConfigs extends ConfigResource {
  readonly configs: readonly {
    readonly name: string;
    readonly configOperation: number;
    readonly value: string | null;
  }[];
}

export interface AlteredResource extends ConfigResource, ItemResult {}

/** What was set and is not named is forgotten. */
export function alterConfigs(
  view: ReadableMetadata,
  { resources, validateOnly }: { resources: readonly ReplacedConfigs[]; validateOnly: boolean },
  broker: BrokerConfig,
): Outcome<AlteredResource[]> {
  return forEachResource(resources, validateOnly, ({ resourceType, resourceName, configs }) => {
    const kind = kindOf(resourceType);
    kind.checkName(view, resourceName);
    const texts = new Map<string, string>();
    for (const { name, value } of configs) {
      if (value === null) throw nullValue(name);
      texts.set(name, value);
    }
    const before = view.configs(resourceType, resourceName);
    kind.checkConfigs(resourceName, texts, texts, broker, before);
    return difference(before, texts);
  });
}

/** What is not named stays. */
export function incrementalAlterConfigs(
  view: ReadableMetadata,
  { resources, validateOnly }: { resources: readonly ChangedConfigs[]; validateOnly: boolean },
  broker: BrokerConfig,
): Outcome<AlteredResource[]> {
  return forEachResource(resources, validateOnly, ({ resourceType, resourceName, configs }) => {
    const kind = kindOf(resourceType);
    kind.checkName(view, resourceName);
    const before = view.configs(resourceType, resourceName);
    const after = new Map(before);
    const changed = new Map<string, string>();
    for (const { name, configOperation, value } of configs) {
      if (configOperation === ConfigOperation.DELETE) {
        after.delete(name);
        continue;
      }
      if (value === null) throw nullValue(name);
      const text = changedText(kind, name, configOperation, value, before.get(name));
      changed.set(name, text);
      after.set(name, text);
    }
    kind.checkConfigs(resourceName, changed, after, broker, before);
    return difference(before, after);
  });
}

function forEachResource<T extends ReplacedConfigs>(
  resources: readonly T[],
  validateOnly: boolean,
  decide: (resource: T) => ConfigEntry[],
): Outcome<AlteredResource[]> {
  const records: MetadataRecord[] = [];
  const keyOf = ({ resourceType, resourceName }: ConfigResource) => `${resourceType}/${resourceName}`;
  const repeated = new Set(splitDuplicates(resources, keyOf).duplicates);
  const response = resources.map((resource): AlteredResource => {
    const { resourceType, resourceName, configs } = resource;
    try {
      if (repeated.has(keyOf(resource))) throw invalidRequest('Each resource must appear at most once.');
      if (splitDuplicates(configs, ({ name }) => name).duplicates.length > 0) {
        throw invalidRequest('Error due to duplicate config keys');
      }
      const entries = decide(resource);
      if (entries.length > 0) records.push({ type: 'config', resourceType, resourceName, entries });
      return { resourceType, resourceName, ...OK };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { resourceType, resourceName, ...failed(error) };
    }
  });
  return { records: validateOnly ? [] : records, response };
}

function changedText(
  kind: ConfigResourceKind,
  name: string,
  operation: number,
  value: string,
  before: string | undefined,
): string {
  if (operation === ConfigOperation.SET) return value;
  if (operation !== ConfigOperation.APPEND && operation !== ConfigOperation.SUBTRACT) {
    throw invalidRequest(
      `Unknown config operation ${operation} for ${name}: 0 sets, 1 deletes, 2 appends, 3 subtracts`,
    );
  }
  const elements = listElements(kind, name, before);
  if (elements === undefined) {
    const verb = operation === ConfigOperation.APPEND ? 'APPEND' : 'SUBTRACT';
    throw invalidConfig(`Can't ${verb} to key ${name} because its type is not LIST.`);
  }
  const operands = value.split(',').map((element) => element.trim());
  if (operation === ConfigOperation.APPEND) return [...new Set([...elements, ...operands])].join(',');
  return elements.filter((element) => !operands.includes(element)).join(',');
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  for (const name of before.keys()) if (!after.has(name)) entries.push({ name, value: null });
  for (const [name, value] of after) if (before.get(name) !== value) entries.push({ name, value });
  return entries;
}

export function nullValue(name: string): KafkaError {
  return invalidRequest(`Null value not supported for : ${name}`);
}
