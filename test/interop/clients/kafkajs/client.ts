// KafkaJS, with the codecs that its documentation has users bring along.

import { javascriptClient } from '../../harness/javascript.ts';

export const client = javascriptClient(
  'kafkajs',
  [
    ...[
      'codec-none',
      'codec-gzip',
      'codec-snappy',
      'codec-lz4',
      'codec-zstd',
      'large',
      'idempotent',
      'group',
    ],
    ...['offsets-by-time', 'admin-topics', 'admin-configs', 'admin-groups', 'admin-records'],
  ],
  { logsIn: true },
);
