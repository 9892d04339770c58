// The verbs of `moldau topic`.

import type { VerbSpec } from '../command-line/command.ts';
import { numberRanges, pair, positiveNumber } from '../command-line/values.ts';

const TOPICS = { name: 'topic', summary: 'names of the topics', isMany: true, completes: 'topic' } as const;
const REGEX = { flags: '--regex', summary: 'the names are regular expressions' };

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
    needs: 'admin',
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
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: () => import('./topic-create.ts'),
  },
  {
    name: 'describe',
    summary: 'show partitions, where they begin and end, and what was set for a topic',
    arguments: [TOPICS],
    options: [REGEX],
    details:
      'All settings, those that are as they are by default too, are shown by `moldau config get topic NAME --all`.',
    examples: ['topic describe orders', 'topic describe --regex ^orders -o json'],
    needs: 'admin',
    prints: true,
    load: () => import('./topic-describe.ts'),
  },
  {
    name: 'alter',
    summary: 'change settings of topics',
    arguments: [TOPICS],
    options: [
      REGEX,
      {
        flags: '-c, --config <name=value>',
        summary: 'set it, as often as you like',
        parse: pair,
        isMany: true,
        completes: 'config-key',
      },
      {
        flags: '--unset <name>',
        summary: 'back to what the broker has',
        isMany: true,
        completes: 'config-key',
      },
      { flags: '--append <name=value>', summary: 'add to a list', parse: pair, isMany: true },
      { flags: '--subtract <name=value>', summary: 'take out of a list', parse: pair, isMany: true },
    ],
    examples: ['topic alter orders -c retention.ms=86400000', 'topic alter orders --unset retention.ms'],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./topic-changes.ts')).alter }),
  },
  {
    name: 'delete',
    aliases: ['rm'],
    summary: 'delete topics and all their records',
    arguments: [TOPICS],
    options: [REGEX, { flags: '--if-exists', summary: 'it is well when it is not there' }],
    examples: ['topic delete orders', 'topic delete --regex "^test-" --dry-run'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./topic-changes.ts')).remove }),
  },
  {
    name: 'add-partitions',
    summary: 'give topics more partitions',
    arguments: [TOPICS],
    options: [
      { flags: '-n, --number <count>', summary: 'so many more', parse: positiveNumber },
      { flags: '--to <count>', summary: 'so many in all', parse: positiveNumber },
    ],
    details:
      'Partitions cannot be taken away again. Producers that choose partitions by key choose others from then on.',
    examples: ['topic add-partitions orders -n 3', 'topic add-partitions orders --to 12'],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./topic-changes.ts')).addPartitions }),
  },
  {
    name: 'move',
    aliases: ['reassign'],
    summary: 'move partitions to other brokers, or change how many copies there are',
    arguments: [
      {
        name: 'topic',
        summary: 'topics, as in orders or orders:0,2-5',
        isMany: true,
        isOptional: true,
        completes: 'topic',
      },
    ],
    options: [
      {
        flags: '--to <ids>',
        summary: 'spread them evenly over these brokers, as in 1,3-5 (default: all)',
        parse: numberRanges,
      },
      {
        flags: '-r, --replication-factor <count>',
        summary: 'so many copies of each partition (default: as many as there are)',
        parse: positiveNumber,
      },
      {
        flags: '--replicas <ids>',
        summary: 'each partition to exactly these brokers, of which the first is to lead, as in 2,3,1',
      },
      {
        flags: '--file <file>',
        summary: 'as the JSON of Kafka’s kafka-reassign-partitions says; - is standard input',
        completes: 'file',
      },
      { flags: '--cancel', summary: 'leave where it was what is on the move (default: all of it)' },
      { flags: '--wait', summary: 'end when all are there' },
    ],
    details: `Spreading copies no more than it has to, and puts the copies of a partition on as many racks as there are. Brokers copy in the
background; leaders that were put first take over by themselves, or with \`moldau cluster elect-leaders\`.`,
    examples: [
      'topic move orders --to 1,2,3 --dry-run',
      'topic move orders --replication-factor 3 --wait',
      'topic move orders:0 --replicas 2,3',
      'topic move orders --cancel',
    ],
    needs: 'admin',
    prints: true,
    changes: 'does',
    load: async () => ({ run: (await import('./topic-move.ts')).move }),
  },
  {
    name: 'moves',
    aliases: ['reassignments'],
    summary: 'list partitions that are on their way to other brokers',
    arguments: [
      {
        name: 'topic',
        summary: 'topics, as in orders or orders:0,2-5 (default: all)',
        isMany: true,
        isOptional: true,
        completes: 'topic',
      },
    ],
    examples: ['topic moves'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./topic-move.ts')).moves }),
  },
  {
    name: 'trim',
    summary: 'delete the oldest records of a topic',
    arguments: [{ name: 'topic', summary: 'name of the topic', completes: 'topic' }],
    options: [
      {
        flags: '--before <place>',
        summary: 'an offset, a time as in 2026-11-21T10:00:00 or -7d (so long ago), or end for all',
        completes: ['end'],
      },
      { flags: '-p, --partitions <list>', summary: 'only of these, as in 0,2-5' },
    ],
    examples: [
      'topic trim orders --before -7d',
      'topic trim orders --before 5000 -p 0',
      'topic trim orders --before end',
    ],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./topic-changes.ts')).trim }),
  },
];
