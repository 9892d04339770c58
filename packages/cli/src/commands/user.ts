// The verbs of `moldau user`: who logs in by SCRAM.

import type { VerbSpec } from '../command-line/command.ts';
import { oneOf, positiveNumber } from '../command-line/values.ts';

const MECHANISMS = ['scram-sha-256', 'scram-sha-512'] as const;
const MECHANISM = { flags: '--mechanism <name>', parse: oneOf(MECHANISMS), completes: MECHANISMS };
const USER = { name: 'user', summary: 'name of the user', completes: 'user' } as const;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list who can log in by SCRAM',
    arguments: [{ ...USER, summary: 'only these', isMany: true, isOptional: true }],
    examples: ['user list'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./user-commands.ts')).list }),
  },
  {
    name: 'set',
    summary: 'make a user, or change the password of one',
    arguments: [USER],
    options: [
      { ...MECHANISM, summary: `${MECHANISMS.join(' or ')} (default: scram-sha-512)` },
      {
        flags: '--iterations <count>',
        summary: '4096 to 16384 (default): the more, the longer takes guessing',
        parse: positiveNumber,
      },
      {
        flags: '--password-file <file>',
        summary: 'a file whose first line is the password',
        completes: 'file',
      },
    ],
    details:
      'The password is asked for, read from standard input, or from a file: on a command line others would see it. It never leaves this process: brokers get what it is salted and hashed to.',
    examples: ['user set ada', 'user set ada --password-file ada.txt'],
    needs: 'admin',
    changes: 'does',
    load: async () => ({ run: (await import('./user-commands.ts')).set }),
  },
  {
    name: 'delete',
    aliases: ['rm'],
    summary: 'let a user no longer log in by SCRAM',
    arguments: [USER],
    options: [{ ...MECHANISM, summary: `only by ${MECHANISMS.join(' or ')} (default: by any)` }],
    examples: ['user delete ada'],
    needs: 'admin',
    changes: 'asks',
    load: async () => ({ run: (await import('./user-commands.ts')).remove }),
  },
];
