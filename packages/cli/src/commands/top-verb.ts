// `moldau top`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import { durationMs, oneOf, positiveNumber } from '../command-line/values.ts';
import { PANES } from '../top/panes.ts';

export const top: VerbSpec = {
  name: 'top',
  summary: 'watch topics by rate, groups by lag, their clients, and brokers',
  options: [
    { flags: '-i, --interval <duration>', summary: 'how often it looks (default: 2s)', parse: durationMs },
    { flags: '-n, --count <count>', summary: 'end after so many looks', parse: positiveNumber },
    {
      flags: '-v, --view <view>',
      summary: `what is shown at first: ${PANES.join(', ')} (default: topics)`,
      parse: oneOf(PANES),
      completes: PANES,
    },
  ],
  details: `On a terminal: t, g, c and b choose what is shown, arrows scroll, q ends it. Elsewhere it writes a line for each look, or all
figures of each with -o ndjson.`,
  examples: ['top', 'top --view groups -i 5s', 'top -n 1 -o json'],
  needs: 'admin',
  prints: true,
  mutesClient: true,
  load: () => import('./top.ts'),
};
