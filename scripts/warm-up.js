// Run by `npm install`: compiles the sources once, so that the first start is as quick as those after it, which saves
// 0.4 s of it. An install that cannot do this is none the worse.

import module from 'node:module';
import { setUpRuntime } from '../packages/cli/bin/set-up-runtime.js';

try {
  setUpRuntime();
  await import('../packages/cli/src/commands/server.ts');
  module.flushCompileCache();
} catch {}
