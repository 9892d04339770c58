// kafka-consumer-groups beside Kafka's own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ConsumerOptions } from '@moldau/client';
import { type Comparison, oneName, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const stop = new AbortController();
const running: Promise<void>[] = [];
const same = (lines: readonly string[], how: Comparison = {}) =>
  both.all('kafka-consumer-groups', lines, how);
const wrong = (lines: readonly string[], how: Comparison = {}) => same(lines, { code: 1, ...how });

before(async () => {
  both = await SideBySide.start();
  const { kafka } = both;
  const admin = kafka.admin();
  await admin.topics.create([
    { name: 'orders', partitions: 3 },
    { name: 'payments', partitions: 2 },
    { name: 'a-topic-with-a-very-long-name' },
  ]);
  await using producer = kafka.producer();
  for (const partition of [0, 0, 0, 1, 1])
    await producer.send(
      'orders',
      ['a', 'b'].map((value) => ({ partition, value })),
    );
  await producer.send('payments', { partition: 0, value: 'a' });
  for (const group of ['idle', 'side-a', 'side-b', 'side-a-2', 'side-b-2']) {
    await admin.groupOffsets.alter(group, [
      { topic: 'orders', partition: 0, offset: 2 },
      { topic: 'orders', partition: 1, offset: 4, leaderEpoch: 0 },
      { topic: 'a-topic-with-a-very-long-name', partition: 0, offset: 0 },
    ]);
  }
  await Promise.all([
    reading({ groupId: 'classic', groupProtocol: 'classic', instanceId: 'one' }),
    reading({ groupId: 'modern', groupProtocol: 'consumer' }),
  ]);
});
after(async () => {
  stop.abort();
  await Promise.all(running);
  await both.stop();
});

/** Returns when a member of the group has read and committed all there is. It stays. */
async function reading(options: ConsumerOptions): Promise<void> {
  const consumer = both.kafka.consumer({ ...options, autoOffsetReset: 'earliest', autoCommitIntervalMs: 50 });
  consumer.subscribe(['orders', 'payments']);
  const { signal } = stop;
  running.push(
    consumer
      .run({ handler: () => {}, signal })
      .catch(() => {})
      .then(() => consumer.close()),
  );
  const { groupOffsets } = both.kafka.admin();
  const committed = async (): Promise<number> => {
    const offsets = await groupOffsets.get(options.groupId!);
    return offsets.reduce((sum, { offset }) => sum + offset, 0);
  };
  while ((await committed()) < 11) await setTimeout(20);
}

describe('kafka-consumer-groups', { timeout: 240_000 }, () => {
  it('lists groups', async () => {
    await same(
      [
        '--list',
        '--list --state',
        '--list --state stable,empty',
        '--list --state Stable',
        '--list --type',
        '--list --type consumer',
        '--list --type classic --state',
      ],
      { isUnordered: true, normal: oneName },
    );
  });

  it('describes groups', async () => {
    const kinds = [
      '',
      ' --offsets',
      ' --members',
      ' --state',
      ' --offsets --verbose',
      ' --members --verbose',
      ' --state --verbose',
    ];
    for (const group of ['idle', 'classic', 'modern'])
      await same(kinds.map((kind) => `--describe --group ${group}${kind}`));
    await same([
      '--describe --group classic --group idle --state',
      '--describe --group=modern --members',
      '--describe --group modern --timeout 20000',
      '--describe --group idle --offsets some words',
    ]);
    await same(
      [
        '--describe --all-groups --members',
        '--describe --all-groups --state',
        '--describe --all-groups',
        '--describe --group idle --group modern --members',
      ],
      {
        normal: oneName,
      },
    );
    await same(['--describe --group none', '--describe --group none --state']);
  });

  it('moves groups', async () => {
    const to = [
      '--all-topics --to-earliest',
      '--topic orders --to-latest',
      '--topic orders:0,1, --to-offset 1',
      '--topic orders:0 --topic payments --to-offset 100',
      '--all-topics --shift-by -1',
      '--all-topics --shift-by 100',
      '--all-topics --to-current',
      '--topic orders --to-current',
      '--topic orders --to-datetime 2020-01-01T00:00:00.000',
      '--topic orders --to-datetime 2035-01-01T00:00:00.000+02:00',
      '--topic orders --by-duration P1DT2H',
    ];
    await same(to.map((place) => `--reset-offsets --group idle ${place}`));
    await same(to.slice(0, 5).map((place) => `--reset-offsets --group idle ${place} --dry-run --export`));
    await same(
      [
        '--reset-offsets --group {side} --topic orders --to-offset 1 --execute',
        '--describe --group {side}',
        '--reset-offsets --group {side}-new --topic orders --to-latest --execute',
        '--describe --group {side}-new',
        '--reset-offsets --group idle --group side-a-2 --all-topics --to-current --dry-run --export',
      ],
      { normal: oneName },
    );
  });

  it('moves groups as a file says', async () => {
    const file = (name: string, text: string): string => {
      const path = join(both.broker.dataDirectory, name);
      writeFileSync(path, text);
      return path;
    };
    const one = file('one.csv', 'orders,0,1\norders,1,2\npayments,0,0\n');
    const many = file(
      'many.csv',
      'side-a,orders,0,1\nside-b,orders,0,1\nside-a-2,orders,1,2\nside-b-2,orders,1,2\n',
    );
    await same([
      `--reset-offsets --group idle --from-file ${one}`,
      `--reset-offsets --group {side} --from-file ${one} --execute`,
      '--describe --group {side}',
    ]);
    // It says what its library thinks of the file before it reads it as one of several groups.
    const quiet = (text: string) => oneName(text.replace(/^com\.fasterxml\..*\n?/gm, ''));
    await same([`--reset-offsets --group side-a --group side-b-2 --from-file ${many} --dry-run`], {
      normal: quiet,
    });
  });

  it('says why a group is not moved', async () => {
    await same([
      '--reset-offsets --group classic --all-topics --to-earliest --dry-run',
      '--reset-offsets --group idle --topic none --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders:9 --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders --to-datetime yesterday --dry-run',
      '--reset-offsets --group idle --topic orders --to-datetime 2020-01-01T00:00 --dry-run',
      '--reset-offsets --group idle --topic orders --by-duration 1d --dry-run',
      '--reset-offsets --group idle --from-file /no/such/file --dry-run',
      '--reset-offsets --group idle --topic orders --to-offset x --dry-run',
      '--list --timeout soon',
      '--list --command-config /no/such/file',
    ]);
    await wrong([
      '--reset-offsets --group idle --topic orders:a --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders:1:2 --to-earliest --dry-run',
      '--reset-offsets --group idle --topic payments --shift-by 1 --dry-run',
      '--reset-offsets --group idle --to-earliest --dry-run',
    ]);
  });

  it('forgets offsets, and deletes groups', async () => {
    await same([
      '--delete-offsets --group {side}-2 --topic orders:0,1 --topic a-topic-with-a-very-long-name',
      '--delete-offsets --group classic --topic orders:0',
      '--delete-offsets --group none --topic orders:0',
      '--delete-offsets --group {side} --topic none',
      '--delete --group {side}',
      '--delete --group {side}',
      '--delete --group {side}-2 --group classic',
      '--delete --group {side}-new',
    ]);
  });

  it('checks regular expressions', async () => {
    const expressions = [
      'a.*',
      '[a',
      '(a',
      'a)',
      '*a',
      'a(?=b)',
      '(?i)a',
      '[[:alpha:]]+',
      'a{2,1}',
      '(a)\\1',
      '\\',
    ];
    for (const expression of expressions)
      await both.sameWords('kafka-consumer-groups', ['--validate-regex', expression]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [
      [],
      ['--help'],
      ['--list'],
      ['--bootstrap-server'],
      ['--validate-regex', 'a', '--list'],
    ])
      await both.sameWords('kafka-consumer-groups', words, { code: 1 });
    // The options of a set are named in any order.
    const sorted = (text: string) =>
      text.replace(
        /(: \[?)(\[[\w-]+\](?:, \[[\w-]+\])+)/g,
        (_, start: string, names: string) => start + names.split(', ').sort().join(', '),
      );
    const states = (text: string) =>
      text.replace(/(?<=Valid (?:states|types) are: ).*/g, (names) => names.split(', ').sort().join(', '));
    await wrong(
      [
        '--group a',
        '--list --describe --all-groups',
        '--zookeeper a --list',
        '--describe',
        '--describe --group a --members --offsets',
        '--describe --group a --state stable',
        '--describe --group a --topic b',
        '--describe --group a --all-groups',
        '--delete',
        '--delete --group a --topic b',
        '--delete-offsets --group a',
        '--reset-offsets --to-earliest --all-topics',
        '--reset-offsets --group a --execute --dry-run --to-earliest',
        '--reset-offsets --group a --to-earliest --to-latest',
        '--reset-offsets --group a --topic orders',
        '--list --group a',
        '--list --members',
        '--describe --group a --type',
        '--list --state asleep',
        '--list --type share',
      ],
      { normal: (text) => states(sorted(text)) },
    );
  });
});
