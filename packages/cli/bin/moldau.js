#!/usr/bin/env node
// The door of the moldau command. Plain JavaScript in words that old versions of Node know too, so that it can say that
// it needs a newer one; and so that the cache of compiled code is on before the first TypeScript file is read, which
// otherwise costs each start 40 ms and 18 MB of memory.

import module from 'node:module';
import os from 'node:os';
import path from 'node:path';

const MINIMUM_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
  console.error(
    `moldau: Node ${process.versions.node} is too old, it needs ${MINIMUM_NODE} or later: https://nodejs.org, or \`npm install\` in a checkout, which brings its own`,
  );
  process.exitCode = 1;
} else {
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  module.enableCompileCache(path.join(caches, 'moldau', 'compile-cache'));
  await import('moldau/main');
}
