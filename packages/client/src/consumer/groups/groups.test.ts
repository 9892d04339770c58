// Memberships and committed offsets against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { elsewhere, has, lacks } from '../../cluster/testing-elsewhere.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import type { AssignorName } from './assignors/assignor.ts';
import { GroupOffsets } from './group-offsets.ts';
import {
  eventually,
  Ownership,
  RecordingHost,
  startMember,
  type TestMember,
  type TestMemberOptions,
} from './testing-members.ts';
import type { GroupProtocol } from './types.ts';

/** No waiting for others, and quick heartbeats of the consumer protocol. */
const brokerSettings = [
  'group.initial.rebalance.delay.ms=0',
  'group.consumer.heartbeat.interval.ms=100',
  'group.consumer.min.heartbeat.interval.ms=100',
  'group.consumer.assignment.interval.ms=0',
];
const settings = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100 };

describe('a group', { concurrency: 4 }, () => {
  let broker: TestBroker | undefined;
  let cluster: Cluster;
  let brokers: string;

  before(async () => {
    if (elsewhere === undefined) broker = await startTestBroker({ settings: brokerSettings });
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
    it(`${title}: shares partitions among members that come and go`, async (test) => {
      if (kind.protocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
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

  it("takes the consumer protocol with 'auto', and shares a group with members of the classic one", async () => {
    const topic = await made(4);
    const groupId = `g-${randomUUID()}`;
    const ownership = new Ownership();
    const member = (name: string, protocol: 'auto' | 'classic'): TestMember =>
      start({
        ...{ protocol, assignors: ['cooperative-sticky'], groupId, subscription: { topics: [topic] } },
        host: new RecordingHost(name, ownership),
      });
    await using first = member('classic', 'classic');
    await balanced(4, first);
    await using second = member('auto', 'auto');
    await balanced(4, first, second);
    await using third = member('auto alone', 'auto');
    await balanced(4, first, second, third);
    await first.membership.leave({ timeoutMs: 2_000 });
    await balanced(4, second, third);
    assert.deepEqual(ownership.violations, []);
  });

  it('moves from eager to cooperative while it goes on', async () => {
    const topic = await made(6);
    const groupId = `g-${randomUUID()}`;
    const ownership = new Ownership();
    const member = (name: string, assignors: readonly AssignorName[]): TestMember =>
      start({
        ...{ protocol: 'classic', assignors, groupId, subscription: { topics: [topic] } },
        host: new RecordingHost(name, ownership),
      });
    let members = [member('a', ['range']), member('b', ['range'])];
    for (const assignors of [['range', 'cooperative-sticky'], ['cooperative-sticky']] as const) {
      for (const old of members) {
        await balanced(6, ...members);
        await old[Symbol.asyncDispose]();
        members = [...members.filter((each) => each !== old), member(`${old.host.name}'`, assignors)];
      }
    }
    await balanced(6, ...members);
    assert.deepEqual(ownership.violations, []);
    await Promise.all(members.map((each) => each[Symbol.asyncDispose]()));
  });

  for (const protocol of ['classic', 'consumer'] as const) {
    it(`gives a static member of the ${protocol} protocol back what it had, without the others`, async (test) => {
      if (protocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
      const topic = await made(4);
      const groupId = `g-${randomUUID()}`;
      const member = (instanceId: string): TestMember =>
        start({ protocol, instanceId, groupId, assignors: ['range'], subscription: { topics: [topic] } });
      await using other = member('other');
      const first = member('moving');
      await balanced(4, other, first);
      const had = [...first.host.owned].sort();
      const seen = other.host.events.length;
      await first[Symbol.asyncDispose]();
      await using second = member('moving');
      await balanced(4, other, second);
      assert.deepEqual([...second.host.owned].sort(), had);
      assert.equal(other.host.events.length, seen);
    });

    it(`finds topics of the ${protocol} protocol by patterns and names, also such as are made later`, async (test) => {
      if (protocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
      const prefix = `p-${randomUUID()}`;
      await made(2, `${prefix}.audit`);
      await made(1, `${prefix}.orders`);
      await made(1, `${prefix}.other`);
      const patterns = [new RegExp(`^${prefix}\\.aud`), new RegExp(`^${prefix}\\.o(?!t)`)];
      const client = { metadataMaxAgeMs: 300 };
      await using one = start({
        ...{ protocol, groupId: `g-${randomUUID()}`, client },
        subscription: { topics: [`${prefix}.late`], patterns: patterns.slice(0, 1) },
      });
      await using two = start({ protocol, groupId: `g-${randomUUID()}`, client, subscription: { patterns } });
      await eventually(
        () => one.membership.assignment.length === 2 && two.membership.assignment.length === 3,
      );
      await made(1, `${prefix}.late`);
      await made(1, `${prefix}.ok`);
      await eventually(
        () => one.membership.assignment.length === 3 && two.membership.assignment.length === 4,
        () => `${one.host.events} ${two.host.events}`,
      );
    });
  }

  it('hands partitions to others when a subscription changes, and new ones to those who read the topic', async () => {
    const [left, right] = [await made(2), await made(2)];
    const groupId = `g-${randomUUID()}`;
    for (const protocol of ['classic', 'consumer'] as const) {
      if (protocol === 'consumer' && !(await has('the consumer protocol'))) continue;
      const id = `${groupId}-${protocol}`;
      await using one = start({ protocol, groupId: id, subscription: { topics: [left] } });
      await using two = start({ protocol, groupId: id, subscription: { topics: [left, right] } });
      const topicsOf = ({ membership }: TestMember): string[] =>
        [...new Set(membership.assignment.map(({ topic }) => topic))].sort();
      await eventually(() => one.membership.assignment.length + two.membership.assignment.length === 4);
      one.membership.subscribe({ topics: [right], patterns: [] });
      two.membership.subscribe({ topics: [left], patterns: [] });
      await eventually(
        () =>
          topicsOf(one).join() === right &&
          topicsOf(two).join() === left &&
          two.membership.assignment.length === 2,
        () => `${one.host.events.join(', ')} | ${two.host.events.join(', ')}`,
      );
    }
  });

  it('says so when an assignor that no member has is asked for', async () => {
    const topic = await made(1);
    const groupId = `g-${randomUUID()}`;
    await using first = start({
      protocol: 'classic',
      groupId,
      assignors: ['range'],
      subscription: { topics: [topic] },
    });
    await balanced(1, first);
    await using second = start({
      protocol: 'classic',
      groupId,
      assignors: ['sticky'],
      subscription: { topics: [topic] },
    });
    await eventually(() => second.host.error !== undefined);
    assert.match(second.host.error!.message, /have the assignor range.*This member has sticky/);
    if (!(await has('the consumer protocol'))) return;
    await using third = start({
      ...{ protocol: 'consumer', groupId: `g-${randomUUID()}`, settings: { serverAssignor: 'mine' } },
      subscription: { topics: [topic] },
    });
    await eventually(() => third.host.error !== undefined);
    assert.match(third.host.error!.message, /The broker has no assignor mine/);
  });

  it('goes by the protocol of a group that may not change it', {
    skip: elsewhere !== undefined,
  }, async () => {
    const lines = [...brokerSettings, 'group.consumer.migration.policy=disabled'];
    await using own = await startTestBroker({ settings: lines });
    const at = `127.0.0.1:${own.port}`;
    await using there = new Cluster(resolveClientOptions({ brokers: at }), nodePorts);
    await new Admin(there).topics.create({ name: 'orders', partitions: 2 });
    const member = (groupId: string, protocol: GroupProtocol): TestMember =>
      startMember({ brokers: at, settings, protocol, groupId, subscription: { topics: ['orders'] } });
    await using classic = member('classic', 'classic');
    await balanced(2, classic);
    await using either = member('classic', 'auto');
    await balanced(2, classic, either);
    await using consumer = member('consumer', 'consumer');
    await balanced(2, consumer);
    await using late = member('consumer', 'classic');
    await balanced(2, consumer, late);
    await using wrong = member('classic', 'consumer');
    await eventually(() => wrong.host.error !== undefined);
    assert.match(wrong.host.error!.message, /are of the protocol type consumer and have the assignor range/);
  });
});
