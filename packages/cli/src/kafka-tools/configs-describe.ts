// kafka-configs --describe.

import type { Admin, ConfigEntry, QuotaDescription, QuotaEntity, QuotaFilter } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { type ConfigSubject, oneOf, RESOURCE_TYPES } from './configs-subject.ts';
import { illegalArgument } from './java-errors.ts';
import { hashOrder, javaDouble } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';

/** As Kafka calls them. */
const SOURCES: Readonly<Record<ConfigEntry['source'], string>> = {
  unknown: 'UNKNOWN',
  topic: 'DYNAMIC_TOPIC_CONFIG',
  'dynamic-broker': 'DYNAMIC_BROKER_CONFIG',
  'dynamic-default-broker': 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'static-broker': 'STATIC_BROKER_CONFIG',
  default: 'DEFAULT_CONFIG',
  'dynamic-broker-logger': 'DYNAMIC_BROKER_LOGGER_CONFIG',
  'client-metrics': 'DYNAMIC_CLIENT_METRICS_CONFIG',
  group: 'DYNAMIC_GROUP_CONFIG',
};

export async function describeConfigs(
  admin: Admin,
  options: ToolOptions,
  context: ToolContext,
  subject: ConfigSubject,
): Promise<void> {
  const [type = ''] = subject.types;
  if (RESOURCE_TYPES[type] === undefined) await describeEntities(admin, context, subject);
  else await describeResources(admin, options, context, type, subject.names[0]);
}

async function describeResources(
  admin: Admin,
  options: ToolOptions,
  context: ToolContext,
  type: string,
  name: string | undefined,
): Promise<void> {
  if (name && !options.has('all') && !(await isThere(admin, type, name))) {
    context.out(`The ${oneOf(type)} '${name}' doesn't exist and doesn't have dynamic config.`);
    return;
  }
  const names = name === undefined ? await allNames(admin, type) : [name];
  for (const each of names) {
    const kind = options.has('all') ? 'All' : 'Dynamic';
    const entries = await settingsOf(admin, type, each, { isAll: options.has('all') });
    context.out(
      each === ''
        ? `Default configs for ${type} in the cluster are:`
        : `${kind} configs for ${oneOf(type)} ${each} are:`,
    );
    for (const { name, value, isSensitive, synonyms } of entries) {
      const others = synonyms.map(
        ({ source, ...other }) => `${SOURCES[source]}:${other.name}=${other.value}`,
      );
      context.out(`  ${name}=${value} sensitive=${isSensitive} synonyms={${others.join(', ')}}`);
    }
  }
}

async function isThere(admin: Admin, type: string, name: string): Promise<boolean> {
  if ((await allNames(admin, type)).includes(name)) return true;
  try {
    const resources = await admin.configs.list({ types: [RESOURCE_TYPES[type]!] });
    return resources.some((resource) => resource.name === name);
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION') return false;
    throw error;
  }
}

async function allNames(admin: Admin, type: string): Promise<string[]> {
  if (type === 'topics') {
    const topics = await admin.topics.list({ includeInternal: true });
    return topics.map(({ name }) => name);
  }
  if (type === 'brokers' || type === 'broker-loggers') {
    const { brokers } = await admin.cluster.describe();
    return [...brokers.map(({ id }) => String(id)), ''];
  }
  const isGroups = type === 'groups';
  const resources = await admin.configs.list({ types: [isGroups ? 'group' : 'client-metrics'] });
  const groups = isGroups ? await admin.groups.list() : [];
  return [...new Set([...groups.map(({ groupId }) => groupId), ...resources.map(({ name }) => name)])];
}

/** By name; but for `isAll` those that were changed for just this resource. */
export async function settingsOf(
  admin: Admin,
  type: string,
  name: string,
  { isAll = false }: { isAll?: boolean } = {},
): Promise<ConfigEntry[]> {
  if ((type === 'brokers' || type === 'broker-loggers') && name !== '' && !/^[+-]?\d+$/.test(name))
    throw illegalArgument(`The entity name for ${type} must be a valid integer broker id, found: ${name}`);
  const resource = { type: RESOURCE_TYPES[type]!, name };
  const [description] = await admin.configs.describe(resource, { includeSynonyms: true });
  const own = OWN_SOURCES[type === 'brokers' && name === '' ? 'default-broker' : type];
  return [...description!.entries.values()]
    .filter(({ source }) => isAll || own === undefined || source === own)
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

const OWN_SOURCES: Readonly<Record<string, ConfigEntry['source']>> = {
  topics: 'topic',
  brokers: 'dynamic-broker',
  'default-broker': 'dynamic-default-broker',
  'client-metrics': 'client-metrics',
  groups: 'group',
};

const ENTITY_KEYS: Readonly<Record<string, keyof QuotaEntity>> = {
  users: 'user',
  clients: 'clientId',
  ips: 'ip',
};

/** Of users, clients and addresses: quotas, and the credentials of users. */
async function describeEntities(
  admin: Admin,
  context: ToolContext,
  { types, names }: ConfigSubject,
): Promise<void> {
  for (const quota of await quotasOf(admin, { types, names })) context.out(quotaLine(quota));
  if (types.includes('clients') || types.includes('ips') || names.includes('')) return;
  for (const { user, credentials } of await credentialsOf(admin, names)) {
    const shown = credentials.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`);
    context.out(`SCRAM credential configs for user-principal '${user}' are ${shown.join(', ')}`);
  }
}

/** Of exactly these parts; a type without a name stands for all of its names. */
export async function quotasOf(admin: Admin, { types, names }: ConfigSubject): Promise<QuotaDescription[]> {
  if (names.length > types.length) throw illegalArgument('More entity names specified than entity types');
  const filter: Record<string, string | null | true> = {};
  for (const [index, type] of types.entries()) {
    const name = names[index];
    filter[ENTITY_KEYS[type]!] = name === undefined ? true : name === '' ? null : name;
  }
  return await admin.quotas.describe(filter as QuotaFilter, { strict: true });
}

/** The entity that an alteration is of. */
export function entityOf({ types, names }: ConfigSubject): QuotaEntity {
  return Object.fromEntries(types.map((type, index) => [ENTITY_KEYS[type]!, names[index] || null]));
}

function quotaLine({ entity, values }: QuotaDescription): string {
  const parts = [
    ['user-principal', entity.user] as const,
    ['client-id', entity.clientId] as const,
    ['ip', entity.ip] as const,
  ].flatMap(([kind, name]) =>
    name === undefined ? [] : [name === null ? `the default ${kind}` : `${kind} '${name}'`],
  );
  const named = Object.entries(values).map(([name, value]) => [snake(name), value ?? 0] as const);
  const ordered = hashOrder(named, ([name]) => name, named.length);
  const limits = ordered.map(([name, value]) => `${name}=${javaDouble(value)}`);
  return `Quota configs for ${parts.join(', ')} are ${limits.join(', ')}`;
}

export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

async function credentialsOf(admin: Admin, users: readonly string[]) {
  try {
    return await admin.users.list(users.length === 0 ? undefined : users);
  } catch (error) {
    // Those without credentials are not spoken of.
    if (error instanceof KafkaError && error.code === 'RESOURCE_NOT_FOUND') return [];
    throw error;
  }
}
