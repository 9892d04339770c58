// A client in Python: its packages in a virtual environment of its own, its cases in clients/<name>/cases.py, and those of logins in
// clients/<name>/logins.py.

import { join } from 'node:path';
import type { Client, Program } from './client.ts';
import { pythonPackages, venvDirectory } from './install.ts';
import { LOGINS } from './security.ts';

export function pythonClient(
  name: string,
  cases: Pick<Program, 'cases' | 'oldProtocolCases' | 'ownBrokerCases'>,
  { logsIn = false } = {},
): Client {
  return {
    name,
    install: (folders) => pythonPackages(folders, name),
    programs: (folders) => {
      const program = (file: string) => ({
        command: [
          join(venvDirectory(folders, name), 'bin/python'),
          join(folders.root, 'clients', name, file),
        ],
        environment: { PYTHONPATH: join(folders.root, 'clients/python'), PYTHONUNBUFFERED: '1' },
      });
      const logins = { ...program('logins.py'), cases: LOGINS, isSecured: true };
      return [{ ...program('cases.py'), ...cases }, ...(logsIn ? [logins] : [])];
    },
  };
}
