// Where the commands of one page are run: an empty folder, ports of its own and a PATH on which `moldau` is the one of this checkout.
//
// What a page calls 127.0.0.1:9092 is a free port here, and /var, /etc and /opt are folders of the place; what it shows of
// their output is translated likewise. Defaults follow by the environment, so that `moldau server` and `moldau topic list` are run as they are shown.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { freePort } from '../interop/harness/broker.ts';
import { isAsShown } from './expected.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Those that pages name: the broker's, a second listener's or broker's, and that of the metrics. */
const PORTS = ['9092', '9093', '9404'];
const SYSTEM_FOLDER = /(?<![\w.~/-])\/(var|etc|opt)\/(?!apt)/g;
const POLL_MS = 20;

/** Settings of the page's broker, unless it is told others in a file. */
const MOLDAU = (port: string) => `#!/bin/bash
# The moldau of this checkout, on the ports of this place; by another name it is one of Kafka's tools.
name=$(basename "$0" .sh)
[ "$name" = moldau ] || set -- "$name" "$@"
case "$1 $2 $*" in
  *--config*) unset KAFKA_LISTENERS;;
  "security init"*) set -- "$@" --port ${port};;
esac
exec node --conditions=source ${join(ROOT, 'packages/cli/bin/moldau.js')} "$@"
`;

/** Names that a page uses, and what goes by them here. */
const NAMES = [['kafka.example.org', 'localhost']] as const;

/** What ends those that run still when this process ends. */
const killers = new Set<() => void>();
process.on('exit', () => {
  for (const kill of killers) kill();
});

export interface PlaceOptions {
  /** Looks like a checkout: what a checkout has is there by links. */
  readonly isCheckout: boolean;
  /** Folders that come before the system's in the PATH. */
  readonly path: readonly string[];
  /** Packages of npm that are installed, by name, and where they are. */
  readonly packages: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'moldau-docs-'));
  readonly #ports: ReadonlyMap<string, string>;
  readonly #environment: Record<string, string>;
  readonly #running: Background[] = [];
  /** Where the last commands have gone. */
  #cwd: string;

  static async make(options: PlaceOptions): Promise<Place> {
    const ports = new Map<string, string>();
    for (const port of PORTS) ports.set(port, String(await freePort()));
    return new Place(ports, options);
  }

  constructor(ports: ReadonlyMap<string, string>, { isCheckout, path, packages }: PlaceOptions) {
    this.#ports = ports;
    this.#cwd = join(this.folder, 'work');
    for (const name of ['work', 'bin', 'home', 'var/lib', 'etc', 'opt', 'node_modules'])
      mkdirSync(join(this.folder, name), { recursive: true });
    for (const [name, from] of Object.entries(packages))
      symlinkSync(from, join(this.folder, 'node_modules', name));
    if (isCheckout) this.#lookLikeACheckout();
    const [broker, , metrics] = [...ports.values()];
    const bin = join(this.folder, 'bin');
    symlinkSync(process.execPath, join(bin, 'node'));
    this.#executable('moldau', MOLDAU(broker!));
    for (const name of commandNames()) if (name !== 'moldau') symlinkSync('moldau', join(bin, name));
    const inherited = Object.entries(process.env).filter(([name]) => !/^(KAFKA|MOLDAU|NODE|LOG)_/.test(name));
    this.#environment = {
      ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])),
      HOME: join(this.folder, 'home'),
      PATH: [bin, ...path, process.env.PATH].join(delimiter),
      NODE_OPTIONS: '--conditions=source',
      // Compiled code and packages are kept from run to run.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
      npm_config_loglevel: 'silent',
      npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
      MOLDAU_BROKERS: `127.0.0.1:${broker}`,
      KAFKA_LISTENERS: `PLAINTEXT://127.0.0.1:${broker}`,
      KAFKA_MOLDAU_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      FIXTURES: join(import.meta.dirname, 'fixtures'),
      PYTHONUNBUFFERED: '1',
      COLUMNS: '160',
    };
  }

  save(name: string, text: string): void {
    const path = resolve(this.#cwd, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Runs commands to their end. Where they go by `cd` the next ones begin. */
  async run(text: string, timeoutMs: number): Promise<Ran> {
    const ended = join(this.folder, 'cwd');
    const child = this.#start(`trap 'pwd > ${ended}' EXIT\n${text}`);
    const timer = setTimeout(() => child.end('SIGKILL'), timeoutMs);
    const code = await child.ended;
    clearTimeout(timer);
    if (existsSync(ended)) this.#cwd = readFileSync(ended, 'utf8').trim();
    return { code, output: child.output() };
  }

  startInBackground(text: string): Background {
    const started = this.#start(/[|;&]/.test(text) ? text : `exec env ${text.trim()}`);
    this.#running.push(started);
    return started;
  }

  /** The one that was started last. */
  stopLast(signal: NodeJS.Signals): Promise<number | null> {
    const last = this.#running.pop();
    if (last === undefined) throw new Error('nothing is there to be stopped');
    last.end(signal);
    return last.ended;
  }

  async remove(): Promise<void> {
    for (const running of this.#running) running.end('SIGKILL');
    await Promise.all(this.#running.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #executable(name: string, text: string): void {
    const path = join(this.folder, 'bin', name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }

  #start(text: string): Background {
    const script = `exec 2>&1\nset -eo pipefail\n${text}`;
    const child = spawn('bash', ['-c', script], {
      cwd: this.#cwd,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const end = (signal: NodeJS.Signals) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, signal);
    };
    const kill = () => end('SIGKILL');
    killers.add(kill);
    void ended.then(() => killers.delete(kill));
    return { ended, output: () => output, end };
  }

  /** Its scripts start `moldau` with the ports of this place. */
  #lookLikeACheckout(): void {
    for (const name of ['node_modules', 'packages', 'examples', 'scripts', 'deploy'])
      symlinkSync(join(ROOT, name), join(this.#cwd, name));
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const text = JSON.stringify({ type: 'module', scripts });
    const start = 'node --conditions=source packages/cli/bin/moldau.js';
    writeFileSync(join(this.#cwd, 'package.json'), text.replaceAll(start, join(this.folder, 'bin/moldau')));
  }

  /** A page's text, with the ports, folders and names of this place. */
  here(text: string): string {
    let moved = text.replace(SYSTEM_FOLDER, (path) => `${this.folder}${path}`);
    for (const [shown, name] of NAMES) moved = moved.replaceAll(shown, name);
    return moved.replace(/\b\d{4}\b/g, (number) => this.#ports.get(number) ?? number);
  }
}

/** Those that npm puts on the PATH. */
function commandNames(): string[] {
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'));
  return Object.keys(bin);
}

export interface Background {
  readonly ended: Promise<number | null>;
  output(): string;
  end(signal: NodeJS.Signals): void;
}

/** Whether it has printed what is shown within the time. */
export async function saysInTime(background: Background, shown: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  let isOver = false;
  void background.ended.then(() => {
    isOver = true;
  });
  while (!isAsShown(background.output(), shown)) {
    if (isOver || performance.now() > deadline) return false;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return true;
}
