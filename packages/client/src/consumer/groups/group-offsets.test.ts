// Committed offsets, by the clock of a test, against a scripted coordinator.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  consumerGroupHeartbeatRequest,
  ErrorCode,
  heartbeatRequest,
  offsetCommitRequest,
  offsetFetchRequest,
} from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import { type BrokerError, KafkaError, PartialFailureError } from '../../errors/kafka-error.ts';
import { GroupOffsets } from './group-offsets.ts';
import { ScriptedCoordinator } from './testing-coordinator.ts';
import type { Membership, MembershipOptions } from './types.ts';

const seed = seedOf();
const COMMIT = offsetCommitRequest;

describe(`committed offsets (SEED=${seed})`, () => {
  let group: ScriptedCoordinator;
  let membership: Membership;
  let offsets: GroupOffsets;

  async function stable(options: Partial<MembershipOptions> = {}): Promise<void> {
    membership = group.member(options);
    await group.until(() => membership.state === 'stable');
    offsets = new GroupOffsets({
      cluster: group.cluster,
      groupId: 'the group',
      membership,
      requiresStable: true,
    });
  }

  beforeEach(() => {
    group = new ScriptedCoordinator(seed);
    group.target = [{ topic: 'orders', partitions: [0, 1] }];
  });

  afterEach(async () => {
    await group.world.until(membership.leave({ timeoutMs: 1_000 }));
    await group.cluster.close();
  });

  const commit = (partition = 0, offset = 7, timeoutMs = 20_000): Promise<void> =>
    group.world.until(offsets.commit([{ topic: 'orders', partition, offset }], { timeoutMs }));

  const failed = async (promise: Promise<unknown>): Promise<KafkaError> => {
    const error = await promise.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof KafkaError, String(error));
    return error;
  };

  it('are written and read in every version that brokers may have', async () => {
    await stable({ instanceId: 'i' });
    const [broker] = group.brokers;
    for (let version = 2; version <= COMMIT.versions.max; version++) {
      broker!.versions.set(COMMIT.apiKey, [2, version]);
      broker!.versions.set(offsetFetchRequest.apiKey, [
        1,
        Math.min(version, offsetFetchRequest.versions.max),
      ]);
      for (const connection of [...group.world.network.connections]) connection.destroy();
      await group.world.time.advance(100);
      const wanted = [1, 0].map((partition) => ({ topic: 'orders', partition }));
      const found = await group.world.until(offsets.committed(wanted));
      const leaderEpoch = version >= 5 ? 3 : undefined;
      assert.deepEqual(found, [{ ...wanted[0], offset: 101, leaderEpoch, metadata: 'm' }, undefined]);
      await commit(1, version);
      const { memberId, generationIdOrMemberEpoch, topics } = group.commits.at(-1)!;
      assert.deepEqual([memberId, generationIdOrMemberEpoch], ['member-1', 1]);
      assert.equal(topics[0]!.partitions[0]!.committedOffset, version);
      assert.equal(topics[0]!.name, version >= 10 ? '' : 'orders');
    }
  });

  it('are written again when the coordinator loads, moves, or does not answer', async () => {
    await stable();
    group.fail(
      COMMIT,
      ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      ErrorCode.NOT_COORDINATOR,
      ErrorCode.UNKNOWN_TOPIC_ID,
    );
    await commit();
    assert.equal(group.commits.length, 4);
    group.fail(COMMIT, 'silence');
    const lost = offsets.commit([{ topic: 'orders', partition: 0, offset: 8 }]);
    await group.until(() => group.brokers[0]!.received.filter((each) => each.startsWith('8/')).length === 5);
    for (const connection of [...group.world.network.connections]) connection.destroy();
    await group.world.until(lost);
  });

  it('are given up soon when the topic is gone, so that nobody waits for it to the end of his time', async () => {
    await stable();
    group.fail(COMMIT, ...Array<number>(60).fill(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    const startedMs = group.world.time.monotonicMs();
    const error = await failed(commit(0, 7, 60_000));
    assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.ok(group.world.time.monotonicMs() - startedMs < 5_000);
    assert.equal(group.commits.length, 5);
  });

  it('are written with the new epoch when the one before is stale', async () => {
    group.offerConsumerProtocol();
    await stable({ protocol: 'consumer' });
    group.generation = 9;
    group.fail(COMMIT, ErrorCode.STALE_MEMBER_EPOCH);
    await commit();
    assert.deepEqual(
      group.commits.map(({ generationIdOrMemberEpoch }) => generationIdOrMemberEpoch).slice(0, 1),
      [1],
    );
    group.fail(COMMIT, ...Array<number>(60).fill(ErrorCode.STALE_MEMBER_EPOCH));
    await failed(commit(0, 8, 6_000));
    assert.equal(group.commits.at(-1)!.generationIdOrMemberEpoch, 9);
  });

  it('wait for a rebalance to end while the partition stays with the member', async () => {
    await stable({ assignors: ['cooperative-sticky'] });
    group.fail(COMMIT, ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.ILLEGAL_GENERATION);
    group.fail(heartbeatRequest, ErrorCode.REBALANCE_IN_PROGRESS);
    await commit();
    assert.equal(group.commits.length, 3);
  });

  it('are not written any more when the partition was lost meanwhile, even if it is back', async () => {
    await stable({ assignors: ['range'] });
    group.fail(COMMIT, ...Array<number>(20).fill(ErrorCode.ILLEGAL_GENERATION));
    group.fail(heartbeatRequest, ErrorCode.UNKNOWN_MEMBER_ID);
    const error = await failed(commit());
    assert.equal(error.code, 'ILLEGAL_GENERATION');
    assert.match(error.message, /went to another member of the group the group/);
    assert.deepEqual(group.host.events.length, 3);
  });

  it('are not said to be of other members when the group was left meanwhile', async () => {
    await stable();
    group.fail(COMMIT, ...Array<number>(60).fill(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
    const late = failed(commit(0, 7, 60_000));
    await group.world.until(membership.leave({ timeoutMs: 1_000 }));
    assert.equal((await late).code, 'CLOSED');
  });

  it('are not written again after a later commit of the partition', async () => {
    await stable();
    group.fail(COMMIT, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    const [first, second] = [5, 6].map((offset) =>
      offsets.commit([{ topic: 'orders', partition: 0, offset }]),
    );
    await group.world.until(Promise.all([first, second]));
    assert.deepEqual(
      group.commits.map(({ topics }) => topics[0]!.partitions[0]!.committedOffset),
      [5, 6],
    );
  });

  it('say which partitions failed, and why', async () => {
    await stable();
    group.fail(COMMIT, ErrorCode.OFFSET_METADATA_TOO_LARGE);
    assert.match((await failed(commit())).message, /offset\.metadata\.max\.bytes/);
    group.brokers[0]!.serve(COMMIT.apiKey, [2, 9], () => ({
      topics: [
        {
          name: 'orders',
          partitions: [
            { partitionIndex: 0, errorCode: 0 },
            { partitionIndex: 1, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED },
          ],
        },
      ],
    }));
    for (const connection of [...group.world.network.connections]) connection.destroy();
    const both = [0, 1].map((partition) => ({ topic: 'orders', partition, offset: 1 }));
    const error = await failed(group.world.until(offsets.commit(both)));
    assert.ok(error instanceof PartialFailureError);
    assert.deepEqual(
      error.errors.map(({ code, topic, partition }) => [code, topic, partition]),
      [['TOPIC_AUTHORIZATION_FAILED', 'orders', 1]],
    );
    const rightOf = (denied: unknown) => (denied as BrokerError).missingRight;
    assert.deepEqual(rightOf(error.errors[0]), { operation: 'Read', on: 'topic orders' });
  });

  it('say which right is missing for the group', async () => {
    await stable();
    group.fail(COMMIT, ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const { missingRight } = (await failed(commit())) as BrokerError;
    assert.deepEqual(missingRight, { operation: 'Read', on: 'group the group' });
  });

  it('are written without a member, and tell when the group has members', async () => {
    await stable();
    const alone = new GroupOffsets({ cluster: group.cluster, groupId: 'the group', requiresStable: false });
    await group.world.until(alone.commit([{ topic: 'orders', partition: 0, offset: 1 }]));
    assert.deepEqual([group.commits[0]!.memberId, group.commits[0]!.generationIdOrMemberEpoch], ['', -1]);
    group.fail(COMMIT, ErrorCode.UNKNOWN_MEMBER_ID);
    const error = await failed(
      group.world.until(alone.commit([{ topic: 'orders', partition: 0, offset: 1 }])),
    );
    assert.match(error.message, /a groupId of its own/);
  });

  it('are read when transactions have decided about them', async () => {
    await stable();
    group.fail(offsetFetchRequest, ErrorCode.UNSTABLE_OFFSET_COMMIT, ErrorCode.UNSTABLE_OFFSET_COMMIT);
    const [found] = await group.world.until(offsets.committed([{ topic: 'orders', partition: 2 }]));
    assert.equal(found?.offset, 102);
  });

  it('are given up at the deadline, and when nobody wants them any more', async () => {
    await stable();
    group.fail(COMMIT, ...Array<'silence'>(10).fill('silence'));
    assert.equal((await failed(commit(0, 1, 5_000))).code, 'TIMED_OUT');
    const abort = new AbortController();
    const pending = offsets.commit([{ topic: 'orders', partition: 0, offset: 1 }], { signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(group.world.until(pending), /enough/);
  });

  it('need no epoch of a heartbeat under way', async () => {
    group.offerConsumerProtocol();
    await stable({ protocol: 'consumer' });
    group.fail(consumerGroupHeartbeatRequest, ErrorCode.FENCED_MEMBER_EPOCH);
    await group.until(() => membership.groupMetadata().generationId === 2);
    await commit();
    assert.equal(group.commits[0]!.generationIdOrMemberEpoch, 2);
  });
});
