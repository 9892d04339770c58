// What settings are of: a topic, a broker and the like, whose settings are texts, or users, clients and addresses, whose settings are quotas.

import type { Admin, ConfigResource, QuotaEntity } from '@moldau/client';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { CONFIG_TYPES } from './config.ts';

export type ConfigSubject = { readonly resource: ConfigResource } | { readonly quotaOf: QuotaEntity };

const QUOTA_KEYS: Readonly<Record<string, keyof QuotaEntity>> = {
  user: 'user',
  client: 'clientId',
  ip: 'ip',
};
/** Of these there is one that counts for all. */
const WITH_DEFAULT = ['broker', 'user', 'client', 'ip'];
const DEFAULT = 'default';

/** @throws UsageError */
export function configSubject(type: string, name: string): ConfigSubject {
  // As Kafka's tools have them: topics, brokers.
  const known = CONFIG_TYPES.find((each) => each === type || `${each}s` === type);
  if (known === undefined) throw new UsageError(`expected one of ${CONFIG_TYPES.join(', ')}, not ${type}`);
  const isDefault = name === DEFAULT && WITH_DEFAULT.includes(known);
  const quotaKey = QUOTA_KEYS[known];
  if (quotaKey !== undefined) return { quotaOf: { [quotaKey]: isDefault ? null : name } };
  if (known.startsWith('broker') && !isDefault && !/^\d+$/.test(name))
    throw new UsageError(
      `expected the id of a broker${known === 'broker' ? ', or default' : ''}, not ${name}: \`moldau cluster brokers\` lists them`,
    );
  return { resource: { type: known as ConfigResource['type'], name: isDefault ? '' : name } };
}

/** A broker that is not there may come back, and the client would wait for it. @throws CommandError */
export async function requireBroker(
  admin: Admin,
  { type, name }: ConfigResource,
  signal: AbortSignal,
): Promise<void> {
  if (!type.startsWith('broker') || name === '') return;
  const ids = (await admin.cluster.describe({ signal })).brokers.map(({ id }) => String(id));
  if (!ids.includes(name)) throw new CommandError(`there is no broker ${name}; there are ${ids.join(', ')}`);
}

/** Limits that Kafka knows. */
export const QUOTA_NAMES = [
  ...['producer_byte_rate', 'consumer_byte_rate', 'request_percentage'],
  ...['controller_mutation_rate', 'connection_creation_rate'],
] as const;

/** Quotas by Kafka's names, as producer_byte_rate. */
export function quotaName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** producerByteRate. */
export function quotaKey(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function quotaNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${name}: expected a number above 0, not ${text}`);
}
