// Real clients at work while the broker is killed or stopped and started again. The program starts brokers of its own.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { pythonPackages, venvDirectory } from '../../harness/install.ts';

const name = 'restarts';

export const client: Client = {
  name,
  install: (folders) => pythonPackages(folders, name),
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients', name, 'cases.ts')],
      environment: { INTEROP_PYTHON: join(venvDirectory(folders, name), 'bin/python') },
      cases: [],
      ownBrokerCases: ['kill', 'stop'],
    },
  ],
};
