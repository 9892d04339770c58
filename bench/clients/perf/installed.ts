// Clients that are not ours, from where test/interop and the bench install them: none is a dependency of this repository.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const interop = resolve(import.meta.dirname, '../../../test/interop');

/** The module of a client, without types: the bench has no part in them. */
export async function installed(client: string, specifier: string, root = join(interop, 'clients')) {
  const { resolve } = createRequire(join(root, client, 'package.json'));
  return await import(pathToFileURL(resolve(specifier)).href);
}
