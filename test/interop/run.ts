// Drives real Kafka clients against a real broker: `node --conditions=source test/interop/run.ts [client...]`.
// Each client is installed by the run itself and gets a fresh broker; what cannot be installed has failed, nothing is ever skipped.
// Environment: MOLDAU_INTEROP_BOOTSTRAP=host:port uses a running broker for all clients (MOLDAU_INTEROP_DATA names its data folder)
// and leaves out the cases of logins,
// and MOLDAU_INTEROP_OLD=no leaves out the cases that speak what Kafka 4 removed, so that the tests can be proved against Kafka itself.
// MOLDAU_INTEROP_CASES=a,b runs only these cases.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, runningBroker, startBroker } from './harness/broker.ts';
import type { Client, Folders, Program } from './harness/client.ts';
import { run } from './harness/command.ts';
import { startSecuredBroker } from './harness/secured-broker.ts';

const CLIENTS_AT_ONCE = 2;
const PROGRAM_TIMEOUT_MS = 300_000;

const root = import.meta.dirname;
const folders: Folders = { root, cache: join(root, '.cache') };
const bootstrap = process.env.MOLDAU_INTEROP_BOOTSTRAP;
const onlyCases = process.env.MOLDAU_INTEROP_CASES?.split(',');

let passed = 0;
let failed = 0;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function report(client: string, name: string, ok: boolean, detail: string, startedMs?: number): void {
  if (ok) passed += 1;
  else failed += 1;
  const time = startedMs === undefined ? '' : ` ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  const tail =
    detail === '' ? '' : ok ? `  ${detail}` : `\n    ${detail.trimEnd().replaceAll('\n', '\n    ')}`;
  say(`${ok ? 'ok    ' : 'FAILED'} ${client} ${name}${time}${tail}`);
}

function casesOf(program: Program, isOwnBroker: boolean): string[] {
  const isOldServed = process.env.MOLDAU_INTEROP_OLD !== 'no';
  const all = [
    ...program.cases,
    ...(isOldServed ? (program.oldProtocolCases ?? []) : []),
    ...(isOwnBroker ? (program.ownBrokerCases ?? []) : []),
  ];
  return onlyCases === undefined ? all : all.filter((name) => onlyCases.includes(name));
}

async function runProgram(client: Client, program: Program, broker: Broker): Promise<void> {
  const waiting = new Set(casesOf(program, broker.dataDirectory !== undefined));
  if (waiting.size === 0) return;
  let startedMs = performance.now();
  const environment: Record<string, string> = {
    ...{ ...program.environment, ...broker.environment },
    INTEROP_CACHE: folders.cache,
  };
  if (broker.dataDirectory !== undefined) environment.INTEROP_DATA = broker.dataDirectory;
  const result = await run([...program.command, broker.bootstrap, ...waiting], {
    environment,
    timeoutMs: program.timeoutMs ?? PROGRAM_TIMEOUT_MS,
    onLine(line) {
      if (!line.startsWith('{"case"')) return;
      const answer = JSON.parse(line) as { case: string; ok: boolean; detail: string };
      if (!waiting.delete(answer.case)) return;
      report(client.name, answer.case, answer.ok, answer.detail, startedMs);
      startedMs = performance.now();
    },
  });
  const how = result.timedOut ? 'the program took too long' : `the program exited with ${result.code}`;
  for (const name of waiting)
    report(client.name, name, false, `no answer: ${how}\n${(result.output + result.errors).slice(-2_000)}`);
}

let secured: Promise<Broker> | undefined;

/** Started for the first who asks. */
function securedBroker(): Promise<Broker> {
  secured ??= startSecuredBroker(clientNames());
  return secured;
}

async function endSecuredBroker(): Promise<void> {
  const broker = await secured?.catch(() => undefined);
  if (broker === undefined) return;
  const trouble = await broker.stop();
  report('secured', 'broker-ends-well', trouble === undefined, trouble ?? '');
}

async function runClient(client: Client): Promise<void> {
  const startedMs = performance.now();
  let installedMs = startedMs;
  try {
    await client.install(folders);
    installedMs = performance.now();
    const broker =
      bootstrap === undefined
        ? await startBroker(client.name)
        : runningBroker(bootstrap, process.env.MOLDAU_INTEROP_DATA);
    const failedBefore = failed;
    for (const program of client.programs(folders)) {
      if (program.isSecured !== true) await runProgram(client, program, broker);
      else if (bootstrap === undefined) await runProgram(client, program, await securedBroker());
    }
    const log = broker.log();
    const trouble = await broker.stop();
    if (bootstrap === undefined)
      report(client.name, 'broker-ends-well', trouble === undefined, trouble ?? '');
    if (failed > failedBefore && log !== '') say(`    the broker's last words:\n${log.slice(-1_500)}`);
  } catch (error) {
    report(client.name, 'install-and-start', false, error instanceof Error ? error.message : String(error));
  }
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  const install = seconds(installedMs - startedMs);
  say(`       ${client.name}: install ${install} s, cases ${seconds(performance.now() - installedMs)} s`);
}

function clientNames(): string[] {
  const directory = join(root, 'clients');
  return readdirSync(directory).filter((name) => existsSync(join(directory, name, 'client.ts')));
}

async function clientsNamed(names: readonly string[]): Promise<Client[]> {
  const known = clientNames();
  const wanted = names.length === 0 ? known : names;
  const clients: Client[] = [];
  for (const name of wanted) {
    if (!known.includes(name)) throw new Error(`no client "${name}"; there are: ${known.join(' ')}`);
    const module = (await import(join(root, 'clients', name, 'client.ts'))) as { client: Client };
    clients.push(module.client);
  }
  return clients;
}

const startedMs = performance.now();
const clients = await clientsNamed(process.argv.slice(2));
// The Java tools take longest: they go first, so that the others run beside them.
clients.sort((a, b) => Number(b.name === 'java') - Number(a.name === 'java'));
const worker = async () => {
  for (let client = clients.shift(); client !== undefined; client = clients.shift()) await runClient(client);
};
await Promise.all(Array.from({ length: CLIENTS_AT_ONCE }, worker));
await endSecuredBroker();
say(`interop took ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
