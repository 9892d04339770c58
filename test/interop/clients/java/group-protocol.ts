// Kafka's console consumers of both group protocols in one group, and its tool that shows such groups: a classic group goes
// over to the consumer protocol when a member of that joins, and back when the last of them leaves.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { main, sleep, testCase, topicName, until } from '../../harness/cases.ts';
import { run } from '../../harness/command.ts';

const jars = process.env.INTEROP_JARS ?? '';
const java = ['java', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
java.push(`-Dlog4j.configurationFile=${join(import.meta.dirname, 'log4j2.xml')}`, '-cp', `${jars}/*`);
const PARTITIONS = 6;
const RECORDS = 600;

/** A console consumer. */
class Member {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(bootstrap: string, topic: string, group: string, protocol: 'classic' | 'consumer') {
    const properties = [`group.protocol=${protocol}`, 'auto.offset.reset=earliest', `client.id=${protocol}`];
    properties.push('auto.commit.interval.ms=1000');
    this.#child = spawn(java[0] ?? '', [
      ...[...java.slice(1), 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', group],
      ...properties.flatMap((property) => ['--command-property', property]),
    ]);
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    this.#child.stderr?.resume();
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}

async function tool(name: string, ...args: string[]): Promise<string> {
  const result = await run([...java, `org.apache.kafka.tools.${name}`, ...args], { timeoutMs: 60_000 });
  assert.equal(result.code, 0, `${name} ${args.join(' ')}: ${(result.output + result.errors).slice(-1_500)}`);
  return result.output;
}

const fill = (bootstrap: string, topic: string, round: number) =>
  tool(
    'VerifiableProducer',
    ...['--bootstrap-server', bootstrap, '--topic', topic],
    ...['--max-messages', String(RECORDS), '--value-prefix', String(round)],
  );

const create = (bootstrap: string, topic: string) =>
  tool(
    'TopicCommand',
    ...['--bootstrap-server', bootstrap, '--create', '--topic', topic, '--partitions', String(PARTITIONS)],
  );

const different = (members: readonly Member[]) => new Set(members.flatMap(({ lines }) => lines)).size;

testCase('group-protocol', async (bootstrap) => {
  const topic = topicName('group-protocol');
  const group = `${topic}-group`;
  const describe = (...args: string[]) =>
    tool(
      'consumer.group.ConsumerGroupCommand',
      ...['--bootstrap-server', bootstrap, '--describe', '--group', group, ...args],
    );
  await create(bootstrap, topic);
  const classic = new Member(bootstrap, topic, group, 'classic');
  const others: Member[] = [];
  try {
    await fill(bootstrap, topic, 1);
    await until('all have come', () => different([classic]) === RECORDS, 30_000);
    for (let count = 0; count < 2; count++) others.push(new Member(bootstrap, topic, group, 'consumer'));
    const share = new RegExp(`${topic}:\\d,\\d`, 'g');
    let shown = '';
    for (let attempt = 0; attempt < 10 && shown.match(share)?.length !== 6; attempt++) {
      await sleep(1_000);
      shown = await describe('--members', '--verbose');
    }
    assert.equal(shown.match(share)?.length, 6, `each has two and is to have two: ${shown}`);
    assert.deepEqual([shown.match(/ true/g)?.length, shown.match(/ false/g)?.length], [2, 1], shown);
    await Promise.all(others.splice(0).map((member) => member.stop()));
    await fill(bootstrap, topic, 2);
    await until('the classic member has all', () => different([classic]) === 2 * RECORDS, 30_000);
    const state = await describe('--state');
    assert.match(state, /range/, `a classic group again: ${state}`);
    return `${2 * RECORDS} records, both protocols`;
  } finally {
    for (const member of [classic, ...others]) await member.stop();
  }
});

await main();
