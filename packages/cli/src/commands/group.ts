// The verbs of `moldau group`.

import type { VerbSpec } from '../command-line/command.ts';
import { oneOf, topicPartitions, wholeNumber } from '../command-line/values.ts';

const GROUP = { name: 'group', summary: 'name of the group', completes: 'group' } as const;
const GROUPS = { name: 'group', summary: 'names of the groups', isMany: true, completes: 'group' } as const;
const STATES = [
  ...['empty', 'stable', 'preparing-rebalance', 'completing-rebalance', 'assigning', 'reconciling', 'dead'],
] as const;
const TYPES = ['classic', 'consumer', 'share'] as const;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list groups',
    arguments: [
      { name: 'pattern', summary: 'only those whose names match this regular expression', isOptional: true },
    ],
    options: [
      {
        flags: '--state <state>',
        summary: STATES.join(', '),
        parse: oneOf(STATES),
        isMany: true,
        completes: STATES,
      },
      {
        flags: '--type <type>',
        summary: TYPES.join(', '),
        parse: oneOf(TYPES),
        isMany: true,
        completes: TYPES,
      },
    ],
    examples: ['group list', 'group list --state stable -o json'],
    needs: 'admin',
    prints: true,
    load: () => import('./group-list.ts'),
  },
  {
    name: 'describe',
    aliases: ['lag'],
    summary: 'show how groups stand, and how far they are behind in each partition',
    arguments: [GROUPS],
    options: [{ flags: '--behind', summary: 'only partitions where there is something left to read' }],
    examples: ['group describe billing', 'group describe billing --behind', 'group describe billing -o json'],
    needs: 'admin',
    prints: true,
    load: () => import('./group-describe.ts'),
  },
  {
    name: 'members',
    summary: 'list who is in a group, and what each reads',
    arguments: [GROUPS],
    examples: ['group members billing', 'group members billing -o wide'],
    needs: 'admin',
    prints: true,
    load: () => import('./group-members.ts'),
  },
  {
    name: 'seek',
    summary: 'let a group go on elsewhere',
    arguments: [GROUP],
    options: [
      {
        flags: '--to <place>',
        summary: 'earliest or latest',
        completes: ['earliest', 'latest'],
        parse: oneOf(['earliest', 'latest']),
      },
      { flags: '--to-offset <offset>', summary: 'an offset, the same in each partition', parse: wholeNumber },
      {
        flags: '--to-time <time>',
        summary: 'the first records from this time on: 2026-11-21T10:00:00, or -2h (so long ago)',
      },
      { flags: '--shift <count>', summary: 'so many records on, or back, as in -100' },
      { flags: '--to-group <group>', summary: 'where another group is', completes: 'group' },
      {
        flags: '--to-file <file>',
        summary:
          'lines of topic,partition,offset, or what `group describe -o json` printed; - is standard input',
        completes: 'file',
      },
      {
        flags: '-t, --topic <topic[:partitions]>',
        summary: 'only there, as in orders or orders:0,2-5 (default: wherever it has committed)',
        parse: topicPartitions,
        isMany: true,
        completes: 'topic',
      },
    ],
    details: `The group must have no members meanwhile: they would go on from where they are. An offset before the start or after the end
of a partition is taken as these.`,
    examples: [
      'group seek billing --to earliest',
      'group seek billing --to-time -2h --topic orders --dry-run',
      'group seek billing --shift -100 -t orders:0',
      'group seek billing-2 --to-group billing',
      'group describe billing -o json > billing.json && moldau group seek billing --to-file billing.json',
    ],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: () => import('./group-seek.ts'),
  },
  {
    name: 'delete',
    aliases: ['rm'],
    summary: 'delete groups and all that they have committed',
    arguments: [GROUPS],
    options: [{ flags: '--if-exists', summary: 'it is well when it is not there' }],
    examples: ['group delete billing'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./group-changes.ts')).remove }),
  },
  {
    name: 'delete-offsets',
    summary: 'forget what a group has committed in some topics',
    arguments: [
      GROUP,
      { name: 'topic', summary: 'topics, as in orders or orders:0,2-5', isMany: true, completes: 'topic' },
    ],
    examples: ['group delete-offsets billing orders'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./group-changes.ts')).deleteOffsets }),
  },
  {
    name: 'remove-members',
    summary: 'take members out of a group, so that the others get their partitions',
    arguments: [
      GROUP,
      { name: 'member', summary: 'ids of members, or of instances', isMany: true, isOptional: true },
    ],
    options: [
      { flags: '--all', summary: 'all members' },
      { flags: '--reason <text>', summary: 'for the logs of the brokers' },
    ],
    details: 'Members that still run join again. Of share groups none can be taken out.',
    examples: ['group remove-members billing worker-3', 'group remove-members billing --all'],
    needs: 'admin',
    changes: 'asks',
    load: async () => ({ run: (await import('./group-changes.ts')).removeMembers }),
  },
];
