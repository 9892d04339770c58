// Kafka's console consumers of both group protocols in one group, on a broker that is killed under them, and its tool that
// shows such groups. What they print must be all that was sent; they commit each second, so a kill may show some again.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker } from '../../harness/broker.ts';
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

testCase('group-protocol', async () => {
  let broker: Broker = await startBroker('group-protocol');
  const { bootstrap, dataDirectory = '' } = broker;
  const topic = topicName('group-protocol');
  const group = `${topic}-group`;
  const at = ['--bootstrap-server', bootstrap];
  const describe = (...args: string[]) =>
    tool('consumer.group.ConsumerGroupCommand', ...at, '--describe', '--group', group, ...args);
  const fill = (from: number) =>
    tool(
      'VerifiableProducer',
      ...[...at, '--topic', topic, '--max-messages', String(RECORDS), '--value-prefix', String(from)],
    );
  await tool('TopicCommand', ...at, '--create', '--topic', topic, '--partitions', String(PARTITIONS));
  const members = [new Member(bootstrap, topic, group, 'classic')];
  const got = () => new Set(members.flatMap(({ lines }) => lines)).size;
  const untilStable = async (count: number) => {
    let shown = '';
    for (let attempt = 0; attempt < 20; attempt++) {
      shown = await describe('--state').catch(() => '');
      if (new RegExp(`Stable +${count}`).test(shown)) return;
      await sleep(500);
    }
    assert.fail(`${count} members do not become stable: ${shown}`);
  };
  try {
    await untilStable(1); console.error("T1", performance.now());
    members.push(new Member(bootstrap, topic, group, 'consumer'));
    members.push(new Member(bootstrap, topic, group, 'consumer'));
    await untilStable(3); console.error("T3", performance.now());
    const shown = await describe('--members', '--verbose');
    assert.equal(
      shown.match(new RegExp(`${topic}:\\d,\\d`, 'g'))?.length,
      6,
      `two each, as targeted: ${shown}`,
    );
    assert.deepEqual([shown.match(/ true/g)?.length, shown.match(/ false/g)?.length], [2, 1], shown);
    await fill(1);
    await until('all have come', () => got() === RECORDS, 30_000);
    console.error("TK", performance.now()); await broker.kill();
    await sleep(500);
    broker = await startBroker('group-protocol', {
      port: Number(bootstrap.split(':').at(-1)),
      dataDirectory,
    });
    await fill(2);
    await until('all have come after the kill', () => got() === 2 * RECORDS, 60_000);
    assert.equal(await describe('--members', '--verbose'), shown, 'everyone has what it had');
    for (const member of members.splice(1)) await member.stop();
    await untilStable(1); console.error("T1", performance.now());
    const { length } = members[0]?.lines ?? [];
    await fill(3);
    await until('the last one has all', () => (members[0]?.lines.length ?? 0) >= length + RECORDS, 30_000);
    const classic = await describe('--state');
    assert.match(classic, /range/, `a classic group again: ${classic}`);
    return `${3 * RECORDS} records, both protocols, one kill`;
  } finally {
    for (const member of members) await member.stop();
    await broker.stop({ keepData: true });
    if (dataDirectory !== '') rmSync(dataDirectory, { recursive: true, force: true });
  }
});

await main();
