// The verbs of `moldau config`.

import type { ArgumentSpec, VerbSpec } from '../command-line/command.ts';

export const CONFIG_TYPES = [
  ...['topic', 'broker', 'broker-logger', 'group', 'client-metrics', 'user', 'client', 'ip'],
] as const;

const TYPE: ArgumentSpec = { name: 'type', summary: CONFIG_TYPES.join(', '), completes: CONFIG_TYPES };
const NAME: ArgumentSpec = {
  name: 'name',
  summary:
    'name of the topic, id of the broker ...; default is what counts for all brokers, users, clients or addresses',
  completes: 'config-name',
};
const DETAILS = `Of a broker-logger the settings are loggers, and their values levels. Of users, clients and addresses they are quotas, as
producer_byte_rate; for those of a user at one client see \`moldau quota\`.`;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'get',
    summary: 'show settings, and where they come from',
    arguments: [
      TYPE,
      NAME,
      {
        name: 'setting',
        summary: 'only these (default: all that were set)',
        isMany: true,
        isOptional: true,
        completes: 'config-key',
      },
    ],
    options: [
      { flags: '-a, --all', summary: 'those that are as they are by default as well' },
      { flags: '--explain', summary: 'with what each means' },
    ],
    details: DETAILS,
    examples: [
      'config get topic orders',
      'config get topic orders retention.ms --explain',
      'config get broker 1 --all -o wide',
      'config get broker default',
      'config get user ada',
    ],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./config-get.ts')).run }),
  },
  {
    name: 'set',
    summary: 'change settings',
    arguments: [
      TYPE,
      NAME,
      { name: 'setting', summary: 'as in retention.ms=86400000', isMany: true, completes: 'config-key' },
    ],
    details: DETAILS,
    examples: [
      'config set topic orders retention.ms=86400000 cleanup.policy=compact',
      'config set broker default log.retention.ms=86400000',
      'config set broker-logger 1 requests=DEBUG',
      'config set client backup consumer_byte_rate=10000000',
    ],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./config-set.ts')).set }),
  },
  {
    name: 'unset',
    summary: 'take settings back to what they are by default',
    arguments: [
      TYPE,
      NAME,
      { name: 'setting', summary: 'names of settings', isMany: true, completes: 'config-key' },
    ],
    examples: ['config unset topic orders retention.ms', 'config unset user ada producer_byte_rate'],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./config-set.ts')).unset }),
  },
];
