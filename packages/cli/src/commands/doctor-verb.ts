// `moldau doctor`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import { durationMs } from '../command-line/values.ts';

export const doctor: VerbSpec = {
  name: 'doctor',
  summary: 'say what is wrong with a cluster or the way to it, why it matters, and what mends it',
  options: [
    {
      flags: '--look <duration>',
      summary: 'how long to watch whether lag grows and groups come to rest; 0s: one look (default: 3s)',
      parse: durationMs,
    },
    {
      flags: '--disk-speed',
      summary: 'measure how quickly the log dirs that are on this machine are written',
    },
  ],
  details: `It changes nothing, but for a file that --disk-speed writes and removes. The exit code is 1 when there is something to mend;
notes do not count.`,
  examples: ['doctor', 'doctor -b kafka-1:9092 -X security.protocol=ssl', 'doctor --look 30s -o json'],
  needs: 'admin',
  prints: true,
  mutesClient: true,
  load: () => import('./doctor.ts'),
};
