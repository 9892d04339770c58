// The brokers that are measured: Moldau from this checkout and Apache Kafka from its released jars, each a process on a
// free port with a folder of its own, and what the kernel says of that process.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../test/interop/harness/broker.ts';
import { kafkaJars } from '../test/interop/harness/install.ts';
import { answersApiVersions } from './probe.ts';

export type BrokerName = 'moldau' | 'kafka';

const repository = resolve(import.meta.dirname, '..');
const folders = { root: join(repository, 'test/interop'), cache: join(repository, 'test/interop/.cache') };
const CLOCK_TICKS_PER_SECOND = 100;
/** Of a machine that has much else to do. */
const START_TIMEOUT_MS = 180_000;

export interface Usage {
  cpuSeconds: number;
  residentBytes: number;
  openFiles: number;
}

export class MeasuredBroker {
  readonly name: BrokerName;
  readonly port: number;
  readonly #directory: string;
  readonly #settings: readonly string[];
  readonly #moreListeners: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(
    name: BrokerName,
    port: number,
    directory: string,
    options: { settings: readonly string[]; moreListeners: readonly string[] },
  ) {
    this.name = name;
    this.port = port;
    this.#directory = directory;
    this.#settings = options.settings;
    this.#moreListeners = options.moreListeners;
  }

  /**
   * @param settings broker configs as 'key=value', given to either broker.
   * @param moreListeners beside the plain one, as in 'CLIENTS://127.0.0.1:9093'.
   */
  static async create(
    name: BrokerName,
    settings: readonly string[] = [],
    moreListeners: readonly string[] = [],
  ): Promise<MeasuredBroker> {
    // Pages that the last broker left to be written would slow this one.
    spawnSync('sync');
    const directory = mkdtempSync(join(tmpdir(), `moldau-bench-${name}-`));
    const broker = new MeasuredBroker(name, await freePort(), directory, { settings, moreListeners });
    if (name === 'kafka') await broker.#formatKafka();
    return broker;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Where the partitions' folders and the checkpoint files are. */
  get dataDirectory(): string {
    return join(this.#directory, 'data');
  }

  /** Resolves to the milliseconds from the start of the process to its first answer. */
  async start(): Promise<number> {
    const startedMs = performance.now();
    const [command, ...words] = this.name === 'kafka' ? this.#kafkaCommand() : this.#moldauCommand();
    const child = spawn(command!, words, { stdio: 'ignore', cwd: this.#directory });
    this.#child = child;
    while (!(await answersApiVersions(this.port))) {
      if (child.exitCode !== null)
        throw new Error(`${this.name} ended with ${child.exitCode} while it started`);
      if (performance.now() - startedMs > START_TIMEOUT_MS) throw new Error(`${this.name} did not start`);
      await new Promise((done) => setTimeout(done, 2));
    }
    return performance.now() - startedMs;
  }

  /** Resolves to the milliseconds that the process took to end. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return 0;
    const startedMs = performance.now();
    await new Promise((done) => {
      child.once('exit', done);
      child.kill(signal);
    });
    this.#child = undefined;
    return performance.now() - startedMs;
  }

  async destroy(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  usage(): Usage {
    const pid = this.#child!.pid!;
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND,
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024,
      openFiles: readdirSync(`/proc/${pid}/fd`).length,
    };
  }

  get #listeners(): string {
    return [`PLAINTEXT://${this.bootstrap}`, ...this.#moreListeners].join(',');
  }

  #moldauCommand(): string[] {
    const door = join(repository, 'packages/cli/bin/moldau.js');
    const data = join(this.#directory, 'data');
    // Metrics are served as they are by default, but not where another broker's may be.
    const settings = ['moldau.metrics.listen=127.0.0.1:0', ...this.#settings];
    const sets = settings.flatMap((setting) => ['--set', setting]);
    return [
      ...[process.execPath, '--conditions=source', door, 'server'],
      ...['--set', `listeners=${this.#listeners}`, '--data', data, ...sets],
    ];
  }

  #kafkaCommand(): string[] {
    return [
      ...['java', '-Xmx1g', '-Xms1g', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
      ...['-XX:InitiatingHeapOccupancyPercent=35', '-cp', join(kafkaJars(folders), '*')],
      ...['kafka.Kafka', join(this.#directory, 'server.properties')],
    ];
  }

  async #formatKafka(): Promise<void> {
    const controllerPort = await freePort();
    const properties = [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
      `listeners=${this.#listeners},CONTROLLER://127.0.0.1:${controllerPort}`,
      `advertised.listeners=${this.#listeners}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(this.#directory, 'data')}`,
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      ...this.#settings,
    ];
    mkdirSync(this.#directory, { recursive: true });
    const file = join(this.#directory, 'server.properties');
    writeFileSync(file, `${properties.join('\n')}\n`);
    const words = ['-cp', join(kafkaJars(folders), '*'), 'kafka.tools.StorageTool', 'format', '-c', file];
    const formatted = spawnSync('java', [...words, '-t', 'bW9sZGF1LWJlbmNoLTAwMQ'], { encoding: 'utf8' });
    if (formatted.status !== 0) throw new Error(`cannot format Kafka's folder: ${formatted.stderr}`);
  }
}

/** Watches a broker's memory and processor time while something runs. */
export async function measured<T>(
  broker: MeasuredBroker,
  run: () => Promise<T>,
): Promise<{ result: T; wallSeconds: number; cpuSeconds: number; peakBytes: number }> {
  const before = broker.usage();
  let peakBytes = before.residentBytes;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, broker.usage().residentBytes);
  }, 200);
  const startedMs = performance.now();
  try {
    const result = await run();
    const after = broker.usage();
    return {
      result,
      wallSeconds: (performance.now() - startedMs) / 1000,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakBytes: Math.max(peakBytes, after.residentBytes),
    };
  } finally {
    clearInterval(sampling);
  }
}
