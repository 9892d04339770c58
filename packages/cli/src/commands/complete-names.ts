// The names that a cluster has, and those of profiles, for completion. What cannot be asked soon is not there.

import type { Admin } from '@moldau/client';
import type { CommandContext, Completion } from '../command-line/command.ts';
import { readProfiles } from '../connection/profiles.ts';
import { type ConnectionFlags, connectionSettings } from '../connection/settings.ts';
import type { Before } from './complete.ts';
import { configSubject, QUOTA_NAMES } from './config-subject.ts';

const PATIENCE_MS = 1_000;

export async function clusterNames(
  wanted: Exclude<Completion, 'file' | 'folder'>,
  before: Before,
  { disk, environment }: Pick<CommandContext, 'disk' | 'environment'>,
): Promise<readonly string[]> {
  try {
    if (wanted === 'profile') return Object.keys((await readProfiles(environment, disk)).profiles);
    const { brokers, properties } = await connectionSettings(connectionFlags(before), environment, disk);
    const { openAdmin } = await import('@moldau/client/admin');
    await using admin = openAdmin({ brokers, apiTimeoutMs: PATIENCE_MS, properties });
    return await ask(admin, wanted, before);
  } catch {
    return [];
  }
}

function connectionFlags({ options }: Before): ConnectionFlags {
  const last = (name: string): string | undefined => options.get(name)?.at(-1);
  const [brokers, profile, clientConfig] = [last('brokers'), last('profile'), last('client-config')];
  return {
    ...(brokers !== undefined && { brokers }),
    ...(profile !== undefined && { profile }),
    ...(clientConfig !== undefined && { clientConfig }),
    X: options.get('X') ?? [],
  };
}

async function ask(
  admin: Admin,
  wanted: Exclude<Completion, 'file' | 'folder' | 'profile'>,
  { given }: Before,
): Promise<readonly string[]> {
  const topics = async (): Promise<string[]> => (await admin.topics.list()).map(({ name }) => name);
  const groups = async (): Promise<string[]> => (await admin.groups.list()).map(({ groupId }) => groupId);
  const users = async (): Promise<string[]> => (await admin.users.list()).map(({ user }) => user);
  switch (wanted) {
    case 'topic':
      return await topics();
    case 'group':
      return await groups();
    case 'user':
      return await users();
    case 'transactional-id':
      return (await admin.transactions.list()).map(({ transactionalId }) => transactionalId);
    case 'config-name':
      return await configNames(admin, given[0] ?? '', { topics, groups, users });
    case 'config-key':
      return await configKeys(admin, given);
  }
}

async function configNames(
  admin: Admin,
  type: string,
  { topics, groups, users }: Record<'topics' | 'groups' | 'users', () => Promise<string[]>>,
): Promise<string[]> {
  const ids = async (): Promise<string[]> =>
    (await admin.cluster.describe()).brokers.map(({ id }) => String(id));
  switch (type.replace(/s$/, '')) {
    case 'topic':
      return await topics();
    case 'group':
      return await groups();
    case 'broker':
      return ['default', ...(await ids())];
    case 'broker-logger':
      return await ids();
    case 'user':
      return ['default', ...(await users())];
    default:
      return [];
  }
}

/** After `config get TYPE NAME`, those of that; else those of topics. */
async function configKeys(admin: Admin, [type, name]: readonly string[]): Promise<readonly string[]> {
  const subject = type === undefined || name === undefined ? undefined : subjectOf(type, name);
  if (subject !== undefined && 'quotaOf' in subject) return QUOTA_NAMES;
  const first = subject === undefined ? (await admin.topics.list())[0]?.name : undefined;
  const resource =
    subject?.resource ?? (first === undefined ? undefined : { type: 'topic' as const, name: first });
  if (resource === undefined) return [];
  const [description] = await admin.configs.describe(resource);
  return [...description!.entries.keys()].sort();
}

/** undefined: they are arguments of another verb. */
function subjectOf(type: string, name: string): ReturnType<typeof configSubject> | undefined {
  try {
    return configSubject(type, name);
  } catch {
    return undefined;
  }
}
