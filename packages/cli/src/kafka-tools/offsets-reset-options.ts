// The options by which groups are moved to other places, and how those places are found; of groups of consumers and of groups that share.

import type { ToolOption } from './tool-options.ts';

/** In the order in which Kafka's tool looks for them. */
export const RESET_SCENARIOS = [
  'to-offset',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'shift-by',
  'from-file',
] as const;

export const RESET_OPTIONS: readonly ToolOption[] = [
  {
    name: 'reset-offsets',
    summary:
      'Let groups without members go on from another place, which one of --to-offset, --to-datetime, --by-duration, --to-earliest, --to-latest, --to-current, --shift-by and --from-file says. With --execute it is done, else only shown.',
  },
  { name: 'all-topics', summary: 'With --reset-offsets: in all topics in which the group has committed.' },
  { name: 'dry-run', summary: 'With --reset-offsets: only show what would be.' },
  { name: 'execute', summary: 'With --reset-offsets: do it.' },
  { name: 'export', summary: 'With --reset-offsets: show it as CSV, which --from-file reads.' },
  {
    name: 'to-offset',
    summary: 'Go on from this offset.',
    argument: { type: 'Long', name: 'offset' },
  },
  {
    name: 'from-file',
    summary: 'Go on from the offsets in a file of CSV.',
    argument: { name: 'path to CSV file' },
  },
  {
    name: 'to-datetime',
    summary: 'Go on from the first record that is not older than this time, as in 2024-12-31T23:59:59.000',
    argument: { name: 'datetime' },
  },
  {
    name: 'by-duration',
    summary: 'Go on from the first record that is not older than this long ago, as in P1DT6H.',
    argument: { name: 'duration' },
  },
  { name: 'to-earliest', summary: 'Go on from the first record there is.' },
  { name: 'to-latest', summary: 'Go on from the end.' },
  { name: 'to-current', summary: 'Stay at what is committed.' },
  {
    name: 'shift-by',
    summary: 'Skip so many records, or go back when it is negative.',
    argument: { type: 'Long', name: 'number-of-offsets' },
  },
];
