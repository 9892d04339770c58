// A member of the classic protocol, by the clock of a test, against a scripted coordinator.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  describeGroupsRequest,
  ErrorCode,
  heartbeatRequest,
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest,
} from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import type { BrokerError } from '../../errors/kafka-error.ts';
import { decodeSubscription } from './consumer-protocol.ts';
import { ScriptedCoordinator } from './testing-coordinator.ts';
import type { Membership } from './types.ts';

const seed = seedOf();
const ALL = 'orders-0 orders-1 orders-2';

describe(`a classic member (SEED=${seed})`, () => {
  let group: ScriptedCoordinator;
  let membership: Membership | undefined;

  beforeEach(() => {
    group = new ScriptedCoordinator(seed, { count: 2 });
    membership = undefined;
  });

  afterEach(async () => {
    if (membership === undefined) return;
    await group.world.until(membership.leave({ timeoutMs: 1_000 }));
    await group.cluster.close();
    assert.equal(group.world.time.pendingCount, 0, 'timers are left');
  });

  const stable = (): Promise<void> => group.until(() => membership?.state === 'stable');

  it('joins a second time with the id that it is given first', async () => {
    group.fail(joinGroupRequest, ErrorCode.MEMBER_ID_REQUIRED);
    membership = group.member();
    await stable();
    assert.deepEqual(
      group.joins.map(({ memberId }) => memberId),
      ['', 'member-1'],
    );
    assert.deepEqual(group.host.events, [`assigned ${ALL}`]);
    assert.deepEqual(membership.groupMetadata(), {
      ...{ groupId: 'the group', generationId: 1, memberId: 'member-1', groupInstanceId: undefined },
    });
  });

  it('sends heartbeats in their interval, also while what is revoked is not given up', async () => {
    membership = group.member({ assignors: ['range'] });
    await stable();
    let giveUp = (): void => {};
    group.host.beforeRevoked = () => new Promise((resolve) => (giveUp = resolve));
    group.fail(heartbeatRequest, 0, ErrorCode.REBALANCE_IN_PROGRESS);
    await group.until(() => group.host.events.length === 2);
    const before = group.beats.length;
    await group.world.time.advance(30_000);
    assert.equal(group.beats.length - before, 10);
    const gaps = group.beats.map(({ atMs }, index) => atMs - (group.beats[index - 1]?.atMs ?? atMs - 3_000));
    assert.ok(
      gaps.every((gap) => gap >= 2_990 && gap <= 3_010),
      String(gaps),
    );
    assert.equal(group.joins.length, 1);
    assert.equal(membership.assignment.length, 3);
    giveUp();
    await stable();
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `revoked ${ALL}`, `assigned ${ALL}`]);
  });

  it('does not wait for what is revoked for longer than the rebalance timeout', async () => {
    membership = group.member({ assignors: ['range'], settings: { maxPollIntervalMs: 60_000 } });
    await stable();
    const poking = setInterval(() => membership?.poke(), 1);
    group.host.beforeRevoked = () => new Promise(() => {});
    group.fail(heartbeatRequest, ErrorCode.REBALANCE_IN_PROGRESS);
    await group.until(() => group.joins.length === 2);
    clearInterval(poking);
    assert.deepEqual(group.host.events.slice(1, 3), [`revoked ${ALL}`, `lost ${ALL}`]);
  });

  it('has lost everything, and joins anew, when the group does not know it', async () => {
    membership = group.member();
    await stable();
    group.fail(heartbeatRequest, ErrorCode.UNKNOWN_MEMBER_ID);
    await group.until(() => group.joins.length === 2 && membership?.state === 'stable');
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `lost ${ALL}`, `assigned ${ALL}`]);
    assert.equal(group.joins[1]!.memberId, '');
    assert.match(group.joins[1]!.reason ?? '', /given it up/);
  });

  it('keeps its id when only its generation is over', async () => {
    membership = group.member();
    await stable();
    group.fail(heartbeatRequest, ErrorCode.ILLEGAL_GENERATION);
    await group.until(() => group.joins.length === 2 && membership?.state === 'stable');
    assert.equal(group.joins[1]!.memberId, 'member-1');
  });

  it('finishes a rebalance that has begun before it leaves, and has its generation while the host gives up', async () => {
    membership = group.member({ assignors: ['cooperative-sticky'] });
    await stable();
    let generationId = 0;
    group.host.beforeRevoked = async () => {
      generationId = membership!.groupMetadata().generationId;
      assert.equal(membership!.followsRebalances, false);
    };
    group.fail(heartbeatRequest, ErrorCode.REBALANCE_IN_PROGRESS);
    let left: Promise<void> | undefined;
    group.whenJoining = () => {
      assert.ok(membership!.followsRebalances);
      left = membership!.leave({ timeoutMs: 10_000 });
    };
    await group.until(() => left !== undefined);
    await group.world.until(left!);
    assert.equal(generationId, 2);
    assert.equal(group.syncs.length, 2);
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `revoked ${ALL}`]);
  });

  it('follows a coordinator that moves, without a rebalance', async () => {
    membership = group.member();
    await stable();
    group.place = 1;
    const before = group.beats.length;
    await group.until(() => group.beats.length >= before + 2);
    assert.equal(group.joins.length, 1);
    assert.ok(group.brokers[1]!.received.some((request) => request.startsWith('12/')));
  });

  it('waits for a coordinator that loads', async () => {
    const loading = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    group.fail(joinGroupRequest, loading, loading, loading);
    group.fail(syncGroupRequest, loading);
    membership = group.member();
    await stable();
    assert.equal(group.joins.length, 5);
  });

  it('recovers when joins and heartbeats are lost with their connection', async () => {
    group.fail(joinGroupRequest, 'silence');
    membership = group.member();
    await group.until(() => group.brokers[0]!.received.some((request) => request.startsWith('11/')));
    for (const connection of [...group.world.network.connections]) connection.destroy();
    await stable();
    group.fail(heartbeatRequest, 'silence');
    await group.world.time.advance(4_000);
    for (const connection of [...group.world.network.connections]) connection.destroy();
    const before = group.beats.length;
    await group.until(() => group.beats.length > before);
    assert.deepEqual(group.host.events, [`assigned ${ALL}`]);
  });

  it('leaves when nobody pokes it for too long, and is back with the next poke', async () => {
    membership = group.member({ settings: { maxPollIntervalMs: 20_000 } });
    await stable();
    await group.world.time.advance(15_000);
    membership.poke();
    await group.world.time.advance(15_000);
    assert.equal(membership.state, 'stable');
    await group.until(() => membership?.state === 'stale' && group.leaves.length === 1);
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `lost ${ALL}`]);
    assert.match(group.leaves[0]!.members[0]!.reason ?? '', /did not read in time/);
    assert.ok(group.log.some(({ level, message }) => level === 'warn' && /maxPollIntervalMs/.test(message)));
    await group.world.time.advance(60_000);
    assert.equal(group.joins.length, 1);
    membership.poke();
    await stable();
    assert.equal(group.joins.length, 2);
  });

  it('joins again when its subscription or, as the leader, the partitions change', async () => {
    membership = group.member({ assignors: ['cooperative-sticky'] });
    await stable();
    group.topics.push({ name: 'audit-a', leaders: [1] });
    membership.subscribe({ topics: ['orders'], patterns: [/^audit-/g] });
    await group.until(() => membership?.assignment.length === 4 && membership.state === 'stable');
    group.topics[0]!.leaders.push(1);
    await group.world.until(group.cluster.refresh({ topics: ['orders'], reason: 'test' }));
    await group.until(() => membership?.assignment.length === 5 && membership.state === 'stable');
    membership.subscribe({ topics: ['audit-a'], patterns: [] });
    await group.until(() => membership?.assignment.length === 1 && membership.state === 'stable');
    assert.deepEqual(group.host.events, [
      `assigned ${ALL}`,
      'assigned audit-a-0',
      'assigned orders-3',
      `revoked ${ALL} orders-3`,
    ]);
    const { ownedPartitions, generationId } = decodeSubscription(
      '',
      undefined,
      group.joins.at(-1)!.protocols[0]!.metadata,
    );
    assert.deepEqual(ownedPartitions, [{ topic: 'audit-a', partition: 0 }]);
    assert.equal(generationId, 3);
  });

  it('gives up everything and leaves when it is subscribed to nothing, and can come back', async () => {
    membership = group.member();
    await stable();
    membership.subscribe({ topics: [], patterns: [] });
    await group.until(() => membership?.state === 'idle');
    assert.equal(group.leaves.length, 1);
    membership.subscribe({ topics: ['orders'], patterns: [] });
    await stable();
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `revoked ${ALL}`, `assigned ${ALL}`]);
  });

  it('leaves after what it has is given up, with the reason', async () => {
    membership = group.member();
    await stable();
    await group.world.until(membership.leave({ timeoutMs: 5_000, reason: 'enough' }));
    assert.equal(group.leaves[0]!.members[0]!.reason, 'enough');
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `revoked ${ALL}`]);
    assert.equal(membership.state, 'left');
  });

  it('leaves in time when neither the host nor the broker does anything', async () => {
    membership = group.member();
    await stable();
    group.host.beforeRevoked = () => new Promise(() => {});
    group.fail(leaveGroupRequest, 'silence');
    const startedMs = group.world.time.monotonicMs();
    await group.world.until(membership.leave({ timeoutMs: 5_000 }));
    assert.ok(group.world.time.monotonicMs() - startedMs <= 5_010);
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `revoked ${ALL}`, `lost ${ALL}`]);
  });

  it('sends heartbeats while it gives up what it has before it leaves', async () => {
    membership = group.member();
    await stable();
    group.host.beforeRevoked = () => new Promise((resolve) => group.world.time.after(14_000, resolve));
    const before = group.beats.length;
    await group.world.until(membership.leave({ timeoutMs: 20_000 }));
    assert.equal(group.beats.length - before, 4);
    assert.equal(group.leaves.length, 1);
  });

  it('has lost everything when the client is closed, and leaves no timer', async () => {
    membership = group.member();
    await stable();
    await group.cluster.close();
    await group.world.time.advance(0);
    assert.deepEqual(group.host.events, [`assigned ${ALL}`, `lost ${ALL}`]);
    assert.deepEqual([membership.state, group.world.time.pendingCount], ['left', 0]);
  });

  it('leaves in time while it joins', async () => {
    group.fail(joinGroupRequest, ErrorCode.MEMBER_ID_REQUIRED, 'silence');
    membership = group.member();
    await group.until(() => group.joins.length === 1);
    await group.world.time.advance(1_000);
    await group.world.until(membership.leave({ timeoutMs: 5_000 }), 6_000);
    assert.equal(group.leaves[0]!.members[0]!.memberId, 'member-1');
  });

  it('does not leave as a static member', async () => {
    membership = group.member({ instanceId: 'i' });
    await stable();
    assert.equal(group.joins[0]!.groupInstanceId, 'i');
    await group.world.until(membership.leave({ timeoutMs: 5_000 }));
    assert.equal(group.leaves.length, 0);
  });

  it('fails, and says what to do, when it is not allowed, or another has its instance id', async () => {
    membership = group.member({ instanceId: 'i' });
    await stable();
    group.fail(heartbeatRequest, ErrorCode.FENCED_INSTANCE_ID);
    await group.until(() => group.host.error !== undefined);
    assert.deepEqual(group.host.events.slice(1), [`lost ${ALL}`, 'failed FENCED_INSTANCE_ID']);
    assert.match(group.host.error!.message, /instanceId i in the group the group\. .* of its own\.$/);
    assert.equal(membership.state, 'failed');

    const other = new ScriptedCoordinator(seed);
    other.fail(joinGroupRequest, ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const refused = other.member();
    await other.until(() => other.host.error !== undefined);
    const { missingRight } = other.host.error as BrokerError;
    assert.deepEqual(missingRight, { operation: 'Read', on: 'group the group' });
    assert.equal(other.host.error!.fatal, true);
    await other.world.until(refused.leave({ timeoutMs: 1_000 }));
    await other.cluster.close();
  });

  it('says which assignor the group has when it has none of its own', async () => {
    for (const broker of group.brokers) {
      broker.serve(describeGroupsRequest.apiKey, [0, 5], () => ({
        groups: [
          ...[{ errorCode: 0, groupId: 'the group', groupState: 'Stable', protocolType: 'consumer' }].map(
            (each) => ({
              ...each,
              protocolData: 'RoundRobinAssigner',
              members: [],
            }),
          ),
        ],
      }));
    }
    group.fail(joinGroupRequest, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    membership = group.member({ assignors: ['range', 'sticky'] });
    await group.until(() => group.host.error !== undefined);
    assert.match(group.host.error!.message, /assignor RoundRobinAssigner.*This member has range, sticky/);
  });

  it('warns, and says why, when the group rebalances all the time', async () => {
    membership = group.member({ assignors: ['range'] });
    await stable();
    for (let count = 0; count < 12; count++) {
      group.fail(heartbeatRequest, ErrorCode.REBALANCE_IN_PROGRESS);
      await group.world.time.advance(4_000);
    }
    const warnings = group.log.filter(({ message }) => /rebalances all the time/.test(message));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!.message, /10 times other members joined, left/);
  });

  it('speaks the oldest versions of Kafka 2.4', async () => {
    for (const broker of group.brokers) {
      broker.versions.set(joinGroupRequest.apiKey, [0, 5]);
      broker.versions.set(syncGroupRequest.apiKey, [0, 3]);
      broker.versions.set(heartbeatRequest.apiKey, [0, 3]);
      broker.versions.set(leaveGroupRequest.apiKey, [0, 2]);
    }
    membership = group.member({ assignors: ['sticky'] });
    await stable();
    await group.until(() => group.beats.length > 0);
    await group.world.until(membership.leave({ timeoutMs: 5_000 }));
    assert.equal(group.leaves[0]!.memberId, 'member-1');
  });
});
