// The verbs of `moldau offsets`.

import type { VerbSpec } from '../command-line/command.ts';

const PLACES = ['earliest', 'latest', 'max-timestamp', 'earliest-local', 'latest-tiered'];

export const verbs: readonly VerbSpec[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'show where partitions begin and end, or where a time is in them',
    arguments: [
      {
        name: 'topic',
        summary: 'topics, as in orders or orders:0,2-5 (default: all)',
        isMany: true,
        isOptional: true,
        completes: 'topic',
      },
    ],
    options: [
      {
        flags: '--at <place>',
        summary: `the offset there: ${PLACES.join(', ')}, or a time as in 2026-11-21T10:00:00 or -2h (so long ago)`,
        completes: PLACES,
      },
      { flags: '--committed', summary: 'with --at latest: the end of what no open transaction holds up' },
    ],
    examples: [
      'offsets list orders',
      'offsets list orders:0 --at -2h',
      'offsets list orders --at max-timestamp -o json',
    ],
    needs: 'admin',
    prints: true,
    load: () => import('./offsets-list.ts'),
  },
];
