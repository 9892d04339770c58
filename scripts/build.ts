// Compiles every package to what npm gets: JavaScript and type declarations in its dist/. With `--pack FOLDER` it also makes the tarballs there.
//
//     node --conditions=source scripts/build.ts [--pack FOLDER]

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const BUILT = join(ROOT, '.cache/build');

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

const { values } = parseArgs({ options: { pack: { type: 'string' } } });

rmSync(BUILT, { recursive: true, force: true });
run(join(ROOT, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json');
const packages = readdirSync(join(ROOT, 'packages')).filter((name) => existsSync(join(BUILT, name)));
for (const name of packages) {
  const dist = join(ROOT, 'packages', name, 'dist');
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(BUILT, name, 'src'), dist, { recursive: true });
  // npm packs what lies in the package's own folder.
  cpSync(join(ROOT, 'LICENSE'), join(ROOT, 'packages', name, 'LICENSE'));
}

if (values.pack !== undefined) {
  const folder = resolve(values.pack);
  mkdirSync(folder, { recursive: true });
  const workspaces = packages.flatMap((name) => ['-w', `packages/${name}`]);
  run('npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder, ...workspaces);
}
