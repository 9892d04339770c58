// The verbs of `moldau token`: delegation tokens.

import type { VerbSpec } from '../command-line/command.ts';
import { durationMs } from '../command-line/values.ts';

const HMAC = { name: 'hmac', summary: 'the secret, as `create` and `list` print it' };

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list the tokens that you may see',
    options: [
      { flags: '--owner <principal>', summary: 'only of these, as in User:ada', isMany: true },
      { flags: '--secrets', summary: 'with their secrets' },
    ],
    examples: ['token list'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./token-commands.ts')).list }),
  },
  {
    name: 'create',
    summary: 'make a token, for others to log in with in your name',
    options: [
      { flags: '--owner <principal>', summary: 'in the name of another, as in User:ada' },
      { flags: '--renewer <principal>', summary: 'who may renew it beside its owner', isMany: true },
      { flags: '--max-lifetime <duration>', summary: 'as in 7d (default: the broker’s)', parse: durationMs },
    ],
    details:
      'Who has it logs in by SCRAM-SHA-256, with its id as the user, its secret as the password, and tokenauth=true.',
    examples: ['token create --renewer User:etl --max-lifetime 1d -o json'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./token-commands.ts')).create }),
  },
  {
    name: 'renew',
    summary: 'put off when a token expires',
    arguments: [HMAC],
    options: [{ flags: '--for <duration>', summary: 'from now (default: the broker’s)', parse: durationMs }],
    examples: ['token renew "$HMAC" --for 1d'],
    needs: 'admin',
    load: async () => ({ run: (await import('./token-commands.ts')).renew }),
  },
  {
    name: 'expire',
    summary: 'end a token',
    arguments: [HMAC],
    options: [{ flags: '--after <duration>', summary: 'from now (default: at once)', parse: durationMs }],
    examples: ['token expire "$HMAC"'],
    needs: 'admin',
    load: async () => ({ run: (await import('./token-commands.ts')).expire }),
  },
];
