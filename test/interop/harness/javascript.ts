// A client from npm: its packages in clients/<name>/node_modules, its cases in clients/<name>/cases.mjs. Those are plain JavaScript,
// so that the project's type check does not need packages which only the interop run installs.

import { join } from 'node:path';
import type { Client } from './client.ts';
import { npmPackages } from './install.ts';

export function javascriptClient(name: string, cases: readonly string[]): Client {
  return {
    name,
    install: (folders) => npmPackages(folders, name),
    programs: (folders) => [
      {
        command: [process.execPath, '--conditions=source', join(folders.root, 'clients', name, 'cases.mjs')],
        cases,
      },
    ],
  };
}
