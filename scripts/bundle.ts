// Makes the command one file: dist/moldau.mjs runs with any Node from 24 on, alone in its folder. With `--executable` it also makes dist/moldau, which
// brings Node along and needs nothing.
//
//     node --conditions=source scripts/bundle.ts [--executable] [--out FOLDER]
//
// Native libraries cannot be in one file. They are loaded from a node_modules beside it when there is one, and what they do is done
// in JavaScript when there is none.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const MINIMUM_NODE = 24;
const NATIVE = ['@node-rs/crc32', '@node-rs/xxhash', 'koffi', 'lz4-napi', 'snappy'];

const ENTRY = `
import { setUpRuntime } from './packages/cli/bin/set-up-runtime.js';
setUpRuntime();
await import('./packages/cli/src/main.ts');
`;
/** Comes first, to say that a newer Node is needed where it is; then what packages in CommonJS expect to be there. */
const BANNER = `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < ${MINIMUM_NODE}) {
  console.error(\`moldau: Node \${process.versions.node} is too old, it needs ${MINIMUM_NODE} or later: https://nodejs.org\`);
  process.exit(1);
}
import { createRequire as requireOf } from 'node:module';
import { dirname as folderOf } from 'node:path';
const require = requireOf(import.meta.url);
const __filename = import.meta.filename ?? process.execPath;
const __dirname = folderOf(__filename);
`;

/** The sources load some packages late by createRequire, which a bundler does not see. */
const lateRequires: Plugin = {
  name: 'late requires',
  setup({ onLoad }) {
    onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replace(/^const require = createRequire\(import\.meta\.url\);$/m, '')
        .replace(/createRequire\(import\.meta\.url\)\('([^']+)'\)/g, (call, name: string) =>
          NATIVE.includes(name) ? call : `require('${name}')`,
        );
      return { contents, loader: 'ts' };
    });
  },
};

/** An import of a name that an older Node does not have fails before any line is run; a property that is not there does not. */
const lateNames: Plugin = {
  name: 'names of newer versions of Node',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:(module|zlib)$/ }, ({ path }) => ({ path, namespace: 'late' }));
    onLoad({ filter: /./, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }));
  },
};

const { values } = parseArgs({
  options: { executable: { type: 'boolean' }, out: { type: 'string', default: join(ROOT, 'dist') } },
});
const folder = resolve(values.out);
const file = join(folder, 'moldau.mjs');
mkdirSync(folder, { recursive: true });
await build({
  stdin: { contents: ENTRY, resolveDir: ROOT, sourcefile: 'moldau.js' },
  outfile: file,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: `node${MINIMUM_NODE}`,
  conditions: ['source'],
  external: NATIVE,
  banner: { js: BANNER },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [lateRequires, lateNames],
});
console.log(`${file}: ${megabytes(file)} MB`);
if (values.executable === true) makeExecutable();

function makeExecutable(): void {
  const output = join(folder, 'moldau');
  const settings = join(folder, 'moldau-executable.json');
  writeFileSync(
    settings,
    JSON.stringify({ main: file, mainFormat: 'module', output, disableExperimentalSEAWarning: true }),
  );
  execFileSync(process.execPath, ['--build-sea', settings], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(settings);
  console.log(`${output}: ${megabytes(output)} MB`);
}

function megabytes(path: string): string {
  return (statSync(path).size / 1e6).toFixed(1);
}
