// @platformatic/kafka, with its own codecs.

import { javascriptClient } from '../../harness/javascript.ts';

export const client = javascriptClient('platformatic-kafka', [
  ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'large', 'idempotent', 'group'],
  ...['offsets-by-time', 'admin-topics', 'admin-configs', 'admin-groups', 'admin-records'],
]);
