// franz-go, with its admin package kadm.

import type { Client } from '../../harness/client.ts';
import { goBuild, goProgram } from '../../harness/install.ts';
import { LOGINS } from '../../harness/security.ts';

export const client: Client = {
  name: 'franz-go',
  install: (folders) => goBuild(folders, 'franz-go'),
  programs: (folders) => [
    {
      command: [goProgram(folders, 'franz-go')],
      cases: [
        ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'large', 'acks-1'],
        ...['many-partitions', 'group-cooperative', 'group-range', 'offsets-by-time'],
        ...['admin-topics', 'admin-groups', 'admin-records', 'transactions'],
      ],
    },
    { command: [goProgram(folders, 'franz-go')], cases: LOGINS, isSecured: true },
  ],
};
