// A client with nothing but the settings that `moldau security init` wrote. The program starts a broker of its own.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { pythonPackages, venvDirectory } from '../../harness/install.ts';

const name = 'security-init';

export const client: Client = {
  name,
  install: (folders) => pythonPackages(folders, name),
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients', name, 'cases.ts')],
      environment: { INTEROP_PYTHON: join(venvDirectory(folders, name), 'bin/python') },
      cases: [],
      ownBrokerCases: ['printed-settings'],
    },
  ],
};
