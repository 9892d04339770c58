// A broker for one client: a fresh Moldau on a free port with a temporary data folder, or one that runs already.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Broker {
  bootstrap: string;
  /** Absent when somebody else started the broker and did not say where its data is. */
  dataDirectory?: string;
  /** What programs must know of it beside its address. */
  environment?: Readonly<Record<string, string>>;
  /** Stops it; resolves to what was wrong with the way it ended, or undefined when nothing was. The data go, unless something was wrong. */
  stop(options?: { keepData?: boolean }): Promise<string | undefined>;
  /** Ends it as a power cut would, as far as a process can; its data stay. */
  kill(): Promise<void>;
  /** What it printed, for a failure's message. */
  log(): string;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
const repository = resolve(import.meta.dirname, '../../..');

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The broker that MOLDAU_INTEROP_BOOTSTRAP names (its data folder: MOLDAU_INTEROP_DATA). */
export function runningBroker(bootstrap: string, dataDirectory: string | undefined): Broker {
  return {
    bootstrap,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    stop: async () => undefined,
    kill: async () => undefined,
    log: () => '',
  };
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function waitFor(what: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!what()) {
    if (performance.now() > deadline) return false;
    await new Promise((done) => setTimeout(done, 10));
  }
  return true;
}

/** A broker on a free port with a new data folder, unless told which. A configuration file of its own has listeners, the first on that port. */
export async function startBroker(
  name: string,
  options: { port?: number; dataDirectory?: string; settings?: readonly string[]; configFile?: string } = {},
): Promise<Broker> {
  const port = options.port ?? (await freePort());
  const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), `moldau-interop-${name}-`));
  const address = `127.0.0.1:${port}`;
  const listening =
    options.configFile === undefined ? ['--listen', address] : ['--config', options.configFile];
  const own = options.settings ?? [];
  // Two brokers cannot serve their metrics at the same port, and few of those who come here look at them.
  const metrics = own.some((setting) => setting.startsWith('moldau.metrics.listen='))
    ? []
    : ['moldau.metrics.listen='];
  const settings = ['group.initial.rebalance.delay.ms=0', ...metrics, ...own];
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=source', join(repository, 'packages/cli/src/main.ts'), 'server'],
      ...[...listening, '--data', dataDirectory],
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-1_000_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const isUp = () => text.includes('Moldau is ready on');
  if (!(await waitFor(() => isUp() || ended(child), READY_TIMEOUT_MS)) || !isUp()) {
    kill();
    throw new Error(`the broker did not start:\n${text.slice(-2_000)}`);
  }
  return {
    bootstrap: address,
    dataDirectory,
    log: () => text,
    async kill() {
      kill();
      await waitFor(() => ended(child), STOP_TIMEOUT_MS);
      process.off('exit', kill);
    },
    async stop({ keepData = false } = {}) {
      let trouble: string | undefined;
      if (ended(child)) trouble = `the broker had ended by itself (${child.exitCode ?? child.signalCode})`;
      else {
        child.kill('SIGTERM');
        const stopped = await waitFor(() => ended(child), STOP_TIMEOUT_MS);
        if (!stopped) trouble = `the broker did not stop within ${STOP_TIMEOUT_MS} ms of SIGTERM`;
        else if (child.exitCode !== 0)
          trouble = `the broker ended with ${child.exitCode ?? child.signalCode} on SIGTERM`;
      }
      kill();
      process.off('exit', kill);
      const complaint = text.split('\n').find((line) => /"level":(50|60)|unexpected|uncaught/i.test(line));
      if (trouble === undefined && complaint !== undefined)
        trouble = `the broker logged: ${complaint.slice(0, 600)}`;
      if (keepData) return trouble;
      if (trouble === undefined || process.env.CI === 'true')
        rmSync(dataDirectory, { recursive: true, force: true });
      else trouble += ` (data kept in ${dataDirectory})`;
      return trouble;
    },
  };
}
