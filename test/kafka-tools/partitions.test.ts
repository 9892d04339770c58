// The tools that look at partitions and groups as a whole, beside Kafka's own: kafka-get-offsets, kafka-delete-records, kafka-log-dirs,
// kafka-leader-election, kafka-groups.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { oneName, SideBySide } from './side-by-side.ts';

let both: SideBySide;

before(async () => {
  both = await SideBySide.start([], { logDirs: ['one', 'two'] });
  const admin = both.kafka.admin();
  await admin.topics.create([
    { name: 'orders', partitions: 12 },
    { name: 'payments', partitions: 2 },
    { name: 'side-a', partitions: 2 },
    { name: 'side-b', partitions: 2 },
  ]);
  await using producer = both.kafka.producer();
  for (const topic of ['orders', 'side-a', 'side-b'])
    for (const partition of [0, 0, 1])
      await producer.send(topic, { partition, value: 'a', timestampMs: 1.7e12 });
  await admin.groupOffsets.alter('readers', { topic: 'orders', partition: 0, offset: 1 });
  await admin.groupOffsets.alter('a-group-with-a-long-name', { topic: 'orders', partition: 0, offset: 1 });
});
after(async () => await both.stop());

function file(name: string, text: string): string {
  const path = join(both.broker.dataDirectory, name);
  writeFileSync(path, text);
  return path;
}

describe('kafka-get-offsets', { timeout: 240_000 }, () => {
  it('tells of places in partitions', async () => {
    await both.all(
      'kafka-get-offsets',
      [
        '--topic orders',
        '--time -2',
        '--topic orders --time earliest',
        '--topic orders --time -1 --partitions 0,1,11,',
        '--topic orders --time max-timestamp',
        '--topic orders --time 1600000000000',
        '--topic orders --time 1800000000000',
        '--topic or.*|pay.*',
        '--topic-partitions orders:0-2,payments:1,side.*:-1',
        '--topic-partitions orders:3-,',
        '--topic-partitions orders:,payments',
        '--topic-partitions :0',
        '--exclude-internal-topics',
        '--topic orders --time -4',
      ],
      { normal: oneName },
    );
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--topic', 'a'], ['--bootstrap-server', 'nowhere'], ['--topic']])
      await both.sameWords('kafka-get-offsets', words, { code: 1 });
    await both.all(
      'kafka-get-offsets',
      [
        '--topic none',
        '--topic-partitions orders:0 --topic orders',
        '--topic orders --time 99999999999999999999',
        '--topic-partitions orders:a',
        '--topic orders --partitions one',
        '--topic orders --time soon',
        '--topic [a',
        '--broker-list a:1',
      ],
      { code: 1 },
    );
  });
});

describe('kafka-delete-records', { timeout: 240_000 }, () => {
  const records = (...places: readonly [topic: string, partition: number, offset: number][]) =>
    JSON.stringify({
      partitions: places.map(([topic, partition, offset]) => ({ topic, partition, offset })),
      version: 1,
    });

  it('deletes records', async () => {
    for (const side of ['side-a', 'side-b']) file(`${side}.json`, records([side, 0, 1], [side, 1, -1]));
    const path = join(both.broker.dataDirectory, '{side}.json');
    await both.all('kafka-delete-records', [`--offset-json-file ${path}`], { isUnordered: true });
    await both.all('kafka-get-offsets', ['--topic {side} --time -2']);
    const beyond = file('beyond.json', records(['orders', 0, 100], ['orders', 1, 0]));
    await both.all('kafka-delete-records', [`--offset-json-file ${beyond}`], { isUnordered: true });
  });

  it('refuses files and command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--offset-json-file', 'a'], ['--no-such']])
      await both.sameWords('kafka-delete-records', words, { code: 1 });
    const texts = [
      'no json',
      '{"version": 2}',
      '{"version": 1}',
      '{"partitions": [{"partition": 1, "offset": 1}]}',
      '{"partitions": [{"topic": "orders", "partition": "1", "offset": 1}]}',
      records(['orders', 0, 1], ['orders', 0, 1]),
    ];
    const paths = texts.map((text, index) => file(`wrong-${index}.json`, text));
    await both.all(
      'kafka-delete-records',
      [...paths, '/no/such/file'].map((path) => `--offset-json-file ${path}`),
      {
        code: 1,
        // The library tells where in the text it was.
        normal: (text) => text.replace(/^ at \[Source.*\n/gm, ''),
      },
    );
  });
});

describe('kafka-log-dirs', { timeout: 240_000 }, () => {
  it('describes log directories', async () => {
    await both.all(
      'kafka-log-dirs',
      [
        '--describe',
        '--describe --topic-list orders,payments',
        '--describe --topic-list none --broker-list 1',
      ],
      { normal: oneName },
    );
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--describe'], ['--what']])
      await both.sameWords('kafka-log-dirs', words, { code: 1 });
    await both.all(
      'kafka-log-dirs',
      ['--topic-list a', '--describe --broker-list 1,7', '--describe --broker-list one'],
      {
        code: 1,
      },
    );
  });
});

describe('kafka-leader-election', { timeout: 240_000 }, () => {
  it('has leaders elected', async () => {
    const path = file(
      'election.json',
      '{"partitions": [{"topic": "orders", "partition": 1}, {"topic": "orders", "partition": 11}]}',
    );
    await both.all('kafka-leader-election', [
      '--election-type preferred --topic orders --partition 0',
      '--election-type PREFERRED --all-topic-partitions',
      `--election-type unclean --path-to-json-file ${path}`,
    ]);
    await both.all('kafka-leader-election', ['--election-type preferred --topic none --partition 0'], {
      code: 1,
    });
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--topic', 'a']])
      await both.sameWords('kafka-leader-election', words, { code: 1 });
    const paths = ['', '{}', '{"partitions": [{"topic": "a"}]}'].map((text, index) =>
      file(`election-${index}.json`, text),
    );
    await both.all(
      'kafka-leader-election',
      [
        '--election-type preferred',
        '--election-type preferred --topic orders',
        '--election-type preferred --partition 0',
        '--election-type preferred --all-topic-partitions --partition 0',
        '--election-type preferred --topic orders --all-topic-partitions',
        '--election-type best --all-topic-partitions',
        '--election-type preferred --all-topic-partitions --admin.config a --command-config b',
        ...[...paths, '/no/such/file'].map((path) => `--election-type preferred --path-to-json-file ${path}`),
      ],
      { code: 1, normal: (text) => text.replace(/^ at \[Source.*\n/gm, '') },
    );
  });
});

describe('kafka-groups', { timeout: 240_000 }, () => {
  it('lists groups', async () => {
    await both.all('kafka-groups', [
      '--list',
      '--list --consumer',
      '--list --share',
      '--list --group-type classic',
      '--list --group-type Consumer --protocol consumer',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--list']])
      await both.sameWords('kafka-groups', words, { code: 1 });
    await both.all(
      'kafka-groups',
      ['--consumer', '--list --group-type old', '--list --consumer --share', '--list --what'],
      {
        code: 1,
      },
    );
  });
});
