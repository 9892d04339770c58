// kafka-topics beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const same = (lines: readonly string[], how: Comparison = {}) => both.all('kafka-topics', lines, how);
const wrong = (lines: readonly string[]) => same(lines, { code: 1 });

before(async () => {
  both = await SideBySide.start();
  const { topics } = both.kafka.admin();
  await topics.create([
    {
      name: 'orders',
      partitions: 3,
      configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete' },
    },
    { name: 'payments' },
    { name: 'pay-later' },
  ]);
});
after(async () => await both.stop());

describe('kafka-topics', { timeout: 240_000 }, () => {
  const ids = (text: string) => text.replace(/TopicId: \S+/g, 'TopicId: ID');

  it('lists topics, by name and by regular expression', async () => {
    await same([
      '--list',
      '--list --topic pay.*',
      '--list --topic orders,payments',
      '--list --topic none',
      '--list --exclude-internal',
      '--list --delete-config retention.ms',
      '--list --topic=payments',
      '-list -topic payments',
      '--list some other words',
      '--list -- --topic payments',
      '--topic orders --list --topic-id a',
      '--list --topic pay|ord.*',
      '--list --topic "payments"',
      '--list --topic=',
    ]);
    await wrong(['--list --topic [a', '--list --command-config /no/such/file']);
  });

  it('describes topics', async () => {
    const [orders] = await both.kafka.admin().topics.describe('orders');
    await same(['--describe', '--describe --topics-with-overrides'], { isUnordered: true });
    await same([
      '--describe --topic orders',
      '--describe --topic none --if-exists',
      ...['under-replicated', 'unavailable', 'under-min-isr'].map(
        (kind) => `--describe --${kind}-partitions`,
      ),
      '--describe --topic orders --at-min-isr-partitions',
      `--describe --topic-id ${orders!.id}`,
      `--describe --topic-id ${orders!.id} --topic payments --if-exists`,
      '--describe --topic orders --partition-size-limit-per-response 1',
      '--describe --topic payments --under-replicated-partitions --unavailable-partitions',
      '--describe --topic payments --at-min-isr-partitions --under-min-isr-partitions',
      '--describe --topic payments --topics-with-overrides',
    ]);
    await wrong([
      '--describe --topic none',
      '--describe --topic-id cgrVNbbtTZ2cT3HkLMeCSw',
      '--describe --topic-id zzz',
      '--describe --topic-id cgrVNbbtTZ2cT3H!LMeCSw',
      '--describe --topic-id cgrVNbbtTZ2cT3HkLMeCSwcgrVNbbtTZ2cT3HkLMeCSw',
    ]);
  });

  it('creates topics', async () => {
    await same([
      '--create --topic {side}-1 --partitions 4 --replication-factor 1',
      '--create --topic {side}-2 --config retention.ms=7000 --config segment.bytes=1048576',
      '--create --topic {side}.3',
      '--create --topic {side}-4 --replica-assignment 1,1,1,',
      '--create --topic {side}-1 --if-not-exists',
      '--create --topic {side}-5 --config retention.ms=1 --config retention.ms=2 --config cleanup.policy=compact',
      '--create --topic {side}_7 --replica-assignment 1',
    ]);
    await same(['--describe --topic {side}.*'], { isUnordered: true, normal: ids });
    await wrong(['--create --topic {side}-1']);
  });

  it('says why a topic is not created', async () => {
    await wrong([
      `--create --topic {side}-${'n'.repeat(250)}`,
      '--create --topic ..',
      '--create --topic {side}-8 --partitions 0',
      '--create --topic {side}-8 --partitions 2147483648',
      '--create --topic {side}-8 --replication-factor 40000',
      '--create --topic {side}-8 --replica-assignment :',
      '--create --topic {side}-8 --replication-factor 0',
      '--create --topic {side}-8 --replication-factor 2',
      '--create --topic {side}-8 --replica-assignment 1:1',
      '--create --topic {side}-8 --replica-assignment 1,2',
      '--create --topic {side}-8 --replica-assignment 1:2,1',
      '--create --topic {side}-8 --replica-assignment 1,a',
      '--create --topic {side}-8 --config retention.ms',
      '--create --topic {side}-8 --config no.such=1',
      '--create --topic {side}/8',
    ]);
  });

  it('adds partitions, and deletes topics', async () => {
    await same([
      '--alter --topic {side}-1 --partitions 6',
      '--alter --topic {side}-none --partitions 2 --if-exists',
      '--alter --topic {side}-4 --partitions 4 --replica-assignment 1,1,1,1',
    ]);
    await same(['--describe --topic {side}-1'], { normal: ids });
    await wrong([
      '--alter --topic {side}-1 --partitions 2',
      '--alter --topic {side}-1 --partitions 0',
      '--alter --topic {side}-none --partitions 2',
    ]);
    await same(['--delete --topic {side}-1', '--delete --topic {side}-1 --if-exists']);
    await wrong(['--delete --topic {side}-1']);
    await same(['--list --topic {side}.*']);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--list', '--help'], ['--list'], ['--bootstrap-server']])
      await both.sameWords('kafka-topics', words, { code: 1 });
    // The two are named in either order.
    const bySet = (text: string) =>
      text.replace('[[config], [bootstrap-server]]', '[[bootstrap-server], [config]]');
    await same(['--alter --topic orders --config a=b'], { code: 1, normal: bySet });
    await wrong([
      '--describe --list',
      '--zookeeper localhost:2181 --list',
      '--li',
      '--create',
      '--create --topic a --partitions many',
      '--create --topic a --topic b',
      '--alter --topic orders',
      '--list --partitions 3',
      '--alter --topic orders --partitions 3 --replication-factor 1',
      '--create --topic a --replica-assignment 1 --partitions 3',
      '--describe --under-replicated-partitions --topics-with-overrides',
      '--list --if-exists',
      '--list --if-not-exists',
      '--delete --topic a --exclude-internal',
      '--describe --if-exists',
    ]);
  });
});
