// Kafka's share consumers and their tools against a broker: members that share the records of a topic, one that vanishes with
// records it has not acknowledged, and a broker that is killed under them. What was accepted must never come again, and what was
// not must come to somebody. What a broker accepted whose answer went down with it was accepted, though its member never hears of it.

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../harness/broker.ts';
import { main, sleep, testCase, topicName, until } from '../../harness/cases.ts';
import { run } from '../../harness/command.ts';
import { at, create, fill, java, tool } from './tool-runner.ts';

const worker = join(import.meta.dirname, 'ShareWorker.java');
const RECORDS = 600;
const KILLS = 3;

/** The words of each line that a member has printed. */
class Member {
  readonly got: string[][] = [];
  readonly accepted: string[] = [];
  readonly unconfirmed: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number>;
  #errors = '';

  constructor(bootstrap: string, topic: string, group: string, mode: 'accepts' | 'holds' = 'accepts') {
    this.#child = spawn(java[0] ?? '', [...java.slice(1), worker, bootstrap, topic, group, mode]);
    let rest = '';
    this.#child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const [what = '', ...words] of lines.map((line) => line.split(' '))) {
        if (what === 'got') this.got.push(words);
        if (what === 'accepted') this.accepted.push(words.join('-'));
        if (what === 'unconfirmed') this.unconfirmed.push(words.join('-'));
      }
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2_000);
    });
    this.#ended = new Promise((resolve) => this.#child.on('close', (code) => resolve(code ?? 137)));
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    const code = await this.#ended;
    assert.equal(code, 0, `a member ended with ${code}: ${this.#errors}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Makes a topic of three partitions whose records a group gets from the first one on. */
async function prepare(bootstrap: string, topic: string, group: string, count: number): Promise<void> {
  const filled = await run([...java, worker, bootstrap, topic, group, 'fill', String(count)], {
    timeoutMs: 60_000,
  });
  assert.equal(filled.code, 0, filled.errors);
}

/** A topic of three partitions with records, which a group gets from the first one on. */
async function filledTopic(bootstrap: string, name: string, count: number) {
  const topic = await create(bootstrap, name, 3);
  const group = `${topic}-group`;
  const earliest = ['--alter', '--add-config', 'share.auto.offset.reset=earliest'];
  await tool('configs', ...at(bootstrap), '--entity-type', 'groups', '--entity-name', group, ...earliest);
  await fill(bootstrap, topic, count);
  return { topic, group };
}

/** In none of the three partitions. */
async function hasNoLag(bootstrap: string, group: string): Promise<boolean> {
  const offsets = await tool('share-groups', ...at(bootstrap), '--describe', '--group', group, '--offsets');
  return offsets.match(/ 0\s*$/gm)?.length === 3;
}

testCase('share-groups', async (bootstrap) => {
  const { topic, group } = await filledTopic(bootstrap, 'share-tools', 30);
  const shareGroups = (...args: string[]) => tool('share-groups', ...at(bootstrap), ...args);
  const consumed = await tool(
    'console-share-consumer',
    ...[...at(bootstrap), '--topic', topic, '--group', group],
    ...['--max-messages', '30', '--timeout-ms', '30000'],
  );
  assert.match(consumed, /^Processed a total of 30 messages$/m);
  await until('no lag in any partition', () => hasNoLag(bootstrap, group));
  const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--to-earliest', '--execute'];
  await shareGroups(...reset);
  const member = new Member(bootstrap, topic, group);
  await until('all come again', () => member.accepted.length === 30);
  const members = await shareGroups('--describe', '--group', group, '--members', '--verbose');
  assert.match(members, new RegExp(`${topic}:0,1,2`));
  await member.stop();
  await shareGroups('--delete-offsets', '--group', group, '--topic', topic);
  await shareGroups('--delete', '--group', group);
  assert.doesNotMatch(await shareGroups('--list'), new RegExp(group));
  return undefined;
});

testCase('share-perf', async (bootstrap) => {
  const { topic, group } = await filledTopic(bootstrap, 'share-perf', 20_000);
  const shape = ['--topic', topic, '--group', group, '--num-records', '20000', '--timeout', '30000'];
  const shown = await tool('share-consumer-perf', ...at(bootstrap), ...shape);
  const [header = '', figures = ''] = shown
    .trim()
    .split('\n')
    .filter((line) => line.includes(', '))
    .slice(-2);
  const column = header.split(', ').findIndex((name) => name.trim() === 'data.consumed.in.nMsg');
  const rate = header.split(', ').findIndex((name) => name.trim() === 'nMsg.sec');
  const values = figures.split(', ');
  assert.ok(Number(values[column]) >= 20_000, shown);
  return `${values[rate]} records/s`;
});

testCase('share-members', async (bootstrap) => {
  const topic = topicName('share-members');
  const group = `${topic}-group`;
  await prepare(bootstrap, topic, group, RECORDS);
  const holder = new Member(bootstrap, topic, group, 'holds');
  await until('one holds records', () => holder.got.length > 0);
  const members = [new Member(bootstrap, topic, group), new Member(bootstrap, topic, group)];
  await sleep(3_000);
  holder.kill();
  const accepted = () => members.flatMap((member) => member.accepted);
  await until('all are accepted', () => new Set(accepted()).size === RECORDS, 60_000);
  assert.equal(accepted().length, RECORDS, 'each once');
  const again = members.flatMap(({ got }) => got).filter(([, , deliveries]) => deliveries === '2').length;
  assert.ok(again >= holder.got.length, `${again} came again of the ${holder.got.length} that were held`);
  for (const member of members) await member.stop();
  return `${again} records of a member that vanished came again`;
});

testCase('share-kill', async () => {
  let broker: Broker = await startBroker('share-kill');
  const { bootstrap, dataDirectory = '' } = broker;
  const topic = topicName('share-kill');
  const group = `${topic}-group`;
  await prepare(bootstrap, topic, group, RECORDS * 4);
  const members = [new Member(bootstrap, topic, group), new Member(bootstrap, topic, group)];
  const accepted = () => members.flatMap((member) => member.accepted);
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = Math.min(accepted().length + 200, RECORDS * 4);
      await until('more are accepted', () => accepted().length >= enough, 60_000);
      await broker.kill();
      await sleep(500);
      broker = await startBroker('share-kill', { port: Number(bootstrap.split(':').at(-1)), dataDirectory });
    }
    const acknowledged = () => new Set(members.flatMap((each) => [...each.accepted, ...each.unconfirmed]));
    await until('all are acknowledged', () => acknowledged().size === RECORDS * 4, 60_000).catch(() => {
      throw new Error(`${acknowledged().size} of ${RECORDS * 4} were acknowledged`);
    });
    await until('none is left to be accepted', () => hasNoLag(bootstrap, group), 60_000);
    const confirmed = new Set(accepted()).size;
    assert.equal(accepted().length, confirmed, 'none twice');
    for (const member of members) await member.stop();
    return `${RECORDS * 4} records, ${KILLS} kills, ${RECORDS * 4 - confirmed} answers lost`;
  } finally {
    for (const member of members) member.kill();
    await broker.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

await main();
