// aiokafka: asyncio, its own codec for records.

import { pythonClient } from '../../harness/python.ts';

export const client = pythonClient(
  'aiokafka',
  {
    cases: [
      ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'large-none', 'large-zstd'],
      ...[
        'idempotent',
        'group',
        'group-sticky',
        'offsets-by-time',
        'admin-topics',
        'admin-configs',
        'admin-groups',
      ],
      'admin-records',
      'transactions',
    ],
  },
  { logsIn: true },
);
