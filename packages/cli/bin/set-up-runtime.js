// What Node is told before the first of our modules is loaded. Plain JavaScript: nothing of ours is there yet.

import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';

export function setUpRuntime() {
  // Records live outside of V8's heap, which is small. Unless told to weigh them against what is kept of them anyway (the
  // tail cache), V8 collects the whole heap for every few of them that pass by: once a second at 9 MB/s, each time
  // holding up who waits for 10 ms. With these it is once in seven seconds. Older versions do not know the flags and complain.
  if (Number(process.versions.node.split('.')[0]) >= 26) {
    v8.setFlagsFromString('--external-memory-accounted-in-global-limit');
    v8.setFlagsFromString('--external-memory-max-growing-factor=2');
    v8.setFlagsFromString('--heap-growing-percent=150');
  }
  // Passwords may stand in the environment, and diagnostic reports get sent to others.
  process.report.excludeEnv = true;
  // Compiled code is kept from start to start, where there is a place for it.
  const caches = process.env.XDG_CACHE_HOME || cachesAtHome();
  if (caches !== undefined) module.enableCompileCache(path.join(caches, 'moldau', 'compile-cache'));
}

/** Nobody says where the home is of a user who is only a number, as in many a container. */
function cachesAtHome() {
  try {
    return path.join(os.homedir(), '.cache');
  } catch {
    return undefined;
  }
}
