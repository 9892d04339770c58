// Whose settings kafka-configs is about: types and names as its options say them, in long and in short.

import type { ConfigResource } from '@moldau/client';
import type { ToolOptions } from './tool-options.ts';

export const ENTITY_TYPES = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
] as const;

export const BY_NAME = [
  { name: 'topic', type: 'topics' },
  { name: 'client', type: 'clients' },
  { name: 'user', type: 'users' },
  { name: 'broker', type: 'brokers' },
  { name: 'broker-logger', type: 'broker-loggers' },
  { name: 'ip', type: 'ips' },
  { name: 'client-metrics', type: 'client-metrics' },
  { name: 'group', type: 'groups' },
] as const;

export const BY_DEFAULT = [
  { name: 'client-defaults', type: 'clients' },
  { name: 'user-defaults', type: 'users' },
  { name: 'broker-defaults', type: 'brokers' },
  { name: 'ip-defaults', type: 'ips' },
] as const;

export interface ConfigSubject {
  /** Those of ENTITY_TYPES, once they are checked. */
  readonly types: readonly string[];
  /** Of each type, as far as there are names; '' is what counts for all that have no settings of their own. */
  readonly names: readonly string[];
}

export function subjectOf(options: ToolOptions): ConfigSubject {
  const named = options.all('entity-name').values();
  const byName = BY_NAME.filter(({ name }) => options.has(name));
  const byDefault = BY_DEFAULT.filter(({ name }) => options.has(name));
  return {
    types: [...options.all('entity-type'), ...[...byName, ...byDefault].map(({ type }) => type)],
    names: [
      ...options.sequence
        .filter((name) => name === 'entity-name' || name === 'entity-default')
        .map((name) => (name === 'entity-name' ? (named.next().value ?? '') : '')),
      ...byName.map(({ name }) => options.get(name)!),
      ...byDefault.map(() => ''),
    ],
  };
}

/** 'topics' without its s, which is how lines call one of them. */
export function oneOf(type: string): string {
  return type.slice(0, -1);
}

export const RESOURCE_TYPES: Readonly<Record<string, ConfigResource['type']>> = {
  topics: 'topic',
  brokers: 'broker',
  'broker-loggers': 'broker-logger',
  'client-metrics': 'client-metrics',
  groups: 'group',
};
