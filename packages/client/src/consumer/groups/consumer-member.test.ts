// A member of the consumer protocol, by the clock of a test, against a scripted coordinator.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { consumerGroupHeartbeatRequest, ErrorCode } from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import { idOf, ScriptedCoordinator } from './testing-coordinator.ts';
import type { Membership } from './types.ts';

const seed = seedOf();
const HEARTBEAT = consumerGroupHeartbeatRequest;

describe(`a member of the consumer protocol (SEED=${seed})`, () => {
  let group: ScriptedCoordinator;
  let membership: Membership | undefined;

  beforeEach(() => {
    group = new ScriptedCoordinator(seed);
    group.offerConsumerProtocol();
    group.target = [{ topic: 'orders', partitions: [0, 1] }];
    membership = undefined;
  });

  afterEach(async () => {
    if (membership === undefined) return;
    await group.world.until(membership.leave({ timeoutMs: 1_000 }));
    await group.cluster.close();
    assert.equal(group.world.time.pendingCount, 0, 'timers are left');
  });

  const stable = (): Promise<void> => group.until(() => membership?.state === 'stable');
  const told = () =>
    group.consumerBeats.map(({ memberEpoch, subscribedTopicNames, topicPartitions }) => ({
      memberEpoch,
      names: subscribedTopicNames?.join(' '),
      owned: topicPartitions?.flatMap(({ partitions }) => [...partitions]).join(' '),
    }));

  it('tells everything when it joins, then what it has, and then nothing that has not changed', async () => {
    membership = group.member({ protocol: 'auto', settings: { rackId: 'r1', serverAssignor: 'range' } });
    await stable();
    await group.world.time.advance(11_000);
    assert.deepEqual(told(), [
      { memberEpoch: 0, names: 'orders', owned: '' },
      { memberEpoch: 1, names: undefined, owned: '0 1' },
      { memberEpoch: 1, names: undefined, owned: undefined },
      { memberEpoch: 1, names: undefined, owned: undefined },
    ]);
    const [first, second] = group.consumerBeats;
    assert.deepEqual(
      [first!.rackId, first!.serverAssignor, first!.rebalanceTimeoutMs],
      ['r1', 'range', 300_000],
    );
    assert.deepEqual([second!.rackId, second!.serverAssignor, second!.rebalanceTimeoutMs], [null, null, -1]);
    assert.match(first!.memberId, /^[\w-]{22}$/);
    assert.equal(second!.memberId, first!.memberId);
    assert.equal(group.consumerBeats[3]!.atMs - group.consumerBeats[2]!.atMs, 5_000);
  });

  it('asks again soon when it has joined and the group has not thought of its share yet, and then less and less often', async () => {
    group.target = [];
    membership = group.member({ protocol: 'consumer' });
    await group.world.time.advance(2_000);
    assert.ok(group.consumerBeats.length >= 4 && group.consumerBeats.length <= 6);
    group.target = [{ topic: 'orders', partitions: [0] }];
    await group.world.time.advance(2_000);
    assert.equal(membership.assignment.length, 1);
    const before = group.consumerBeats.length;
    await group.world.time.advance(15_000);
    assert.ok(group.consumerBeats.length - before <= 4, 'every 5 s, as the broker says');
  });

  it('takes the id that the broker gives where members do not make theirs', async () => {
    group.offerConsumerProtocol(0);
    membership = group.member({ protocol: 'consumer' });
    await stable();
    assert.equal(group.consumerBeats[0]!.memberId, '');
    assert.equal(membership.groupMetadata().memberId, 'given by the broker');
  });

  it('says that it has given up partitions only when the host has, and sends heartbeats meanwhile', async () => {
    membership = group.member({ protocol: 'consumer' });
    await stable();
    let giveUp = (): void => {};
    group.host.beforeRevoked = () => new Promise((resolve) => (giveUp = resolve));
    group.target = [{ topic: 'orders', partitions: [1, 2] }];
    const before = told().length;
    await group.world.time.advance(20_500);
    assert.ok(told().length - before >= 4);
    assert.ok(
      told()
        .slice(before)
        .every(({ owned }) => owned === undefined),
    );
    assert.equal(membership.assignment.length, 2);
    giveUp();
    await stable();
    await group.world.time.advance(10);
    assert.deepEqual(group.host.events, [
      'assigned orders-0 orders-1',
      'revoked orders-0',
      'assigned orders-2',
    ]);
    const owned = told().flatMap((each) => each.owned ?? []);
    assert.equal(owned.at(-1), '1 2');
  });

  it('tells everything again when nobody knows what arrived', async () => {
    membership = group.member({ protocol: 'consumer' });
    await stable();
    await group.world.time.advance(1_000);
    group.fail(HEARTBEAT, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'silence');
    const before = told().length;
    await group.world.time.advance(5_500);
    for (const connection of [...group.world.network.connections]) connection.destroy();
    await group.until(() => told().length === before + 3);
    assert.deepEqual(told().at(-1), { memberEpoch: 1, names: 'orders', owned: '0 1' });
    assert.equal(group.host.events.length, 1);
  });

  for (const code of ['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND'] as const) {
    it(`has lost everything, and joins anew, after ${code}`, async () => {
      membership = group.member({ protocol: 'consumer' });
      await stable();
      group.fail(HEARTBEAT, ErrorCode[code]);
      group.target = [{ topic: 'orders', partitions: [2] }];
      await group.until(() => group.host.events.length === 3 && membership?.state === 'stable');
      assert.deepEqual(group.host.events, [
        'assigned orders-0 orders-1',
        'lost orders-0 orders-1',
        'assigned orders-2',
      ]);
      assert.deepEqual(
        told().filter(({ memberEpoch }) => memberEpoch === 0),
        [0, 0].map((memberEpoch) => ({ memberEpoch, names: 'orders', owned: '' })),
      );
      assert.equal(membership.groupMetadata().generationId, 2);
    });
  }

  it('waits for its instance id to be released, and fails when nobody releases it', async () => {
    group.fail(HEARTBEAT, ...Array<number>(5).fill(ErrorCode.UNRELEASED_INSTANCE_ID));
    membership = group.member({ protocol: 'consumer', instanceId: 'i' });
    await stable();
    assert.equal(group.consumerBeats.length >= 6, true);
    group.fail(
      HEARTBEAT,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ...Array<number>(100).fill(ErrorCode.UNRELEASED_INSTANCE_ID),
    );
    await group.until(() => group.host.error !== undefined);
    assert.equal(group.host.error!.code, 'UNRELEASED_INSTANCE_ID');
    assert.match(group.host.error!.message, /Another member holds instanceId i/);
  });

  it('leaves for good as a dynamic member, and for a while as a static one', async () => {
    membership = group.member({ protocol: 'consumer' });
    await stable();
    await group.world.until(membership.leave({ timeoutMs: 1_000 }));
    assert.equal(told().at(-1)!.memberEpoch, -1);
    assert.deepEqual(group.host.events, ['assigned orders-0 orders-1', 'revoked orders-0 orders-1']);
    const other = new ScriptedCoordinator(seed);
    other.offerConsumerProtocol();
    const fixed = other.member({ protocol: 'consumer', instanceId: 'i' });
    await other.until(() => fixed.state === 'stable');
    await other.world.until(fixed.leave({ timeoutMs: 1_000 }));
    assert.equal(other.consumerBeats.at(-1)!.memberEpoch, -2);
    await other.cluster.close();
  });

  it('sends heartbeats while it gives up what it has before it leaves', async () => {
    membership = group.member({ protocol: 'consumer' });
    await stable();
    group.host.beforeRevoked = () => new Promise((resolve) => group.world.time.after(14_000, resolve));
    const before = told().length;
    await group.world.until(membership.leave({ timeoutMs: 20_000 }));
    assert.deepEqual(
      told()
        .slice(before)
        .map(({ memberEpoch }) => memberEpoch),
      [1, 1, -1],
    );
  });

  it('has lost everything when the client is closed, and leaves no timer', async () => {
    membership = group.member({ protocol: 'consumer' });
    await stable();
    await group.cluster.close();
    await group.world.time.advance(0);
    assert.equal(group.host.events.at(-1), 'lost orders-0 orders-1');
    assert.deepEqual([membership.state, group.world.time.pendingCount], ['left', 0]);
  });

  it('leaves when nobody pokes it for too long, and is back with the next poke', async () => {
    membership = group.member({ protocol: 'consumer', settings: { maxPollIntervalMs: 20_000 } });
    await stable();
    await group.until(() => membership?.state === 'stale' && told().at(-1)!.memberEpoch === -1);
    assert.equal(group.host.events.at(-1), 'lost orders-0 orders-1');
    const before = told().length;
    await group.world.time.advance(60_000);
    assert.equal(told().length, before);
    group.target = [{ topic: 'orders', partitions: [2] }];
    membership.poke();
    await group.until(() => membership?.assignment.length === 1);
  });

  it('has brokers match the patterns that they can, and takes back a pattern by an empty one', async () => {
    membership = group.member({ protocol: 'consumer', subscription: { patterns: [/^audit-\d+$/i] } });
    await stable();
    assert.equal(group.consumerBeats[0]!.subscribedTopicRegex, '.*(?i:^audit-\\d+$).*');
    assert.deepEqual(group.consumerBeats[0]!.subscribedTopicNames, ['orders']);
    membership.subscribe({ topics: ['orders'], patterns: [] });
    const before = told().length;
    await group.until(() => told().length > before);
    assert.equal(group.consumerBeats[before]!.subscribedTopicRegex, '');
  });

  it('matches patterns itself that brokers cannot match, or refuse', async () => {
    group.topics.push({ name: 'audit-1', leaders: [1] });
    membership = group.member({
      protocol: 'consumer',
      subscription: { topics: [], patterns: [/^audit-(?!2)/] },
    });
    await stable();
    assert.deepEqual(group.consumerBeats[0]!.subscribedTopicNames, ['audit-1']);
    group.topics.push({ name: 'audit-3', leaders: [1] });
    await group.world.until(group.cluster.refresh({ topics: 'all', reason: 'test' }));
    await group.until(() => told().at(-1)!.names === 'audit-1 audit-3');
    group.fail(HEARTBEAT, ErrorCode.INVALID_REGULAR_EXPRESSION);
    membership.subscribe({ topics: [], patterns: [/^audit-3/] });
    await group.until(() => told().at(-1)!.names === 'audit-3');
  });

  it('does not join before there is a topic that its patterns match', async () => {
    membership = group.member({
      protocol: 'consumer',
      subscription: { topics: [], patterns: [/^audit-(?!2)/] },
    });
    await group.world.time.advance(10_000);
    assert.equal(told().length, 0);
    group.topics.push({ name: 'audit-1', leaders: [1] });
    await group.world.until(group.cluster.refresh({ topics: 'all', reason: 'test' }));
    await stable();
  });

  it('takes partitions of topics when their names are known, and a topic that was made anew as another', async () => {
    group.target = [{ topic: 'late', partitions: [0] }];
    membership = group.member({ protocol: 'consumer' });
    await group.world.time.advance(3_000);
    assert.deepEqual(group.host.events, []);
    group.topics.push({ name: 'late', leaders: [1] });
    await group.until(() => group.host.events.length === 1);
    assert.deepEqual(told().at(-1)!.owned, '0');
    assert.equal(group.consumerBeats.at(-1)!.topicPartitions![0]!.topicId, idOf('late'));
  });

  it("falls back to the classic protocol with 'auto' when the group is of that, and says so", async () => {
    group.fail(HEARTBEAT, ErrorCode.GROUP_ID_NOT_FOUND);
    membership = group.member({ protocol: 'auto' });
    await stable();
    assert.equal(group.joins.length, 1);
    assert.ok(group.log.some(({ level, message }) => level === 'info' && /classic protocol/.test(message)));
  });

  it('says what the group is of when it is not to fall back', async () => {
    group.fail(HEARTBEAT, ErrorCode.GROUP_ID_NOT_FOUND);
    membership = group.member({ protocol: 'consumer' });
    await group.until(() => group.host.error !== undefined);
    assert.match(group.host.error!.message, /Every member needs/);
  });

  it("is classic with 'auto' where brokers are old, and with an assignor of one's own", async () => {
    const custom = { name: 'mine', assign: () => new Map() };
    membership = group.member({ protocol: 'auto', assignors: [custom] });
    await stable();
    assert.equal(group.joins[0]!.protocols[0]!.name, 'mine');
    const old = new ScriptedCoordinator(seed);
    const classic = old.member({ protocol: 'auto' });
    await old.until(() => classic.state === 'stable');
    assert.deepEqual(
      old.joins[0]!.protocols.map(({ name }) => name),
      ['range', 'cooperative-sticky'],
    );
    await old.world.until(classic.leave({ timeoutMs: 1_000 }));
    await old.cluster.close();
  });
});
