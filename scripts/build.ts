// Compiles every package to what npm gets: JavaScript and type declarations in its dist/. With `--pack FOLDER` it also makes the tarballs there.
//
//     node --conditions=source scripts/build.ts [--pack FOLDER]

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const BUILT = join(ROOT, '.cache/build');
const STAGED = join(ROOT, '.cache/packages');

interface PackageJson {
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, Record<string, string>>>;
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** The package's folder as it is published. Its exports name no sources: they stay here. */
function stage(name: string): string {
  const source = join(ROOT, 'packages', name);
  const target = join(STAGED, name);
  const description = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as PackageJson;
  for (const conditions of Object.values(description.exports)) delete conditions.source;
  for (const path of globSync([...description.files, 'README.md'], { cwd: source })) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(source, path), join(target, path), { recursive: true });
  }
  cpSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
  return target;
}

const { values } = parseArgs({ options: { pack: { type: 'string' } } });

rmSync(BUILT, { recursive: true, force: true });
run(join(ROOT, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json');
const packages = readdirSync(join(ROOT, 'packages')).filter((name) => existsSync(join(BUILT, name)));
for (const name of packages) {
  const dist = join(ROOT, 'packages', name, 'dist');
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(BUILT, name, 'src'), dist, { recursive: true });
}

if (values.pack !== undefined) {
  const folder = resolve(values.pack);
  mkdirSync(folder, { recursive: true });
  rmSync(STAGED, { recursive: true, force: true });
  run('npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder, ...packages.map(stage));
}
