// What Kafka makes of our files: its dump tool reads a compacted partition and every kind of record of groups, and a Kafka broker
// that finds our segments in its own folder serves them.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MeasuredBroker } from '../../../../bench/brokers.ts';
import { startBroker } from '../../harness/broker.ts';
import { main, RUN, testCase, until } from '../../harness/cases.ts';
import { at, create, fill, ownProcess, tool } from './tool-runner.ts';

const KEYS = 20;
const ROUNDS = 300;
const SEGMENT_BYTES = 1_048_576;

const filesOf = (directory: string, kinds: RegExp) =>
  readdirSync(directory)
    .filter((name) => kinds.test(name))
    .sort();

/** Every key again and again, each value longer than a kilobyte; in the end some are deleted. */
const input = () => {
  const lines: string[] = [];
  for (let round = 0; round < ROUNDS; round++)
    for (let key = 0; key < KEYS; key++) lines.push(`key-${key}\t${round}-${'v'.repeat(1000)}`);
  for (let key = 0; key < KEYS; key += 5) lines.push(`key-${key}\tNULL`);
  return `${lines.join('\n')}\n`;
};

/** Offset, key and value of each record, in order: of so many, however long they take, or of those that are there. */
async function consumed(bootstrap: string, topic: string, count?: number): Promise<string[]> {
  const ending =
    count === undefined
      ? ['--timeout-ms', '5000']
      : ['--timeout-ms', '60000', '--max-messages', String(count)];
  const shown = await tool(
    'console-consumer',
    ...[...at(bootstrap), '--topic', topic, '--partition', '0', '--offset', 'earliest', ...ending],
    ...['--formatter-property', 'print.key=true', '--formatter-property', 'print.offset=true'],
  );
  return shown.split('\n').filter((line) => line.startsWith('Offset:'));
}

async function dumped(path: string, ...how: string[]): Promise<string> {
  const shown = await tool('dump-log', '--files', path, ...how);
  assert.doesNotMatch(shown, /isvalid: false|Mismatch|Exception|Found .*(error|invalid)/i, path);
  return shown;
}

/** The folder of a topic that a broker of ours has compacted before it was stopped; made once. */
async function makeCompacted() {
  const broker = await startBroker('compacted', { settings: ['log.cleaner.backoff.ms=100'] });
  const { bootstrap, dataDirectory = '' } = broker;
  const configs = [
    'cleanup.policy=compact',
    `segment.bytes=${SEGMENT_BYTES}`,
    'min.cleanable.dirty.ratio=0.01',
  ];
  const topic = await create(bootstrap, 'compacted', 1, ...configs.flatMap((each) => ['--config', each]));
  const directory = join(dataDirectory, `${topic}-0`);
  const properties = ['parse.key=true', 'null.marker=NULL'];
  await ownProcess(
    'console-producer',
    [
      ...[...at(bootstrap), '--topic', topic],
      ...properties.flatMap((property) => ['--reader-property', property]),
    ],
    input(),
  );
  await until('compaction', () => {
    const newest = Number.parseInt(filesOf(directory, /\.log$/).at(-1)!, 10);
    const checkpoint = join(dataDirectory, 'cleaner-offset-checkpoint');
    const cleaned = existsSync(checkpoint) ? readFileSync(checkpoint, 'latin1') : '';
    return newest > 0 && cleaned.includes(`${topic} 0 ${newest}\n`);
  });
  const records = await consumed(bootstrap, topic);
  assert.ok(records.length < (ROUNDS * KEYS) / 2, `${records.length} records are left`);
  assert.ok(
    records.length >= 0.8 * KEYS,
    `only ${records.length} records are left, which is not one of each key`,
  );
  assert.equal(await broker.stop({ keepData: true }), undefined);
  process.on('exit', () => rmSync(dataDirectory, { recursive: true, force: true }));
  return { topic, directory, records };
}

let made: ReturnType<typeof makeCompacted> | undefined;

function compacted(): ReturnType<typeof makeCompacted> {
  made ??= makeCompacted();
  return made;
}

testCase('compacted-dump', async () => {
  const { directory, records } = await compacted();
  let count = 0;
  for (const file of filesOf(directory, /\.(log|index|timeindex|snapshot)$/)) {
    const deep = await dumped(join(directory, file), '--print-data-log', '--deep-iteration');
    count += deep.match(/^\| offset: /gm)?.length ?? 0;
  }
  assert.equal(count, records.length);
  return `${records.length} of ${ROUNDS * KEYS} records left`;
});

testCase('compacted-kafka', async () => {
  const { topic, directory, records } = await compacted();
  const kafka = await MeasuredBroker.create('kafka', ['log.cleaner.enable=false']);
  try {
    await kafka.start();
    await create(kafka.bootstrap, topic, 1, '--config', `segment.bytes=${SEGMENT_BYTES}`);
    await kafka.stop();
    const [target = ''] = filesOf(kafka.dataDirectory, new RegExp(`^${topic}`));
    const folder = join(kafka.dataDirectory, target);
    for (const name of filesOf(folder, /^0/)) rmSync(join(folder, name));
    for (const name of filesOf(directory, /^0/)) copyFileSync(join(directory, name), join(folder, name));
    await kafka.start();
    const copied = target.slice(0, -2);
    assert.deepEqual(await consumed(kafka.bootstrap, copied, records.length), records);
    const [, last] = /^Offset:(\d+)/.exec(records.at(-1)!)!;
    const ends = await tool('get-offsets', ...at(kafka.bootstrap), '--topic', copied);
    assert.equal(ends.trim(), `${copied}:0:${Number(last) + 1}`, 'nothing is behind them');
    return undefined;
  } finally {
    await kafka.destroy();
  }
});

testCase('dump-groups', async (bootstrap) => {
  const data = process.env.INTEROP_DATA ?? '';
  const topic = await create(bootstrap, 'dump-groups', 2);
  await fill(bootstrap, topic, 20);
  const [consumerGroup, shareGroup, id] = [`members-${RUN}`, `sharers-${RUN}`, `transactions-${RUN}`];
  await tool(
    'console-consumer',
    ...[...at(bootstrap), '--topic', topic, '--from-beginning', '--max-messages', '20'],
    ...['--group', consumerGroup, '--command-property', 'group.protocol=consumer'],
  );
  const earliest = ['--alter', '--add-config', 'share.auto.offset.reset=earliest'];
  await tool(
    'configs',
    ...at(bootstrap),
    '--entity-type',
    'groups',
    '--entity-name',
    shareGroup,
    ...earliest,
  );
  await tool(
    'console-share-consumer',
    ...[...at(bootstrap), '--topic', topic, '--group', shareGroup, '--max-messages', '20'],
  );
  await tool(
    'producer-perf',
    ...['--topic', topic, '--num-records', '100', '--record-size', '10', '--throughput', '-1'],
    ...['--transactional-id', id, '--transaction-duration-ms', '10', '--bootstrap-server', bootstrap],
  );
  const decoded = async (internal: string, decoder: string) => {
    let text = '';
    for (const directory of readdirSync(data).filter((name) => name.startsWith(`${internal}-`)))
      for (const file of filesOf(join(data, directory), /\.log$/))
        text += await dumped(join(data, directory, file), decoder);
    return text;
  };
  const groups = await decoded('__consumer_offsets', '--offsets-decoder');
  const typesOf = (group: string) => {
    const keys = [...groups.matchAll(/key: (\{.*?\}) payload:/g)].map(
      (match) => JSON.parse(match[1]!) as { type: string; data: { group?: string; groupId?: string } },
    );
    const own = keys.filter((key) => (key.data.groupId ?? key.data.group) === group);
    return [...new Set(own.map(({ type }) => Number(type)))].sort((a, b) => a - b);
  };
  // Offsets, then the group's epoch, its members, targets and assignments.
  assert.deepEqual(typesOf(consumerGroup), [1, 3, 5, 6, 7, 8]);
  assert.ok(typesOf(shareGroup).length >= 4, `kinds of records of a share group: ${typesOf(shareGroup)}`);
  const states = await decoded('__share_group_state', '--share-group-state-decoder');
  assert.match(states, new RegExp(`"groupId":"${shareGroup}".*payload: .*"startOffset":\\d+`));
  const transactions = await decoded('__transaction_state', '--transaction-log-decoder');
  // 4: CompleteCommit.
  assert.match(transactions, new RegExp(`"transactionalId":"${id}".*"transactionStatus":4`));
  return `records of kinds ${typesOf(consumerGroup)} and ${typesOf(shareGroup)}`;
});

await main();
