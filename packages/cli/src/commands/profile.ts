// The verbs of `moldau profile`.

import type { VerbSpec } from '../command-line/command.ts';

const NAME = { name: 'name', summary: 'name of the profile', completes: 'profile' } as const;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list profiles; the current one is marked',
    examples: ['profile list'],
    needs: 'nothing',
    prints: true,
    load: async () => ({ run: (await import('./profile-commands.ts')).list }),
  },
  {
    name: 'set',
    summary: 'make a profile, or change one',
    arguments: [NAME],
    options: [
      { flags: '-b, --brokers <host:port,...>', summary: 'some brokers of the cluster' },
      { flags: '-X <name=value>', summary: 'a property; without a value it is taken away', isMany: true },
    ],
    details:
      'Passwords are kept in the file as they are, which only you may read; $MOLDAU_X_SASL_PASSWORD keeps them out of it.',
    examples: ['profile set production -b kafka-1:9092 -X security.protocol=ssl -X ssl.ca.location=ca.pem'],
    needs: 'nothing',
    load: async () => ({ run: (await import('./profile-commands.ts')).set }),
  },
  {
    name: 'use',
    summary: 'choose the profile that is meant when nothing is said',
    arguments: [{ ...NAME, isOptional: true }],
    details: 'Without a name none is.',
    examples: ['profile use production'],
    needs: 'nothing',
    load: async () => ({ run: (await import('./profile-commands.ts')).use }),
  },
  {
    name: 'delete',
    aliases: ['rm'],
    summary: 'forget a profile',
    arguments: [NAME],
    needs: 'nothing',
    load: async () => ({ run: (await import('./profile-commands.ts')).remove }),
  },
];
