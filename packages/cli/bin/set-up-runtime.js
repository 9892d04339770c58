// What Node is told before the first of our modules is loaded. Plain JavaScript: nothing of ours is there yet.

import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';

export function setUpRuntime() {
  // Records live outside of V8's heap. Unless told to weigh them against what is kept of them anyway (the tail cache), V8
  // collects its whole small heap for every few of them that pass by, which took a fourth of a busy broker's time.
  // Older versions do not know these flags and complain.
  if (Number(process.versions.node.split('.')[0]) >= 26) {
    v8.setFlagsFromString('--external-memory-accounted-in-global-limit');
    v8.setFlagsFromString('--external-memory-max-growing-factor=2');
  }
  // Compiled code is kept from start to start.
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  module.enableCompileCache(path.join(caches, 'moldau', 'compile-cache'));
}
