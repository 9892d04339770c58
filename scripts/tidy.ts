// Checks what the compiler and the linter do not: who may import whom, that impurity stays in packages/io, that no file is dead or
// unexplained or too long, and that the links of the documentation lead somewhere. `npm run tidy` prints one line a finding.
//
// The rules are pure functions over the tree's files, so that each one is tested on a small tree of its own.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDocuments } from './tidy/documents.ts';
import { checkFileShape } from './tidy/file-shape.ts';
import { checkImports } from './tidy/imports.ts';
import { checkPurity } from './tidy/purity.ts';
import { checkReachability } from './tidy/reachability.ts';
import { type Finding, type SourceFile, type Tree, toSourceFile } from './tidy/source-file.ts';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.cache', 'fixtures', 'moldau-data']);
const READ_EXTENSIONS = /\.(ts|js|md|json)$/;

/** All findings, by path and line. */
export function tidy(tree: Tree): Finding[] {
  const sources: SourceFile[] = [];
  for (const [path, text] of tree) {
    if (path.endsWith('.ts')) sources.push(toSourceFile(path, text));
  }
  const findings = [
    ...sources.flatMap((file) => [...checkImports(file), ...checkPurity(file), ...checkFileShape(file)]),
    ...checkReachability(sources, tree),
    ...checkDocuments(tree),
  ];
  return findings.sort((left, right) =>
    left.path < right.path ? -1 : left.path > right.path ? 1 : left.line - right.line,
  );
}

/** The files that count, by their path from the root, with slashes. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) walk(path);
      else if (entry.isFile())
        tree.set(path, READ_EXTENSIONS.test(entry.name) ? readFileSync(join(root, path), 'utf8') : '');
    }
  };
  walk('');
  return tree;
}

if (import.meta.main) {
  const findings = tidy(readTree(join(import.meta.dirname, '..')));
  for (const { path, line, rule, advice } of findings) console.error(`${path}:${line}: ${rule}: ${advice}`);
  if (findings.length > 0) {
    console.error(`${findings.length} findings`);
    process.exitCode = 1;
  }
}
