// sarama, as it speaks to brokers of today and to those of 2015 to 2017.

import type { Client } from '../../harness/client.ts';
import { goBuild, goProgram } from '../../harness/install.ts';
import { LOGINS } from '../../harness/security.ts';

export const client: Client = {
  name: 'sarama',
  install: (folders) => goBuild(folders, 'sarama'),
  programs: (folders) => [
    {
      command: [goProgram(folders, 'sarama')],
      cases: [
        ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'large', 'idempotent'],
        ...[
          'group-range',
          'group-sticky',
          'offsets-by-time',
          'admin-topics',
          'admin-groups',
          'admin-records',
        ],
      ],
      oldProtocolCases: ['old-0.8.2', 'old-0.9', 'old-0.10', 'old-0.11', 'old-1.0'],
    },
    { command: [goProgram(folders, 'sarama')], cases: LOGINS, isSecured: true },
  ],
};
