// The verbs of `moldau log-dirs`.

import type { VerbSpec } from '../command-line/command.ts';
import { numberRanges, wholeNumber } from '../command-line/values.ts';

const BROKERS = {
  flags: '--broker <ids>',
  summary: 'only of these brokers, as in 0,2-5',
  parse: numberRanges,
};

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list the log directories of brokers, and how full they are',
    options: [BROKERS],
    examples: ['log-dirs list'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./log-dirs-commands.ts')).list }),
  },
  {
    name: 'replicas',
    summary: 'list what is in log directories, the biggest first',
    arguments: [
      {
        name: 'topic',
        summary: 'topics, as in orders or orders:0,2-5 (default: all)',
        isMany: true,
        isOptional: true,
        completes: 'topic',
      },
    ],
    options: [BROKERS],
    examples: ['log-dirs replicas', 'log-dirs replicas orders -o json'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./log-dirs-commands.ts')).replicas }),
  },
  {
    name: 'move',
    summary: 'move replicas to another log directory of their broker',
    arguments: [
      { name: 'topic', summary: 'topics, as in orders or orders:0,2-5', isMany: true, completes: 'topic' },
    ],
    options: [
      { flags: '--broker <id>', summary: 'the broker', parse: wholeNumber },
      { flags: '--to <folder>', summary: 'one of its log.dirs' },
    ],
    examples: ['log-dirs move orders:0 --broker 1 --to /data-2'],
    needs: 'admin',
    changes: 'does',
    load: async () => ({ run: (await import('./log-dirs-commands.ts')).move }),
  },
];
