// The verbs of `moldau transactions`.

import type { VerbSpec } from '../command-line/command.ts';
import { durationMs, oneOf, wholeNumber } from '../command-line/values.ts';

const STATES = [
  ...['empty', 'ongoing', 'prepare-commit', 'prepare-abort', 'complete-commit', 'complete-abort', 'dead'],
] as const;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list transactional ids, and how each stands',
    options: [
      {
        flags: '--state <state>',
        summary: STATES.join(', '),
        parse: oneOf(STATES),
        isMany: true,
        completes: STATES,
      },
      {
        flags: '--longer-than <duration>',
        summary: 'open for longer than this, as in 5m',
        parse: durationMs,
      },
    ],
    examples: ['transactions list', 'transactions list --state ongoing --longer-than 5m'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./transactions-commands.ts')).list }),
  },
  {
    name: 'describe',
    summary: 'show what a transactional id has open, and where',
    arguments: [{ name: 'id', summary: 'transactional ids', isMany: true, completes: 'transactional-id' }],
    examples: ['transactions describe payments-1'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./transactions-commands.ts')).describe }),
  },
  {
    name: 'producers',
    summary: 'list who writes into partitions, as their leaders remember it',
    arguments: [
      { name: 'topic', summary: 'topics, as in orders or orders:0,2-5', isMany: true, completes: 'topic' },
    ],
    examples: ['transactions producers orders:0'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./transactions-commands.ts')).producers }),
  },
  {
    name: 'hanging',
    summary: 'find transactions that nobody will end, which hold up all who read what is committed',
    arguments: [
      { name: 'topic', summary: 'only in these topics', isMany: true, isOptional: true, completes: 'topic' },
    ],
    options: [
      {
        flags: '--older-than <duration>',
        summary: 'at least the longest transaction.max.timeout.ms of the brokers (default: 15m)',
        parse: durationMs,
      },
    ],
    details: 'The exit code is 1 when there are some; each is ended by `moldau transactions abort`.',
    examples: ['transactions hanging', 'transactions hanging orders -o json'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./transactions-commands.ts')).hanging }),
  },
  {
    name: 'abort',
    summary: 'end a hanging transaction in a partition, as aborted',
    arguments: [{ name: 'topic', summary: 'topic and partition, as in orders:0', completes: 'topic' }],
    options: [
      { flags: '--start <offset>', summary: 'where it starts, as `hanging` tells', parse: wholeNumber },
    ],
    examples: ['transactions abort orders:0 --start 4711'],
    needs: 'admin',
    changes: 'asks',
    load: async () => ({ run: (await import('./transactions-commands.ts')).abort }),
  },
  {
    name: 'fence',
    summary: 'shut out the producers that have a transactional id, and abort what they have open',
    arguments: [{ name: 'id', summary: 'transactional ids', isMany: true, completes: 'transactional-id' }],
    examples: ['transactions fence payments-1'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./transactions-commands.ts')).fence }),
  },
];
