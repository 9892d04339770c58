// Prometheus, Debian's package: what it makes of our metrics, alerts and dashboard.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { aptUnpacked, unpackedDirectory } from '../../harness/install.ts';

export const client: Client = {
  name: 'prometheus',
  install: (folders) => aptUnpacked(folders, 'prometheus'),
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients/prometheus/cases.ts')],
      cases: [],
      ownBrokerCases: ['rules', 'metrics', 'scraped'],
      environment: { PROMETHEUS: join(unpackedDirectory(folders, 'prometheus'), 'usr/bin') },
    },
  ],
};
