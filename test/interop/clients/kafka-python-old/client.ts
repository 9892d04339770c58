// kafka-python 2.0, the version of many years, told to speak to brokers of 2015 to 2019: message sets of magic 0 and 1.

import { pythonClient } from '../../harness/python.ts';

export const client = pythonClient('kafka-python-old', {
  cases: ['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'group'],
  oldProtocolCases: [
    'old-0.8.2',
    'old-0.9',
    'old-0.10',
    'old-0.10.1',
    'old-0.11',
    'old-1.0',
    'old-2.0',
    'old-admin',
  ],
});
