// The broker under test: Moldau from this checkout or Apache Kafka from its released jars, on one port and one folder over all its kills
// and restarts. What it logs goes to a file, which is looked through at the end.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { freePort } from '../interop/harness/broker.ts';
import { kafkaJars } from '../interop/harness/install.ts';
import { interopFolders } from './clients.ts';

export type BrokerName = 'moldau' | 'kafka';

const repository = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/** Small segments and dense indexes, so that kills meet rolls, snapshots and recovery; short waits, so that clients are soon back. */
const SETTINGS = [
  ...['log.segment.bytes=1048576', 'log.index.interval.bytes=1024', 'log.index.size.max.bytes=65536'],
  ...['group.min.session.timeout.ms=1000', 'group.consumer.min.session.timeout.ms=1000'],
  ...['group.consumer.session.timeout.ms=3000', 'group.consumer.min.heartbeat.interval.ms=500'],
  ...['group.consumer.heartbeat.interval.ms=500'],
  ...['offsets.topic.segment.bytes=1048576', 'offsets.topic.num.partitions=8'],
  ...['offsets.topic.replication.factor=1', 'transaction.state.log.replication.factor=1'],
  ...['transaction.state.log.min.isr=1', 'transaction.state.log.num.partitions=8'],
  ...['transaction.state.log.segment.bytes=1048576', 'auto.create.topics.enable=false'],
  ...[
    'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
    'group.initial.rebalance.delay.ms=0',
  ],
];

/** Lines that a broker never writes while all is well. */
const COMPLAINT = /"level":(50|60)|^\S+ \S+ (ERROR|FATAL)|unexpected|uncaught/i;

export class RestartableBroker {
  readonly name: BrokerName;
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #isExpected = false;

  private constructor(name: BrokerName, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.#folder = folder;
  }

  /** @param folder gets its data, its log, and Kafka's properties. */
  static async create(name: BrokerName, folder: string, port?: number): Promise<RestartableBroker> {
    const broker = new RestartableBroker(name, port ?? (await freePort()), folder);
    mkdirSync(folder, { recursive: true });
    if (name === 'kafka') await broker.#formatKafka();
    return broker;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves to the milliseconds until it took connections. */
  async start(): Promise<number> {
    const startedMs = performance.now();
    const log = openSync(join(this.#folder, 'broker.log'), 'a');
    const [command, ...words] = this.name === 'kafka' ? this.#kafkaCommand() : this.#moldauCommand();
    const child = spawn(command!, words, { stdio: ['ignore', log, log], cwd: this.#folder });
    closeSync(log);
    this.#child = child;
    this.#isExpected = false;
    child.once('exit', (code, signal) => {
      if (!this.#isExpected)
        writeFileSync(join(this.#folder, 'broker.log'), `unexpected end of the broker: ${code ?? signal}\n`, {
          flag: 'a',
        });
    });
    while (!(await acceptsConnections(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the broker ended with ${child.exitCode ?? child.signalCode} while it started`);
      if (performance.now() - startedMs > START_TIMEOUT_MS) throw new Error('the broker did not start');
      await new Promise((done) => setTimeout(done, 5));
    }
    return performance.now() - startedMs;
  }

  /** Resolves when the process is gone. A clean stop that takes too long throws. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#isExpected = true;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(new Error(`the broker did not stop within ${STOP_TIMEOUT_MS} ms of ${signal}`));
      }, STOP_TIMEOUT_MS);
      child.once('exit', () => {
        clearTimeout(timer);
        done();
      });
      child.kill(signal);
    });
  }

  /** The lines of its log that should not be there. */
  complaints(): string[] {
    const text = readFileSync(join(this.#folder, 'broker.log'), 'utf8');
    return text.split('\n').filter((line) => COMPLAINT.test(line));
  }

  #moldauCommand(): string[] {
    return [
      ...[process.execPath, '--conditions=source', join(repository, 'packages/cli/bin/moldau.js'), 'server'],
      ...['--listen', this.bootstrap, '--data', join(this.#folder, 'data')],
      ...[...SETTINGS, 'moldau.metrics.listen='].flatMap((setting) => ['--set', setting]),
    ];
  }

  #kafkaCommand(): string[] {
    return [
      ...['java', '-Xmx768m', '-XX:+UseG1GC', '-cp', join(kafkaJars(interopFolders), '*')],
      ...['kafka.Kafka', join(this.#folder, 'server.properties')],
    ];
  }

  async #formatKafka(): Promise<void> {
    const controllerPort = await freePort();
    const properties = [
      ...['process.roles=broker,controller', 'node.id=1'],
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
      `listeners=PLAINTEXT://${this.bootstrap},CONTROLLER://127.0.0.1:${controllerPort}`,
      `advertised.listeners=PLAINTEXT://${this.bootstrap}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(this.#folder, 'data')}`,
      ...SETTINGS,
    ];
    const file = join(this.#folder, 'server.properties');
    writeFileSync(file, `${properties.join('\n')}\n`);
    const words = [
      '-cp',
      join(kafkaJars(interopFolders), '*'),
      'kafka.tools.StorageTool',
      'format',
      '-c',
      file,
    ];
    const formatted = spawnSync('java', [...words, '-t', 'bW9sZGF1LWhpc3RvcmllcA'], { encoding: 'utf8' });
    if (formatted.status !== 0) throw new Error(`cannot format Kafka's folder: ${formatted.stderr}`);
  }
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
