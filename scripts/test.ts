// The unit tests: `npm test`, and `npm test -- FILE...` for some of them.
//
// A process for each of some 250 files would load the same sources as often, which costs twice what the tests cost. So each group of files has one
// process, and so many groups run at a time that the processors are busy while some wait; what a group printed is shown when it is over.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** The longest first. */
const GROUPS = [
  ['packages/broker/src/**/*.test.ts'],
  ['packages/client/src/**/*.test.ts'],
  ['packages/cli/src/**/*.test.ts'],
  ['packages/log/src/**/*.test.ts'],
  ['packages/{io,metadata,protocol,testing}/src/**/*.test.ts'],
  ['scripts/**/*.test.ts', 'bench/**/*.test.ts', 'test/histories/**/*.test.ts', 'test/docs/*.test.ts'],
];

interface Ran {
  readonly output: string;
  readonly code: number;
}

function run(patterns: readonly string[]): Promise<Ran> {
  const flags = ['--conditions=source', '--import', './scripts/compile-cache.js'];
  const child = spawn(process.execPath, [...flags, '--test', '--test-isolation=none', ...patterns], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((done) => child.on('close', (code) => done({ output, code: code ?? 1 })));
}

/** Of node:test's last lines: `ℹ pass 12`. */
function counted(output: string, name: string): number {
  return Number([...output.matchAll(new RegExp(`^(?:ℹ|#) ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);
}

const files = process.argv.slice(2);
const waiting = files.length > 0 ? [files] : [...GROUPS];
const beginMs = performance.now();
let [passed, failed, code] = [0, 0, 0];
const workers = Array.from({ length: 1 + Math.max(2, availableParallelism()) }, async () => {
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    const ran = await run(group);
    process.stdout.write(ran.output);
    passed += counted(ran.output, 'pass');
    failed += counted(ran.output, 'fail') + counted(ran.output, 'cancelled');
    if (ran.code !== 0) code = 1;
  }
});
await Promise.all(workers);
if (code !== 0) failed = Math.max(1, failed);
process.stdout.write(
  `\nall of it, in ${((performance.now() - beginMs) / 1000).toFixed(1)} s\nℹ pass ${passed}\nℹ fail ${failed}\n`,
);
process.exitCode = code;
