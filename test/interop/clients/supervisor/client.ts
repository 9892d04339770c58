// Debian's supervisor with the configuration of deploy/supervisor, and its consumer in Python in the environment of confluent-kafka.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { aptPackage, pythonPackages, venvDirectory } from '../../harness/install.ts';

export const client: Client = {
  name: 'supervisor',
  async install(folders) {
    await aptPackage('supervisor', ['supervisord', '--version']);
    await pythonPackages(folders, 'confluent-kafka');
  },
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients/supervisor/cases.ts')],
      cases: ['killed-consumers-come-back'],
      environment: { INTEROP_PYTHON: join(venvDirectory(folders, 'confluent-kafka'), 'bin/python') },
    },
  ],
};
