// A producer with acks=all and a group of two go on working while the broker is killed with SIGKILL, or stopped, and started again three
// times. What was acknowledged must be seen by the group, each record at one place only, and the group must need no reset of offsets.

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../harness/broker.ts';
import { main, testCase, topicName, until } from '../../harness/cases.ts';

const ROUNDS = 3;
const RECORDS_PER_ROUND = 300;
const PARTITIONS_WAIT_MS = 60_000;

class Worker {
  readonly numbers: number[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  #errors = '';
  readonly #ended: Promise<number>;

  constructor(role: 'produce' | 'consume' | 'read', bootstrap: string, topic: string) {
    const program = join(import.meta.dirname, 'worker.py');
    this.#child = spawn(process.env.INTEROP_PYTHON ?? 'python3', [program, role, bootstrap, topic]);
    let rest = '';
    this.#child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.numbers.push(Number(line));
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2_000);
    });
    this.#ended = new Promise((resolve) => this.#child.on('close', (code) => resolve(code ?? 137)));
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    const code = await this.#ended;
    assert.equal(code, 0, `a worker ended with ${code}: ${this.#errors}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function restarting(how: 'kill' | 'stop'): Promise<string> {
  let broker: Broker = await startBroker(`restarts-${how}`, { settings: ['num.partitions=4'] });
  const { bootstrap, dataDirectory = '' } = broker;
  const topic = topicName(how);
  const producer = new Worker('produce', bootstrap, topic);
  const consumers = [new Worker('consume', bootstrap, topic), new Worker('consume', bootstrap, topic)];
  const waitsMs: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const atStart = producer.numbers.length;
      await until(
        `${RECORDS_PER_ROUND} acknowledged`,
        () => producer.numbers.length > atStart + RECORDS_PER_ROUND,
      );
      if (how === 'kill') await broker.kill();
      else assert.equal(await broker.stop({ keepData: true }), undefined);
      const acknowledged = producer.numbers.length;
      const startedMs = performance.now();
      broker = await startBroker(`restarts-${how}`, {
        ...{ port: Number(bootstrap.split(':')[1]), dataDirectory, settings: ['num.partitions=4'] },
      });
      await until('the producer goes on', () => producer.numbers.length > acknowledged);
      waitsMs.push(performance.now() - startedMs);
    }
    await producer.stop();
    const sent = producer.numbers;
    assert.equal(new Set(sent).size, sent.length);
    const seenBy = () => new Set(consumers.flatMap((consumer) => consumer.numbers));
    const isSeen = () => {
      const seen = seenBy();
      return sent.every((number) => seen.has(number));
    };
    await until('all that was acknowledged is seen', isSeen, PARTITIONS_WAIT_MS).catch(() => {
      const seen = seenBy();
      const lost = sent.filter((number) => !seen.has(number));
      throw new Error(
        `${lost.length} of ${sent.length} acknowledged records were not seen: ${lost.slice(0, 20)}`,
      );
    });
    for (const consumer of consumers) await consumer.stop();
    // The producer is idempotent: what it sent again after a restart is not stored twice.
    const reader = new Worker('read', bootstrap, topic);
    await until('the whole topic is read', () => reader.numbers.includes(-1));
    await reader.stop();
    const stored = reader.numbers.filter((number) => number >= 0);
    assert.equal(
      new Set(stored).size,
      stored.length,
      `${stored.length - new Set(stored).size} records are stored twice`,
    );
    assert.equal(stored.length, sent.length, 'records stored');
    // Nobody joins anew and reads from the start: a member that comes now finds nothing that is not committed.
    const late = new Worker('consume', bootstrap, topic);
    const more = new Worker('produce', bootstrap, `${topic}-more`);
    await until('the broker serves', () => more.numbers.length > 50);
    await more.stop();
    await late.stop();
    assert.ok(
      late.numbers.length < sent.length / 2,
      `a late member read ${late.numbers.length} of ${sent.length} again`,
    );
    return `${sent.length} records; from start to the next acknowledgement ${waitsMs.map((ms) => Math.round(ms)).join(', ')} ms`;
  } finally {
    for (const worker of [producer, ...consumers]) worker.kill();
    await broker.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

testCase('kill', () => restarting('kill'));
testCase('stop', () => restarting('stop'));

await main();
