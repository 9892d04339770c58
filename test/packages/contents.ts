// What is wrong with a package as it was installed: what must not be in it, and what npm wants of its package.json.

import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const UNWANTED =
  /\.(test|bench|fuzz)\.|(^|\/)testing-[^/]*$|(^|\/)(fixtures|src|node_modules)\/|\.log$|\.tgz$/;
const TEXT = /\.(js|ts|json|md)$/;

interface PackageJson {
  readonly [field: string]: unknown;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
}

export function problemsOf(folder: string): string[] {
  const files = globSync('**/*', { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());
  const problems = files
    .filter((path) => UNWANTED.test(path) || (path.endsWith('.ts') && !path.endsWith('.d.ts')))
    .map((path) => `${path} does not belong into a package`);
  for (const path of files.filter((path) => TEXT.test(path))) {
    const text = readFileSync(join(folder, path), 'utf8');
    const machine = [ROOT, homedir()].find((place) => place !== '/' && text.includes(`${place}/`));
    if (machine !== undefined) problems.push(`${path} names ${machine}, a place on this machine`);
  }
  for (const path of ['README.md', 'LICENSE']) if (!files.includes(path)) problems.push(`${path} is missing`);
  return [...problems, ...problemsOfDescription(folder, files)];
}

function problemsOfDescription(folder: string, files: readonly string[]): string[] {
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
  const wanted = [
    'name',
    'version',
    'description',
    'keywords',
    'license',
    'type',
    'engines',
    'files',
    'exports',
  ];
  const problems = wanted.filter((field) => description[field] === undefined).map((field) => `no "${field}"`);
  const targets = Object.values(description.exports ?? {}).flatMap((conditions) => Object.values(conditions));
  for (const target of [...targets, ...Object.values(description.bin ?? {})]) {
    const isThere = target.includes('*')
      ? globSync(target, { cwd: folder }).length > 0
      : existsSync(join(folder, target));
    if (!isThere) problems.push(`package.json names ${target}, which is missing`);
  }
  if (files.length < 4) problems.push(`there are only ${files.join(', ')}`);
  return problems;
}
