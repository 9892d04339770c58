// Debian's rsyslog with omkafka (librdkafka), by the configuration of deploy/rsyslog.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { aptPackage } from '../../harness/install.ts';

export const client: Client = {
  name: 'rsyslog',
  install: () =>
    aptPackage('rsyslog-kafka', ['sh', '-c', 'command -v rsyslogd && ls /usr/lib/*/rsyslog/omkafka.so']),
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients/rsyslog/cases.ts')],
      cases: ['ships'],
      ownBrokerCases: ['waits-for-the-broker'],
    },
  ],
};
