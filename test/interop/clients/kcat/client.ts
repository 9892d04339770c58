// kcat (kafkacat), Debian's package: librdkafka 2.0 behind a command line.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { aptPackage } from '../../harness/install.ts';

export const client: Client = {
  name: 'kcat',
  install: () => aptPackage('kcat', ['kcat', '-V']),
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients/kcat/cases.ts')],
      cases: [
        ...[
          'codec-none',
          'codec-gzip',
          'codec-snappy',
          'codec-lz4',
          'codec-zstd',
          'keys-and-headers',
          'large',
        ],
        ...['metadata', 'offsets-by-time', 'tail', 'group', 'idempotent'],
      ],
      oldProtocolCases: ['old-0.9', 'old-0.10'],
    },
  ],
};
