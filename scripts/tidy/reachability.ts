// Rule: no dead files. Every file under packages/*/src is an entry of its package, a test, or imported by another.

import { posix } from 'node:path';
import type { Finding, SourceFile, Tree } from './source-file.ts';

export function checkReachability(sources: readonly SourceFile[], tree: Tree): Finding[] {
  const imported = new Set<string>(entries(tree));
  for (const file of sources) {
    for (const { specifier } of file.imports) {
      const target = posix.join(posix.dirname(file.path), specifier);
      if (specifier.startsWith('.') && target !== file.path) imported.add(target);
    }
  }
  return sources
    .filter(({ path }) => /^packages\/[^/]+\/src\//.test(path) && !/\.(test|bench|fuzz)\.ts$/.test(path))
    .filter(({ path }) => !imported.has(path))
    .map(({ path }) => ({
      path,
      line: 1,
      rule: 'dead file',
      advice: 'nothing imports this file: use it, or remove it',
    }));
}

/** The files that a package.json names as its exports. */
function* entries(tree: Tree): Iterable<string> {
  for (const [path, text] of tree) {
    if (!/^packages\/[^/]+\/package\.json$/.test(path)) continue;
    for (const match of text.matchAll(/"(\.\/src\/[^"]+\.ts)"/g))
      yield posix.join(posix.dirname(path), match[1]!);
  }
}
