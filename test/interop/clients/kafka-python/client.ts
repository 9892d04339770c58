// kafka-python as it is today.

import { pythonClient } from '../../harness/python.ts';

export const client = pythonClient(
  'kafka-python',
  {
    cases: [
      ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'large-none', 'large-zstd'],
      ...['idempotent', 'group', 'offsets-by-time', 'seek'],
      ...['admin-topics', 'admin-configs', 'admin-groups', 'admin-records', 'admin-cluster'],
    ],
    oldProtocolCases: ['old-0.9', 'old-0.10', 'old-0.10.1', 'old-0.11', 'old-1.0'],
  },
  { logsIn: true },
);
