// The packages as people get them: built, packed, installed into an empty folder, looked into, compiled against and run.
//
//     node --conditions=source test/packages/run.ts
//
// Prints one line for each check, and at last `N passed, N failed`.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../interop/harness/broker.ts';
import { mustRun, run as runToItsEnd } from '../interop/harness/command.ts';
import { problemsOf } from './contents.ts';
import { start } from './harness.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NODE = process.execPath;
/** What else the client runs on. */
const RUNTIMES = { bun: 'bun@1', deno: 'deno@2' } as const;
/** glibc, what belongs to the compiler, and the loader. */
const LIBRARIES = /lib(c|dl|m|pthread|atomic|stdc\+\+|gcc_s)\.so|linux-vdso|ld-linux/;
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
const folder = mkdtempSync(join(tmpdir(), 'moldau-packages-'));
const tarballs = join(folder, 'tarballs');

let passed = 0;
let failed = 0;

async function check(title: string, what: () => Promise<unknown>): Promise<boolean> {
  const startedMs = performance.now();
  const failure = await what().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  if (failure === undefined) passed += 1;
  else failed += 1;
  const detail = failure === undefined ? '' : `\n    ${failure.trimEnd().replaceAll('\n', '\n    ')}`;
  console.log(`${failure === undefined ? 'ok    ' : 'FAILED'} ${title} ${seconds} s${detail}`);
  return failure === undefined;
}

/** An empty folder with the tarballs installed, and a program of a user beside them. */
async function install(name: string, ...flags: string[]): Promise<string> {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  await mustRun(['npm', 'install', ...QUIET, ...flags, ...files], { cwd: place });
  for (const program of ['use.ts', 'use-client.ts'])
    cpSync(join(import.meta.dirname, program), join(place, program));
  return place;
}

async function lookInto(place: string): Promise<void> {
  const modules = join(place, 'node_modules');
  const names = ['moldau', ...readdirSync(join(modules, '@moldau')).map((name) => join('@moldau', name))];
  const problems = names.flatMap((name) => problemsOf(join(modules, name)).map((text) => `${name}: ${text}`));
  if (names.length !== readdirSync(tarballs).length) problems.push(`installed are ${names.join(', ')}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** As strict as TypeScript is, declarations of packages not spared. */
async function compile(place: string): Promise<void> {
  const compilerOptions = {
    ...{ target: 'esnext', module: 'nodenext', moduleResolution: 'nodenext', lib: ['esnext'], noEmit: true },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ verbatimModuleSyntax: true, isolatedModules: true, skipLibCheck: false },
    ...{ types: ['node'], typeRoots: ['./node_modules/@types'], allowImportingTsExtensions: true },
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  mkdirSync(join(place, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(place, 'node_modules', name));
  await mustRun([join(ROOT, 'node_modules/.bin/tsc'), '-p', place]);
}

type Run = (...args: string[]) => Promise<string>;

/** A broker by this command, with a topic by it. */
async function withBroker(
  place: string,
  moldau: readonly string[],
  work: (address: string, run: Run) => Promise<unknown>,
): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const environment = { MOLDAU_BROKERS: address, XDG_CONFIG_HOME: place };
  const broker = start([...moldau, 'server', '--listen', address, '--data', join(place, 'data')], {
    cwd: place,
    environment,
  });
  const run: Run = (...args) => mustRun([...moldau, ...args], { cwd: place, environment });
  const all = async () => {
    await broker.says(/Moldau is ready on/);
    await run('topic', 'create', 'orders', '--partitions', '3');
    await work(address, run);
  };
  await all().finally(() => broker.stop());
  rmSync(join(place, 'data'), { recursive: true, force: true });
  if (broker.child.exitCode !== 0) throw new Error(`the broker did not end well:\n${broker.output()}`);
}

/** The command, and records through the installed client. */
function use(place: string, moldau: readonly string[]): Promise<void> {
  return withBroker(place, moldau, async (address, run) => {
    const listed = JSON.parse(await run('topic', 'list', '-o', 'json')) as { name: string }[];
    if (listed[0]?.name !== 'orders') throw new Error(`listed are ${JSON.stringify(listed)}`);
    const topics = await run('kafka-topics', '--bootstrap-server', address, '--list');
    if (topics !== 'orders\n') throw new Error(`kafka-topics lists ${topics}`);
    await mustRun([NODE, 'use.ts', address], { cwd: place });
  });
}

/** Records through the installed client by another runtime, which npm has too. */
async function useBy(
  place: string,
  moldau: readonly string[],
  runtime: keyof typeof RUNTIMES,
): Promise<void> {
  await mustRun(['npm', 'install', '--no-save', ...QUIET, RUNTIMES[runtime]], { cwd: place });
  const program = join(place, 'node_modules/.bin', runtime);
  if (runtime === 'bun') await mustRun([NODE, 'install.js'], { cwd: join(place, 'node_modules/bun') });
  const command = runtime === 'bun' ? [program] : [program, 'run', '--allow-all'];
  await withBroker(place, moldau, (address) =>
    mustRun([...command, 'use-client.ts', address, 'billing'], { cwd: place }),
  );
}

/** The command as one file, and as one program with Node in it, alone in a folder. */
async function checkBundle(place: string): Promise<void> {
  const out = join(folder, 'bundle');
  const isMade = await check('bundle', () =>
    mustRun([NODE, '--conditions=source', 'scripts/bundle.ts', '--executable', '--out', out], { cwd: ROOT }),
  );
  if (!isMade) return;
  await check('use the bundle', () => use(place, [NODE, join(out, 'moldau.mjs')]));
  await check('an old Node is told that it is too old', () => useOldNode(place, join(out, 'moldau.mjs')));
  await check('use the executable', () => use(place, [join(out, 'moldau')]));
  await check('the executable needs nothing but libraries', () => useAlone(join(out, 'moldau')));
}

/** One that lacks names which newer ones export. */
async function useOldNode(place: string, bundle: string): Promise<void> {
  const name = `node-${process.platform}-${process.arch}`;
  await mustRun(['npm', 'install', '--no-save', ...QUIET, `${name}@20`], { cwd: place });
  const old = join(place, 'node_modules', name, 'bin/node');
  const { code, errors } = await runToItsEnd([old, bundle], { timeoutMs: 10_000 });
  if (code !== 1 || !/^moldau: Node 20\.\S+ is too old, it needs 24 or later: \S+\n$/.test(errors))
    throw new Error(`ended with ${code}:\n${errors}`);
}

/** Without Node, a PATH and a home; docs/running.md names the libraries. */
async function useAlone(program: string): Promise<void> {
  await mustRun(['env', '-i', 'PATH=/nonexistent', program, '--help']);
  const libraries = (await mustRun(['ldd', program])).trim().split('\n');
  const unknown = libraries.filter((line) => !LIBRARIES.test(line));
  if (unknown.length > 0) throw new Error(`it needs more than docs/running.md says: ${unknown.join(', ')}`);
}

try {
  const isPacked = await check('build and pack', () =>
    mustRun([NODE, '--conditions=source', 'scripts/build.ts', '--pack', tarballs], { cwd: ROOT }),
  );
  if (isPacked) {
    for (const [name, ...flags] of [['whole'], ['without-native-code', '--omit=optional']] as const) {
      const place = join(folder, name);
      const command = [NODE, join(place, 'node_modules/.bin/moldau')];
      if (!(await check(`install ${name}`, () => install(name, ...flags)))) continue;
      if (flags.length === 0) {
        await check('what is in the packages', () => lookInto(place));
        await check('a strict program compiles', () => compile(place));
        await check("Kafka's names", () =>
          mustRun([NODE, join(place, 'node_modules/.bin/kafka-topics.sh'), '--version']),
        );
      }
      await check(`use ${name}`, () => use(place, command));
      for (const runtime of ['bun', 'deno'] as const)
        await check(`use ${name} by ${runtime}`, () => useBy(place, command, runtime));
    }
    await checkBundle(join(folder, 'whole'));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
