// A client in Python: its packages in a virtual environment of its own, its cases in clients/<name>/cases.py.

import { join } from 'node:path';
import type { Client, Program } from './client.ts';
import { pythonPackages, venvDirectory } from './install.ts';

export function pythonClient(
  name: string,
  cases: Pick<Program, 'cases' | 'oldProtocolCases' | 'ownBrokerCases'>,
): Client {
  return {
    name,
    install: (folders) => pythonPackages(folders, name),
    programs: (folders) => [
      {
        command: [
          join(venvDirectory(folders, name), 'bin/python'),
          join(folders.root, 'clients', name, 'cases.py'),
        ],
        environment: { PYTHONPATH: join(folders.root, 'clients/python'), PYTHONUNBUFFERED: '1' },
        ...cases,
      },
    ],
  };
}
