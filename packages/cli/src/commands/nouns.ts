// All nouns of the moldau command. Their verbs are loaded when they are asked for.

import type { NounSpec } from '../command-line/command.ts';

export const nouns: readonly NounSpec[] = [
  {
    name: 'topic',
    aliases: ['topics'],
    summary: 'list, describe, create, change and delete topics',
    load: async () => (await import('./topic.ts')).verbs,
  },
  {
    name: 'group',
    aliases: ['groups'],
    summary: 'list and describe groups with their lag, move and delete them',
    load: async () => (await import('./group.ts')).verbs,
  },
  {
    name: 'config',
    aliases: ['configs'],
    summary: 'show and change settings of topics, brokers, groups, users and clients',
    load: async () => (await import('./config.ts')).verbs,
  },
  {
    name: 'offsets',
    summary: 'show where partitions begin and end, and where a time is in them',
    load: async () => (await import('./offsets.ts')).verbs,
  },
  {
    name: 'log-dirs',
    summary: 'show where brokers keep partitions, and move them',
    load: async () => (await import('./log-dirs.ts')).verbs,
  },
  {
    name: 'cluster',
    summary: 'show brokers, features, controllers and what brokers speak',
    load: async () => (await import('./cluster.ts')).verbs,
  },
  {
    name: 'transactions',
    aliases: ['transaction'],
    summary: 'list transactions, find those that hang, and end them',
    load: async () => (await import('./transactions.ts')).verbs,
  },
  {
    name: 'user',
    aliases: ['users'],
    summary: 'list, make and delete users who log in by SCRAM',
    load: async () => (await import('./user.ts')).verbs,
  },
  {
    name: 'acl',
    aliases: ['acls'],
    summary: 'list, add and delete access rules',
    load: async () => (await import('./acl.ts')).verbs,
  },
  {
    name: 'quota',
    aliases: ['quotas'],
    summary: 'limit what users, clients and addresses may use',
    load: async () => (await import('./quota.ts')).verbs,
  },
  {
    name: 'token',
    aliases: ['tokens'],
    summary: 'list, make, renew and end delegation tokens',
    load: async () => (await import('./token.ts')).verbs,
  },
  {
    name: 'perf',
    summary: 'measure how quickly records are sent and read',
    load: async () => (await import('./perf.ts')).verbs,
  },
  {
    name: 'profile',
    aliases: ['profiles'],
    summary: 'name clusters, and choose the one that is meant when nothing is said',
    load: async () => (await import('./profile.ts')).verbs,
  },
  {
    name: 'security',
    summary: 'set up encryption, logins and permissions, and check them',
    load: async () => (await import('./security.ts')).verbs,
  },
  {
    name: 'completion',
    summary: 'complete commands and names in bash, zsh and fish',
    load: async () => (await import('./completion.ts')).verbs,
  },
];
