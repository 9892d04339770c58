// Memberships and committed offsets against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import { GroupOffsets } from './group-offsets.ts';
import {
  eventually,
  Ownership,
  RecordingHost,
  startMember,
  type TestMember,
  type TestMemberOptions,
} from './testing-members.ts';

const elsewhere = process.env.MOLDAU_TEST_BROKERS;
const settings = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100 };

describe('a group', () => {
  let broker: TestBroker | undefined;
  let cluster: Cluster;
  let brokers: string;

  before(async () => {
    if (elsewhere === undefined) {
      const lines = [
        'group.initial.rebalance.delay.ms=0',
        'group.consumer.heartbeat.interval.ms=100',
        'group.consumer.min.heartbeat.interval.ms=100',
      ];
      broker = await startTestBroker({ settings: lines });
    }
    brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
    cluster = new Cluster(resolveClientOptions({ brokers }), nodePorts);
  });

  after(async () => {
    await cluster.close();
    await broker?.stop();
  });

  async function made(partitions: number, name = `groups-${randomUUID()}`): Promise<string> {
    const admin = new Admin(cluster);
    await admin.topics.create({ name, partitions });
    for (;;) {
      const found = await admin.topics.describe(name).catch(() => []);
      if (found[0]?.partitions.length === partitions) return name;
    }
  }

  const start = (options: Omit<TestMemberOptions, 'brokers'>): TestMember =>
    startMember({ brokers, settings, ...options });

  const sizes = (...members: TestMember[]): number[] => members.map(({ host }) => host.owned.size);

  /** Each member has its fair share, and says that it is stable. */
  async function balanced(partitions: number, ...members: TestMember[]): Promise<void> {
    await eventually(
      () =>
        members.every(({ membership }) => membership.state === 'stable') &&
        sizes(...members).reduce((sum, size) => sum + size, 0) === partitions &&
        Math.max(...sizes(...members)) - Math.min(...sizes(...members)) <= 1,
      () =>
        `not balanced: ${members.map(({ host, membership }) => `${membership.state} ${host.events.join(', ')} ${host.error?.message ?? ''}`).join('\n')}`,
    );
  }

  const kinds = [
    { title: 'eager (range)', protocol: 'classic', assignors: ['range'] },
    { title: 'eager (roundrobin)', protocol: 'classic', assignors: ['roundrobin'] },
    { title: 'eager (sticky)', protocol: 'classic', assignors: ['sticky'] },
    { title: 'cooperative', protocol: 'classic', assignors: ['cooperative-sticky'] },
    { title: 'of the consumer protocol', protocol: 'consumer', assignors: undefined },
  ] as const;

  for (const { title, ...kind } of kinds) {
    it(`${title}: shares partitions among members that come and go`, async () => {
      const topic = await made(6);
      const groupId = `g-${randomUUID()}`;
      const ownership = new Ownership();
      const member = (name: string): TestMember =>
        start({
          ...kind,
          groupId,
          subscription: { topics: [topic] },
          host: new RecordingHost(name, ownership),
        });
      await using first = member('first');
      await balanced(6, first);
      await using second = member('second');
      await balanced(6, first, second);
      await using third = member('third');
      await balanced(6, first, second, third);
      await second.membership.leave({ timeoutMs: 2_000 });
      await balanced(6, first, third);
      assert.deepEqual(ownership.violations, []);
      assert.deepEqual(sizes(second), [0]);
      const offsets = new GroupOffsets({
        cluster: first.cluster,
        groupId,
        membership: first.membership,
        requiresStable: true,
      });
      const [mine] = first.membership.assignment;
      await offsets.commit([{ ...mine!, offset: 42, leaderEpoch: 0, metadata: 'half' }]);
      assert.deepEqual(await offsets.committed([mine!, { topic, partition: 5 }].slice(0, 1)), [
        { ...mine, offset: 42, leaderEpoch: 0, metadata: 'half' },
      ]);
    });
  }
});
