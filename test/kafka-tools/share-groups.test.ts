// kafka-share-groups beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Comparison, oneName, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const stop = new AbortController();
let running: Promise<void> | undefined;
const same = (lines: readonly string[], how: Comparison = {}) => both.all('kafka-share-groups', lines, how);
const wrong = (lines: readonly string[], how: Comparison = {}) => same(lines, { code: 1, ...how });

before(async () => {
  both = await SideBySide.start();
  const { kafka } = both;
  const admin = kafka.admin();
  await admin.topics.create([{ name: 'orders', partitions: 2 }, { name: 'payments' }]);
  await using producer = kafka.producer();
  for (const value of ['a', 'b', 'c']) await producer.send('orders', { partition: 0, value });
  for (const group of ['idle', 'side-a', 'side-b'])
    await admin.shareGroupOffsets.alter(group, [
      { topic: 'orders', partition: 0, startOffset: 1 },
      { topic: 'orders', partition: 1, startOffset: 0 },
      { topic: 'payments', partition: 0, startOffset: 0 },
    ]);
  const consumer = kafka.shareConsumer({ groupId: 'busy' });
  consumer.subscribe(['orders']);
  running = consumer
    .run({ handler: () => {}, signal: stop.signal })
    .catch(() => {})
    .then(() => consumer.close());
  const hasAll = async (): Promise<boolean> => {
    const [group] = await admin.groups.describe('busy').catch(() => []);
    return group?.members[0]?.assignment.length === 2;
  };
  while (!(await hasAll())) await setTimeout(20);
});
after(async () => {
  stop.abort();
  await running;
  await both.stop();
});

describe('kafka-share-groups', { timeout: 240_000 }, () => {
  it('lists and describes groups', async () => {
    await same(['--list', '--list --state', '--list --state empty', '--list --state Stable'], {
      isUnordered: true,
      normal: oneName,
    });
    const kinds = [
      '',
      ' --offsets --verbose',
      ' --members',
      ' --members --verbose',
      ' --state',
      ' --state --verbose',
    ];
    for (const group of ['idle', 'busy'])
      await same(kinds.map((kind) => `--describe --group ${group}${kind}`));
    await same(['--describe --all-groups', '--describe --group idle --group busy --state'], {
      normal: oneName,
    });
    await same(['--describe --group none', '--describe --group none --members']);
  });

  it('moves groups', async () => {
    await same([
      '--reset-offsets --group idle --all-topics --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders --to-latest --dry-run',
      '--reset-offsets --group idle --topic orders:0 --to-datetime 2020-01-01T00:00:00.000 --dry-run',
      '--reset-offsets --group {side} --topic orders --to-latest --execute',
      '--describe --group {side}',
      '--reset-offsets --group {side}-new --topic payments --to-earliest --execute',
      '--describe --group {side}-new',
      '--reset-offsets --group idle --topic none --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders:7 --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders --to-datetime soon --dry-run',
    ]);
    await wrong([
      '--reset-offsets --group busy --all-topics --to-earliest --dry-run',
      '--reset-offsets --group idle --topic orders:a --to-earliest --dry-run',
    ]);
  });

  it('forgets offsets, and deletes groups', async () => {
    await same([
      '--delete-offsets --group {side} --topic orders --topic payments',
      '--delete-offsets --group {side} --topic none',
      '--delete-offsets --group none --topic orders',
      '--delete-offsets --group busy --topic orders',
      '--delete --group {side} --group none',
      '--delete --group {side}',
      '--delete --group busy',
      '--delete --group {side}-new',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--list'], ['--bootstrap-server']])
      await both.sameWords('kafka-share-groups', words, { code: 1 });
    const states = (text: string) =>
      text.replace(/(?<=Valid states are: ).*/g, (names) => names.split(', ').sort().join(', '));
    await wrong(
      [
        '--group a',
        '--list --describe --all-groups',
        '--describe',
        '--describe --group a --members --offsets',
        '--describe --group a --state stable',
        '--describe --group a --topic b',
        '--delete',
        '--delete --group a --all-groups',
        '--delete --group a --topic b',
        '--delete-offsets --group a',
        '--reset-offsets --group a --to-earliest --all-topics',
        '--reset-offsets --group a --execute --dry-run --to-earliest',
        '--reset-offsets --execute --to-earliest --all-topics',
        '--reset-offsets --group a --execute --to-earliest',
        '--reset-offsets --group a --execute --all-topics',
        '--reset-offsets --group a --execute --all-topics --to-earliest --to-latest',
        '--list --members',
        '--list --state asleep',
        '--what',
      ],
      { normal: states },
    );
  });
});
