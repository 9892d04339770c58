// `moldau dump`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import { wholeNumber } from '../command-line/values.ts';

export const dump: VerbSpec = {
  name: 'dump',
  summary: 'show what is in the files of a log: segments, indexes, snapshots, checkpoints',
  arguments: [
    {
      name: 'file',
      summary: 'files, or folders of partitions, of which all files are shown',
      isMany: true,
      completes: 'file',
    },
  ],
  options: [
    { flags: '--batches', summary: 'of segments the batches only, without their records' },
    { flags: '--problems', summary: 'only what should not be' },
    {
      flags: '--from <offset>',
      summary: 'of segments what holds this offset or comes after it',
      parse: wholeNumber,
    },
  ],
  details: `It reads files of Kafka as well, and what a broker is writing to just now. Records of the brokers' own topics (committed offsets,
groups, transactions, the state of share groups) are decoded. The exit code is 1 when something in a file should not be.`,
  examples: [
    'dump moldau-data/orders-0/00000000000000000000.log',
    'dump moldau-data/__consumer_offsets-12 -o ndjson | jq "select(.kind == \\"record\\").value"',
    'dump --problems moldau-data/orders-0',
  ],
  needs: 'nothing',
  prints: true,
  load: () => import('./dump.ts'),
};
