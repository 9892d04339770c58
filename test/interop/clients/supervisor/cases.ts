// Consumers in the background: supervisord runs those of deploy/supervisor, they are killed while they work, and nothing is left out.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Kafka } from '@moldau/client';
import { main, sleep, testCase, topicName, until } from '../../harness/cases.ts';
import { mustRun } from '../../harness/command.ts';

const DEPLOYED = resolve(import.meta.dirname, '../../../../deploy/supervisor');
const PARTITIONS = 2;
/** As many as consumer.py does between two commits. */
const COMMIT_EVERY = 20;

class Supervisor {
  readonly folder = mkdtempSync(join(tmpdir(), 'moldau-supervisor-'));
  readonly #process: ChildProcess;
  #output = '';

  constructor(bootstrap: string, topic: string) {
    const program = readFileSync(join(DEPLOYED, 'consumers.conf'), 'utf8')
      .replace('/usr/bin/python3', process.env.INTEROP_PYTHON!)
      .replaceAll('/opt/consumers', DEPLOYED)
      .replaceAll('127.0.0.1:9092', bootstrap)
      .replace('KAFKA_TOPIC="logs"', `KAFKA_TOPIC="${topic}"`)
      .replace('KAFKA_GROUP="log-consumers"', `KAFKA_GROUP="${topic}"`)
      .replace('/var/log/supervisor', this.folder);
    const socket = join(this.folder, 'socket');
    const own = `[unix_http_server]
file=${socket}
[supervisord]
logfile=${this.folder}/supervisord.out
pidfile=${this.folder}/pid
childlogdir=${this.folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
`;
    writeFileSync(join(this.folder, 'supervisord.conf'), `${own}${program}`);
    this.#process = spawn('supervisord', ['--nodaemon', '-c', join(this.folder, 'supervisord.conf')]);
    const keep = (chunk: Buffer) => {
      this.#output += chunk;
    };
    this.#process.stdout?.on('data', keep);
    this.#process.stderr?.on('data', keep);
  }

  /** The processes by name; only those that run. */
  async running(): Promise<Map<string, number>> {
    const config = join(this.folder, 'supervisord.conf');
    const text = await mustRun(['sh', '-c', 'supervisorctl -c "$0" status || true', config]);
    const found = text.matchAll(/^(\S+)\s+RUNNING\s+pid (\d+)/gm);
    return new Map([...found].map(([, name, pid]) => [name!, Number(pid)]));
  }

  /** What the consumers have worked on: `partition offset value` each, in the order of each one's log. */
  done(): string[] {
    const logs = readdirSync(this.folder).filter((name) => name.endsWith('.log'));
    return logs.flatMap((name) =>
      readFileSync(join(this.folder, name), 'utf8')
        .split('\n')
        .filter((line) => /^\d+ \d+ line \d+ end$/.test(line)),
    );
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await until(
      'supervisord to end',
      () => this.#process.exitCode !== null || this.#process.signalCode !== null,
    );
    assert.equal(this.#process.exitCode, 0, this.#output);
  }

  remove(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

testCase('killed-consumers-come-back', async (bootstrap) => {
  const topic = topicName('supervised');
  await using kafka = new Kafka({ brokers: bootstrap });
  const admin = kafka.admin();
  await admin.topics.create({ name: topic, partitions: PARTITIONS });
  const producer = kafka.producer();
  let sent = 0;
  const send = async (count: number) => {
    const records = Array.from({ length: count }, () => ({
      value: `line ${sent} end`,
      partition: sent++ % PARTITIONS,
    }));
    await producer.send(topic, records);
  };
  const supervisor = new Supervisor(bootstrap, topic);
  try {
    const all = () => new Set(supervisor.done()).size;
    await send(300);
    await until('the first records', () => all() > 0);
    let before = new Map<string, number>();
    await until('two consumers', async () => {
      before = await supervisor.running();
      return before.size === PARTITIONS;
    });
    // Killed while they are at work: commits stand somewhere behind what is done.
    for (let round = 0; round < 40; round++) {
      await send(15);
      await sleep(10);
      if (round === 10) for (const pid of before.values()) process.kill(pid, 'SIGKILL');
    }
    await until('all records', () => all() === sent, 60_000);
    await until('two consumers again, under the same names', async () => {
      const after = await supervisor.running();
      return [...before].every(([name, pid]) => after.has(name) && after.get(name) !== pid);
    });
    const repeated = supervisor.done().length - sent;
    assert.ok(repeated <= PARTITIONS * COMMIT_EVERY, `${repeated} records were done twice`);

    await supervisor.stop();
    const offsets = await admin.groupOffsets.get(topic);
    const committed = offsets.reduce((sum, { offset }) => sum + offset, 0);
    assert.equal(committed, sent, 'a clean stop commits all that was done');
    return `${sent} records, ${repeated} of them twice`;
  } finally {
    supervisor.remove();
  }
});

await main();
