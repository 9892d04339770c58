#!/usr/bin/env node
// The door of the moldau command. Plain JavaScript in words that old versions of Node know too, so that it can say that
// it needs a newer one; and so that the cache of compiled code is on before the first TypeScript file is read, which
// otherwise costs each start 40 ms and 18 MB of memory.

import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';

const MINIMUM_NODE = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < MINIMUM_NODE) {
  console.error(
    `moldau: Node ${process.versions.node} is too old, it needs ${MINIMUM_NODE} or later: https://nodejs.org, or \`npm install\` in a checkout, which brings its own`,
  );
  process.exitCode = 1;
} else {
  // Records live outside of V8's heap. Unless told to weigh them against what is kept of them anyway (the tail cache), V8
  // collects its whole small heap for every few of them that pass by, which took a fourth of a busy broker's time.
  // Older versions do not know these flags and complain.
  if (major >= 26) {
    v8.setFlagsFromString('--external-memory-accounted-in-global-limit');
    v8.setFlagsFromString('--external-memory-max-growing-factor=2');
  }
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  module.enableCompileCache(path.join(caches, 'moldau', 'compile-cache'));
  if (import.meta.resolve('moldau/main').endsWith('.ts')) resolveSourcesQuickly();
  await import('moldau/main');
}

/**
 * In a checkout a start reads some 250 source files, and Node asks the file system anew for each import of each where the file
 * is, what kind it is and which package.json rules it. The sources name their files as they are, and a package is the
 * same for all who import it, so both can be answered at once: that takes a third off each start's time, and 12 MB.
 */
function resolveSourcesQuickly() {
  const packages = new Map();
  module.registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('.') && specifier.endsWith('.ts')) {
        const { href } = new URL(specifier, context.parentURL);
        return { url: href, format: 'module-typescript', shortCircuit: true };
      }
      if (!specifier.startsWith('@moldau/')) return next(specifier, context);
      const known = packages.get(specifier);
      if (known !== undefined) return known;
      const { url, format } = next(specifier, context);
      const found = { url, format, shortCircuit: true };
      packages.set(specifier, found);
      return found;
    },
  });
}
