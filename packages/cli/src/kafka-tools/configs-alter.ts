// kafka-configs --alter.

import type { Admin, ScramMechanism } from '@moldau/client';
import { entityOf, quotasOf, settingsOf, snake } from './configs-describe.ts';
import { type ConfigSubject, oneOf, RESOURCE_TYPES } from './configs-subject.ts';
import { readProperties } from './connections.ts';
import { illegalArgument, JavaError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { withoutSecrets } from './secrets.ts';
import type { ToolOptions } from './tool-options.ts';

interface Changes {
  readonly added: ReadonlyMap<string, string>;
  readonly deleted: readonly string[];
}

const QUOTAS = ['consumer_byte_rate', 'controller_mutation_rate', 'producer_byte_rate', 'request_percentage'];
const IP_QUOTAS = ['connection_creation_rate'];
const MECHANISMS: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const LEAST_ITERATIONS = 4096;

export async function alterConfigs(
  admin: Admin,
  options: ToolOptions,
  context: ToolContext,
  subject: ConfigSubject,
): Promise<void> {
  const { types, names } = subject;
  if (types.length !== names.length)
    throw illegalArgument('An entity name must be specified for every entity type');
  const changes = { added: await addedOf(options, context), deleted: deletedOf(options) };
  const type = types[0]!;
  const name = names[0]!;
  if (RESOURCE_TYPES[type] !== undefined) await alterResource(admin, type, name, changes);
  else if (type === 'ips') await alterAddress(admin, subject, changes);
  else await alterUserOrClient(admin, subject, changes);
  context.out(
    name === ''
      ? `Completed updating default config for ${type} in the cluster.`
      : `Completed updating config for ${oneOf(type)} ${name}.`,
  );
}

/** A comma or an equals sign that is not in brackets. */
const OUTSIDE = '(?=[^\\]]*(?:\\[|$))';

async function addedOf(options: ToolOptions, context: ToolContext): Promise<Map<string, string>> {
  const added = new Map<string, string>();
  const file = options.get('add-config-file');
  if (file !== undefined) {
    for (const [name, value] of Object.entries(await readProperties(context.disk, file)))
      added.set(name, value);
  }
  const text = options.get('add-config');
  if (text !== undefined) {
    const pairs = text
      .split(new RegExp(`,${OUTSIDE}`))
      .map((pair) => pair.split(new RegExp(`\\s*=\\s*${OUTSIDE}`)));
    if (pairs.some((pair) => pair.length !== 2)) {
      throw illegalArgument(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
      );
    }
    for (const [name = '', value = ''] of pairs)
      added.set(name.trim(), value.replaceAll(/[[\]]/g, '').trim());
  }
  for (const name of added.keys())
    if (!/^[$a-zA-Z0-9._-]*$/.test(name))
      throw illegalArgument(`Invalid character found for config key: ${name}`);
  return added;
}

function deletedOf(options: ToolOptions): string[] {
  return options.all('delete-config').map((name) => name.trim());
}

async function alterResource(
  admin: Admin,
  type: string,
  name: string,
  { added, deleted }: Changes,
): Promise<void> {
  if (type === 'broker-loggers') {
    const known = new Set((await settingsOf(admin, type, name)).map((entry) => entry.name));
    const unknown = [...deleted, ...added.keys()].filter((each) => !known.has(each));
    if (unknown.length > 0) throw invalid(`Invalid broker logger(s): ${unknown.join(',')}`);
  }
  await admin.configs.alter({
    resource: { type: RESOURCE_TYPES[type]!, name },
    ...{ set: Object.fromEntries(added), remove: deleted },
  });
}

async function alterAddress(admin: Admin, subject: ConfigSubject, changes: Changes): Promise<void> {
  const unknown = [...changes.added.keys(), ...changes.deleted].filter((name) => !IP_QUOTAS.includes(name));
  if (unknown.length > 0) {
    throw illegalArgument(
      `Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: ${unknown.join(',')}`,
    );
  }
  await alterQuotas(admin, subject, changes);
}

async function alterUserOrClient(admin: Admin, subject: ConfigSubject, changes: Changes): Promise<void> {
  const { types, names } = subject;
  const { added, deleted } = changes;
  const isQuota = (name: string): boolean => QUOTAS.includes(name);
  const isScram = (name: string): boolean => MECHANISMS.includes(name);
  const isUser = types[0] === 'users' && types.length === 1;
  const unknown = (keys: readonly string[]): string[] =>
    keys.filter((name) => !isQuota(name) && !(isUser && isScram(name)));
  const kinds = isUser
    ? "Only quota and SCRAM credential configs can be %s for 'users'"
    : "Only quota configs can be %s for 'clients'";
  for (const [keys, verb, kind] of [
    [unknown([...added.keys()]), 'added', 'Set'],
    [unknown(deleted), 'deleted', 'ArrayBuffer'],
  ] as const) {
    if (keys.length === 0) continue;
    throw illegalArgument(
      `${kinds.replace('%s', verb)} using --bootstrap-server. Unexpected config names: ${kind}(${keys.join(', ')})`,
    );
  }
  const scram = [...added.keys(), ...deleted].filter(isScram);
  const quotas = [...added.keys(), ...deleted].filter(isQuota);
  if (scram.length > 0 && names.includes('')) {
    throw illegalArgument(
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
    );
  }
  if (scram.length > 0 && quotas.length > 0) {
    throw illegalArgument(
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
    );
  }
  if (scram.length > 0) await alterCredentials(admin, names[0]!, changes);
  else await alterQuotas(admin, subject, changes);
}

async function alterQuotas(admin: Admin, subject: ConfigSubject, { added, deleted }: Changes): Promise<void> {
  const [former] = await quotasOf(admin, subject);
  const known = Object.keys(former?.values ?? {}).map(snake);
  const unknown = deleted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw invalid(`Invalid config(s): ${unknown.join(',')}`);
  const values: Record<string, number | null> = {};
  for (const [name, text] of added) {
    const value = Number(text);
    if (text === '' || Number.isNaN(value))
      throw illegalArgument(`Cannot parse quota configuration value for ${name}: ${text}`);
    values[name] = value;
  }
  for (const name of deleted) values[name] = null;
  await admin.quotas.alter({ entity: entityOf(subject), values });
}

async function alterCredentials(admin: Admin, user: string, { added, deleted }: Changes): Promise<void> {
  const made = [...added].map(([name, text]) => {
    const [, given, password] = /^(?:iterations=(-?[0-9]*),)?password=(.*)$/s.exec(text) ?? [];
    if (password === undefined)
      throw illegalArgument(
        `Invalid credential property ${name.replaceAll('-', '_')}=${withoutSecrets(text)}`,
      );
    const iterations = given === undefined || given === '-1' ? LEAST_ITERATIONS : Number(given);
    if (iterations < LEAST_ITERATIONS) {
      throw illegalArgument(
        `Iterations ${iterations} is less than the minimum ${LEAST_ITERATIONS} required for ${name}`,
      );
    }
    return { user, password, iterations, mechanism: name as ScramMechanism };
  });
  if (deleted.length > 0)
    await admin.users.delete(deleted.map((mechanism) => ({ user, mechanism: mechanism as ScramMechanism })));
  if (made.length > 0) await admin.users.set(made);
}

function invalid(message: string): JavaError {
  return new JavaError('org.apache.kafka.common.errors.InvalidConfigurationException', message);
}
