// The verbs of `moldau acl`.

import type { OptionSpec, VerbSpec } from '../command-line/command.ts';
import { oneOf } from '../command-line/values.ts';

const OPERATIONS = [
  ...['all', 'read', 'write', 'create', 'delete', 'alter', 'describe', 'cluster-action', 'describe-configs'],
  ...['alter-configs', 'idempotent-write', 'create-tokens', 'describe-tokens', 'two-phase-commit'],
] as const;

const RESOURCES: readonly OptionSpec[] = [
  { flags: '--topic <name>', summary: 'a topic; * is all', isMany: true, completes: 'topic' },
  { flags: '--group <name>', summary: 'a group; * is all', isMany: true, completes: 'group' },
  {
    flags: '--transactional-id <id>',
    summary: 'a transactional id; * is all',
    isMany: true,
    completes: 'transactional-id',
  },
  { flags: '--token <id>', summary: 'a delegation token; * is all', isMany: true },
  { flags: '--cluster', summary: 'the cluster itself' },
];
const WHO: readonly OptionSpec[] = [
  {
    flags: '--principal <name>',
    summary: 'who, as in User:ada; * is everybody',
    isMany: true,
    completes: 'user',
  },
  {
    flags: '--operation <name>',
    summary: OPERATIONS.join(', '),
    parse: oneOf(OPERATIONS),
    isMany: true,
    completes: OPERATIONS,
  },
  { flags: '--host <address>', summary: 'from where; * is anywhere', isMany: true },
];
const FILTERS: readonly OptionSpec[] = [
  ...WHO,
  ...RESOURCES,
  { flags: '--deny', summary: 'only rules that deny' },
  { flags: '--allow', summary: 'only rules that allow' },
  { flags: '--matching', summary: 'all rules that count for the names: prefixes of them, and * too' },
];

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list access rules: all, or those that fit',
    options: FILTERS,
    examples: ['acl list', 'acl list --topic orders --matching', 'acl list --principal ada -o json'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./acl-commands.ts')).list }),
  },
  {
    name: 'add',
    summary: 'allow or deny something',
    options: [
      ...WHO,
      ...RESOURCES,
      { flags: '--prefixed', summary: 'all whose names begin so' },
      { flags: '--deny', summary: 'deny, whatever else is allowed' },
    ],
    details:
      'What is given more than once is combined with all the others. Without --host it counts from anywhere.',
    examples: [
      'acl add --principal ada --operation read --topic orders --group billing',
      'acl add --principal etl --operation write --operation create --topic staging- --prefixed',
      'acl add --principal mallory --operation all --cluster --deny',
    ],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./acl-commands.ts')).add }),
  },
  {
    name: 'delete',
    aliases: ['rm'],
    summary: 'delete the access rules that fit',
    options: FILTERS,
    examples: ['acl delete --principal ada --dry-run', 'acl delete --topic orders --operation write'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./acl-commands.ts')).remove }),
  },
];
