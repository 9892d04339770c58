// Kafka's share consumers and their tools against a broker: members that share the records of a topic, one that vanishes with
// records it has not acknowledged, and a broker that is killed under them. What was accepted must never come again, and what was
// not must come to somebody.

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../harness/broker.ts';
import { main, sleep, testCase, topicName, until } from '../../harness/cases.ts';
import { run } from '../../harness/command.ts';

const jars = process.env.INTEROP_JARS ?? '';
const folder = import.meta.dirname;
const java = ['java', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
java.push(`-Dlog4j.configurationFile=${join(folder, 'log4j2.xml')}`, '-cp', `${jars}/*`);
const worker = join(folder, 'ShareWorker.java');
const RECORDS = 900;
const KILLS = 3;

/** The words of each line that a member has printed. */
class Member {
  readonly got: string[][] = [];
  readonly accepted: string[] = [];
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

async function fill(bootstrap: string, topic: string, group: string, count: number): Promise<void> {
  const filled = await run([...java, worker, bootstrap, topic, group, 'fill', String(count)], {
    timeoutMs: 60_000,
  });
  assert.equal(filled.code, 0, filled.errors);
}

async function tool(main: string, ...args: string[]): Promise<string> {
  const result = await run([...java, main, ...args], { timeoutMs: 60_000 });
  assert.equal(result.code, 0, `${main} ${args.join(' ')}: ${(result.output + result.errors).slice(-1_500)}`);
  return result.output;
}

const shareGroups = (bootstrap: string, ...args: string[]) =>
  tool('org.apache.kafka.tools.consumer.group.ShareGroupCommand', '--bootstrap-server', bootstrap, ...args);

testCase('share-groups', async (bootstrap) => {
  const topic = topicName('share-tools');
  const group = `${topic}-group`;
  await fill(bootstrap, topic, group, 30);
  const consumed = await tool(
    'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', group],
    ...['--max-messages', '30', '--timeout-ms', '30000'],
  );
  assert.equal(new Set(consumed.trim().split('\n')).size, 30);
  const offsets = await shareGroups(bootstrap, '--describe', '--group', group, '--offsets');
  assert.equal(offsets.match(/ 0\s*$/gm)?.length, 3, `no lag in any partition: ${offsets}`);
  // Each tool is a JVM of its own: as few as say something.
  const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--to-earliest', '--execute'];
  await shareGroups(bootstrap, ...reset);
  const member = new Member(bootstrap, topic, group);
  await until('all come again', () => member.accepted.length === 30);
  const members = await shareGroups(bootstrap, '--describe', '--group', group, '--members', '--verbose');
  assert.match(members, new RegExp(`${topic}:0,1,2`));
  await member.stop();
  await shareGroups(bootstrap, '--delete-offsets', '--group', group, '--topic', topic);
  await shareGroups(bootstrap, '--delete', '--group', group);
  assert.doesNotMatch(await shareGroups(bootstrap, '--list'), new RegExp(group));
  return undefined;
});

testCase('share-members', async (bootstrap) => {
  const topic = topicName('share-members');
  const group = `${topic}-group`;
  await fill(bootstrap, topic, group, RECORDS);
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
  await fill(bootstrap, topic, group, RECORDS * 4);
  const members = [new Member(bootstrap, topic, group), new Member(bootstrap, topic, group)];
  const accepted = () => members.flatMap((member) => member.accepted);
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const atStart = accepted().length;
      await until('more are accepted', () => accepted().length > atStart + 200, 60_000);
      await broker.kill();
      await sleep(500);
      broker = await startBroker('share-kill', { port: Number(bootstrap.split(':').at(-1)), dataDirectory });
    }
    await until('all are accepted', () => new Set(accepted()).size === RECORDS * 4, 90_000).catch(() => {
      throw new Error(`${new Set(accepted()).size} of ${RECORDS * 4} were accepted`);
    });
    assert.equal(accepted().length, RECORDS * 4, 'each once');
    for (const member of members) await member.stop();
    return `${RECORDS * 4} records, ${KILLS} kills`;
  } finally {
    for (const member of members) member.kill();
    await broker.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

await main();
