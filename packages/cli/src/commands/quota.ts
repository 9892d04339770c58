// The verbs of `moldau quota`.

import type { OptionSpec, VerbSpec } from '../command-line/command.ts';
import { QUOTA_NAMES } from './config-subject.ts';

const ENTITY: readonly OptionSpec[] = [
  { flags: '--user <name>', summary: 'a user; default is all who have none of their own', completes: 'user' },
  { flags: '--client <id>', summary: 'a client.id; default as for users' },
  { flags: '--ip <address>', summary: 'an address; default as for users; stands alone' },
];

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list quotas',
    options: ENTITY,
    examples: ['quota list', 'quota list --user ada'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./quota-commands.ts')).list }),
  },
  {
    name: 'set',
    summary: 'limit what a user, a client, or both together may use',
    arguments: [
      { name: 'limit', summary: 'as in producer_byte_rate=1000000', isMany: true, completes: QUOTA_NAMES },
    ],
    options: ENTITY,
    details: `producer_byte_rate and consumer_byte_rate are bytes per second on each broker, request_percentage is of the time of one thread,
controller_mutation_rate partitions made and deleted per second, and connection_creation_rate, for addresses, connections per second.`,
    examples: [
      'quota set producer_byte_rate=1000000 --user ada',
      'quota set request_percentage=50 --user default --client backup',
    ],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./quota-commands.ts')).set }),
  },
  {
    name: 'unset',
    summary: 'take limits away',
    arguments: [{ name: 'limit', summary: 'names of limits', isMany: true, completes: QUOTA_NAMES }],
    options: ENTITY,
    examples: ['quota unset producer_byte_rate --user ada'],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./quota-commands.ts')).unset }),
  },
];
