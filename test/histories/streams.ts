// Kafka Streams' own WordCount demo with exactly_once_v2, while its process and the broker are killed with SIGKILL again and again: every word must be
// counted once. `node --conditions=source test/histories/streams.ts [--kills N] [--lines N] [--seed X] [--broker moldau|kafka] [--port N]`
// Kills alternate by chance between broker and demo. Exits 1 with what is wrong and the kept folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seedOf } from '@moldau/testing';
import type { Folders } from '../interop/harness/client.ts';
import { mustRun } from '../interop/harness/command.ts';
import { kafkaJars, mavenJars, pythonPackages, venvDirectory } from '../interop/harness/install.ts';
import { seededRandom } from './checker/clean-history.ts';
import { interopFolders } from './clients.ts';
import { sleep } from './faults.ts';
import { type BrokerName, RestartableBroker } from './restartable-broker.ts';

const here = import.meta.dirname;
const streamsFolders: Folders = { root: here, cache: join(interopFolders.cache, 'histories') };
const READ_TIMEOUT_MS = 240_000;

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '6' },
    lines: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '250' },
    seed: { type: 'string', default: String(seedOf()) },
    broker: { type: 'string', default: 'moldau' },
    port: { type: 'string' },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The demo's process, which is started again after each kill on the same folder. */
class Demo {
  #child: ChildProcess | undefined;
  readonly #folder: string;

  constructor(folder: string, bootstrap: string) {
    this.#folder = folder;
    const properties = [
      `bootstrap.servers=${bootstrap}`,
      `state.dir=${join(folder, 'state')}`,
      ...['processing.guarantee=exactly_once_v2', 'num.stream.threads=2', 'replication.factor=1'],
      ...['commit.interval.ms=100', 'statestore.cache.max.bytes=0', 'auto.offset.reset=earliest'],
      ...['consumer.session.timeout.ms=3000', 'consumer.heartbeat.interval.ms=500'],
      ...['producer.transaction.timeout.ms=10000', 'reconnect.backoff.max.ms=200'],
    ];
    writeFileSync(join(folder, 'streams.properties'), `${properties.join('\n')}\n`);
  }

  start(): void {
    const log = openSync(join(this.#folder, 'streams.log'), 'a');
    this.#child = spawn(
      'java',
      [
        ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
        `-Dlog4j.configurationFile=${join(interopFolders.root, 'clients/java/log4j2.xml')}`,
        ...[
          '-cp',
          `${kafkaJars(streamsFolders)}/*`,
          'org.apache.kafka.streams.examples.wordcount.WordCountDemo',
        ],
        join(this.#folder, 'streams.properties'),
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    await new Promise((done) => {
      child.once('exit', done);
      child.kill('SIGKILL');
    });
  }
}

/** Starts the writer; resolves when the topics are there, with a promise of the counts. */
async function startWriter(bootstrap: string): Promise<{ counts: Promise<string>; isDone: () => boolean }> {
  const python = join(venvDirectory(interopFolders, 'confluent-kafka'), 'bin/python');
  const words = [
    join(here, 'clients/words.py'),
    'write',
    bootstrap,
    options.seed,
    options.lines,
    options.rate,
  ];
  const child = spawn(python, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let text = '';
  let isDone = false;
  const counts = new Promise<string>((resolve, reject) => {
    child.once('close', (code) => {
      isDone = true;
      if (code === 0) resolve(text.split('\n')[1] ?? '');
      else reject(new Error(`the writer ended with ${code}`));
    });
  });
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('ready')) resolve();
    });
    counts.then(
      () => resolve(),
      () => resolve(),
    );
  });
  return { counts, isDone: () => isDone };
}

async function main(): Promise<void> {
  await pythonPackages(interopFolders, 'confluent-kafka');
  await mavenJars(interopFolders);
  await mavenJars(streamsFolders);
  const folder = mkdtempSync(join(tmpdir(), 'moldau-streams-'));
  const kills = Number(options.kills);
  const random = seededRandom(Number(options.seed));
  say(`seed ${options.seed}, ${options.broker}, in ${folder}`);
  const port = options.port === undefined ? undefined : Number(options.port);
  const broker = await RestartableBroker.create(options.broker as BrokerName, join(folder, 'broker'), port);
  await broker.start();
  const demo = new Demo(folder, broker.bootstrap);
  const stop = () => {
    void demo.kill();
    void broker.stop('SIGKILL');
  };
  process.once('exit', stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const startedMs = performance.now();
  const writer = await startWriter(broker.bootstrap);
  demo.start();
  const wait = ((Number(options.lines) / Number(options.rate)) * 1000) / (kills + 1);
  let brokerKills = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(wait * (0.5 + random()));
    if (random() < 0.5) {
      brokerKills += 1;
      await broker.stop('SIGKILL');
      await broker.start();
    } else await demo.kill();
    // The demo ends by itself when all its threads have given up, too.
    if (!demo.isRunning) demo.start();
    say(`${kill + 1} kills, ${brokerKills} of the broker`);
  }
  const counts = await writer.counts;
  if (!demo.isRunning) demo.start();
  const python = join(venvDirectory(interopFolders, 'confluent-kafka'), 'bin/python');
  const wrong = await mustRun([python, join(here, 'clients/words.py'), 'read', broker.bootstrap, counts], {
    timeoutMs: READ_TIMEOUT_MS,
  });
  await demo.kill();
  await broker.stop('SIGTERM');
  const complaints = broker.complaints();
  const total = Object.values(JSON.parse(counts) as Record<string, number>).reduce(
    (sum, count) => sum + count,
    0,
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  say(`${total} words counted over ${kills} kills, ${brokerKills} of the broker, in ${seconds} s`);
  for (const line of complaints) say(`the broker logged: ${line.slice(0, 500)}`);
  const isRight = wrong.trim() === '' && complaints.length === 0;
  if (isRight) rmSync(folder, { recursive: true, force: true });
  else say(`${wrong.trim()}\nkept in ${folder}`);
  say(isRight ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exit(isRight ? 0 : 1);
}

await main();
