// confluent-kafka-python: librdkafka's newest version, from its wheel.

import { pythonClient } from '../../harness/python.ts';

export const client = pythonClient(
  'confluent-kafka',
  {
    cases: [
      ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'mixed-codecs'],
      ...['acks-0', 'acks-1', 'acks-all', 'idempotent', 'large-none', 'large-lz4', 'small-fetches'],
      ...[
        'group-range',
        'group-cooperative',
        'group-static',
        'group-consumer',
        'group-mixed',
        'group-regex',
        'offsets-by-time',
        'auto-create',
        'errors',
      ],
      ...['admin-topics', 'admin-configs', 'admin-groups', 'admin-records'],
      ...['transactions', 'transactions-offsets', 'transactions-fencing'],
    ],
    oldProtocolCases: ['old-0.9', 'old-0.10'],
  },
  { logsIn: true },
);
