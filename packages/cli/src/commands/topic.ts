// The verbs of `moldau topic`.

import type { VerbSpec } from '../command-line/command.ts';
import { pair, positiveNumber } from '../command-line/values.ts';

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list topics',
    arguments: [
      { name: 'pattern', summary: 'only those whose names match this regular expression', isOptional: true },
    ],
    options: [{ flags: '--internal', summary: 'the brokers’ own as well' }],
    examples: ['topic list', 'topic list ^orders -o json'],
    needs: 'cluster',
    prints: true,
    load: () => import('./topic-list.ts'),
  },
  {
    name: 'create',
    summary: 'create topics',
    arguments: [{ name: 'topic', summary: 'names of the topics', isMany: true }],
    options: [
      {
        flags: '-p, --partitions <count>',
        summary: 'partitions (default: the broker’s num.partitions)',
        parse: positiveNumber,
      },
      {
        flags: '-r, --replication-factor <count>',
        summary: 'copies of each partition (default: the broker’s default.replication.factor)',
        parse: positiveNumber,
      },
      {
        flags: '-c, --config <name=value>',
        summary: 'a setting of the topic, as often as you like',
        parse: pair,
        isMany: true,
        completes: 'config-key',
      },
      { flags: '--if-not-exists', summary: 'leave alone what is there already' },
    ],
    examples: [
      'topic create orders -p 6',
      'topic create audit -c cleanup.policy=compact -c retention.ms=604800000',
    ],
    needs: 'cluster',
    prints: true,
    changes: 'does',
    load: () => import('./topic-create.ts'),
  },
];
