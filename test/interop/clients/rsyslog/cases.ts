// What is logged becomes records: rsyslogd in the foreground with a socket of its own and the configuration of deploy/rsyslog.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Kafka } from '@moldau/client';
import { freePort, startBroker } from '../../harness/broker.ts';
import { main, testCase, topicName, until } from '../../harness/cases.ts';
import { mustRun } from '../../harness/command.ts';

const DEPLOYED = resolve(import.meta.dirname, '../../../../deploy/rsyslog/60-moldau.conf');

class Rsyslog {
  readonly folder = mkdtempSync(join(tmpdir(), 'moldau-rsyslog-'));
  readonly #socket = join(this.folder, 'socket');
  #output = '';
  readonly #process: ChildProcess;

  constructor(bootstrap: string, topic: string) {
    const deployed = readFileSync(DEPLOYED, 'utf8')
      .replace('127.0.0.1:9092', bootstrap)
      .replace('topic="logs"', `topic="${topic}"`)
      .replace('/var/spool/rsyslog', this.folder);
    const own = `global(workDirectory="${this.folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${this.#socket}" RateLimit.Interval="0")
`;
    const file = join(this.folder, 'rsyslog.conf');
    writeFileSync(file, `${own}${deployed}`);
    this.#process = spawn('rsyslogd', ['-n', '-f', file, '-i', join(this.folder, 'pid')]);
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#output += chunk;
    });
  }

  async log(...messages: string[]): Promise<void> {
    await until('the socket', () => existsSync(this.#socket) || this.#process.exitCode !== null);
    const path = join(this.folder, 'messages');
    writeFileSync(path, `${messages.join('\n')}\n`);
    await mustRun([
      'logger',
      '--socket',
      this.#socket,
      '--tag',
      'shop',
      '--priority',
      'local0.warning',
      '-f',
      path,
    ]);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await until(
      'rsyslogd to end',
      () => this.#process.exitCode !== null || this.#process.signalCode !== null,
    );
    assert.equal(this.#process.exitCode, 0, this.#output);
    // That the broker is away may be said; that a line of the configuration is wrong may not.
    assert.doesNotMatch(this.#output, /on or before line|parse|unknown parameter|could not load/i);
  }

  remove(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

const MESSAGES = ['plain', 'with "quotes" and \\ backslashes', 'größer als ☃', ...Array(200).keys()].map(
  String,
);

async function compare(kafka: Kafka, topic: string, expected: readonly string[]): Promise<void> {
  await using consumer = kafka.consumer({ autoOffsetReset: 'earliest' });
  consumer.assign([{ topic, partition: 0 }]);
  const found: string[] = [];
  for await (const { key, value } of consumer) {
    const text = String(value);
    assert.equal(text, text.trim());
    const line = JSON.parse(text) as Record<string, string>;
    assert.equal(String(key), line.host);
    assert.equal(line.host, hostname().split('.')[0]);
    assert.deepEqual([line.program, line.severity, line.facility], ['shop', 'warning', 'local0']);
    assert.ok(Math.abs(Date.parse(line.time!) - Date.now()) < 300_000, `${line.time}`);
    found.push(line.message!);
    if (found.length === expected.length) break;
  }
  assert.deepEqual(found, expected);
}

type Work = (kafka: Kafka, rsyslog: Rsyslog, topic: string) => Promise<void>;

async function ship(bootstrap: string, work: Work): Promise<undefined> {
  const topic = topicName('syslog');
  await using kafka = new Kafka({ brokers: bootstrap });
  const rsyslog = new Rsyslog(bootstrap, topic);
  try {
    await work(kafka, rsyslog, topic);
    await rsyslog.stop();
  } finally {
    rsyslog.remove();
  }
  return undefined;
}

testCase('ships', (bootstrap) =>
  ship(bootstrap, async (kafka, rsyslog, topic) => {
    await kafka.admin().topics.create({ name: topic, partitions: 1 });
    await rsyslog.log(...MESSAGES);
    await compare(kafka, topic, MESSAGES);
  }),
);

testCase('waits-for-the-broker', async () => {
  const port = await freePort();
  return ship(`127.0.0.1:${port}`, async (kafka, rsyslog, topic) => {
    await rsyslog.log(...MESSAGES);
    const broker = await startBroker('rsyslog-late', { port, settings: ['num.partitions=1'] });
    try {
      await compare(kafka, topic, MESSAGES);
    } finally {
      assert.equal(await broker.stop(), undefined);
    }
  });
});

await main();
