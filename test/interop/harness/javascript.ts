// A client from npm: its packages in clients/<name>/node_modules, its cases in clients/<name>/cases.mjs, those of logins
// in clients/<name>/logins.mjs. They are plain JavaScript,
// so that the project's type check does not need packages which only the interop run installs.

import { join } from 'node:path';
import type { Client } from './client.ts';
import { npmPackages } from './install.ts';
import { LOGINS } from './security.ts';

export function javascriptClient(name: string, cases: readonly string[], { logsIn = false } = {}): Client {
  return {
    name,
    install: (folders) => npmPackages(folders, name),
    programs: (folders) => {
      const command = (file: string) => [
        ...[process.execPath, '--conditions=source', join(folders.root, 'clients', name, file)],
      ];
      const logins = { command: command('logins.mjs'), cases: LOGINS, isSecured: true };
      return [{ command: command('cases.mjs'), cases }, ...(logsIn ? [logins] : [])];
    },
  };
}
