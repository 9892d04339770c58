// The examples of README.md are tests: they are run as they stand there.

import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';

const packageFolder = join(import.meta.dirname, '..');
/** Inside the package, so that it finds itself by its name. */
const folder = join(packageFolder, '.cache', `readme-${process.pid}`);

const text = await readFile(join(packageFolder, 'README.md'), 'utf8');
const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
assert.ok(examples.length >= 2);
await mkdir(folder, { recursive: true });
for (const [index, code] of examples.entries()) {
  const path = join(folder, `example-${index}.ts`);
  await writeFile(path, code);
  await import(pathToFileURL(path).href);
}
after(() => rm(folder, { recursive: true, force: true }));
