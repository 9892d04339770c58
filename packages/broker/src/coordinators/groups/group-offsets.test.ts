import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { consumerProtocolSubscription, ErrorCode, encodeVersioned, KafkaError } from '@moldau/protocol';
import type { DeleteOffsetsAnswer } from './group-commands.ts';
import { ask, GROUP, SimulatedShard } from './testing-shard.ts';

const MINUTE_MS = 60_000;
const RETENTION_MS = 10_080 * MINUTE_MS;
const FIRST_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const SECOND_ID = 'AAAAAAAAAAAAAAAAAAAAAg';

const consuming = (...topics: string[]) => ({
  protocols: [
    {
      name: 'range',
      metadata: encodeVersioned(
        consumerProtocolSubscription,
        { topics, userData: null, ownedPartitions: [] },
        1,
      ),
    },
  ],
});

async function codeOf(group: SimulatedShard, ...commit: Parameters<SimulatedShard['commitOffset']>) {
  const asked = group.commitOffset(...commit);
  await group.pass(0);
  return asked.answer?.[0]?.[0];
}

const deleteOffsets = (group: SimulatedShard, topic: string) =>
  ask<DeleteOffsetsAnswer>((reply) =>
    group.shard.offsets.delete(
      { groupId: GROUP, topics: [{ name: topic, partitionIndexes: [0, 1] }] },
      reply,
    ),
  );
const deleteGroup = (group: SimulatedShard, groupId = GROUP) =>
  ask<number>((reply) => group.shard.deleteGroup(groupId, reply));

describe('OffsetCommit', () => {
  test('shows an offset when it is committed in the log, and not before', () => {
    const group = new SimulatedShard();
    group.holdsAppends = true;
    const first = group.commitOffset(10);
    const second = group.commitOffset(20);
    assert.equal(group.committedOffset(), -1);
    group.commit(1);
    assert.deepEqual(first.answer, [[ErrorCode.NONE]]);
    assert.ok(!second.isAnswered);
    assert.equal(group.committedOffset(), 10);
    group.commit();
    assert.equal(group.committedOffset(), 20);
  });

  test('keeps the offset there was when the new one cannot be written', () => {
    const group = new SimulatedShard();
    group.holdsAppends = true;
    group.commitOffset(10);
    group.commit();
    const failed = group.commitOffset(20);
    group.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
    assert.deepEqual(failed.answer, [[ErrorCode.NOT_COORDINATOR]]);
    assert.equal(group.committedOffset(), 10);
  });

  test('survives a restart with all that belongs to it', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 10, { metadata: 'note ü', topic: 'a/b', partition: 7 });
    group.restart();
    const topics = [{ name: 'a/b', topicId: FIRST_ID, partitionIndexes: [7, 8] }];
    assert.deepEqual(group.shard.offsets.fetch({ groupId: GROUP, topics })[0]?.partitions, [
      { partitionIndex: 7, committedOffset: 10, committedLeaderEpoch: -1, metadata: 'note ü', errorCode: 0 },
      { partitionIndex: 8, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
    ]);
    assert.equal(group.state(), 'Empty');
  });

  test('takes group ids of any kind', async () => {
    const group = new SimulatedShard();
    for (const groupId of ['', 'a/b', '..', 'ü\u0000', 'x'.repeat(1_000)]) {
      assert.equal(await codeOf(group, 5, { groupId }), ErrorCode.NONE);
      group.restart();
      assert.equal(group.committedOffset('topic', 0, groupId), 5);
    }
  });

  test('refuses metadata that is too long, for that partition alone', async () => {
    const group = new SimulatedShard({ offsetMetadataMaxBytes: 4 });
    assert.equal(await codeOf(group, 1, { metadata: '1234' }), ErrorCode.NONE);
    assert.equal(await codeOf(group, 2, { metadata: '12345' }), ErrorCode.OFFSET_METADATA_TOO_LARGE);
    assert.equal(group.committedOffset(), 1);
  });

  test('is for members alone while the group has any', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup();
    const { memberId } = leader!;
    assert.equal(await codeOf(group, 1), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(await codeOf(group, 1, { memberId: 'x', generationId: 1 }), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(await codeOf(group, 1, { memberId }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(await codeOf(group, 1, { memberId, generationId: 0 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(await codeOf(group, 1, { memberId, generationId: 2 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(await codeOf(group, 1, { memberId, generationId: 1 }), ErrorCode.NONE);
    group.leave({ memberId });
    assert.equal(await codeOf(group, 2), ErrorCode.NONE);
    assert.equal(await codeOf(group, 2, { memberId, generationId: 1 }), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('is let through while a rebalance is prepared, and refused until assignments are known', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup();
    const { memberId } = leader!;
    group.join();
    assert.equal(await codeOf(group, 1, { memberId, generationId: 1 }), ErrorCode.NONE);
    group.join({ memberId });
    assert.equal(await codeOf(group, 2, { memberId, generationId: 2 }), ErrorCode.REBALANCE_IN_PROGRESS);
  });

  test('with a generation tells clients that the group is unknown, in words their version has', async () => {
    const group = new SimulatedShard();
    const member = { memberId: 'x', generationId: 3 };
    assert.equal(await codeOf(group, 1, { ...member, apiVersion: 8 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(await codeOf(group, 1, { ...member, apiVersion: 9 }), ErrorCode.GROUP_ID_NOT_FOUND);
    assert.equal(group.state(), 'Dead');
  });
});

describe('OffsetFetch', () => {
  test('does not take an offset of a former topic of the same name for one of the present topic', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5, { topicId: FIRST_ID });
    assert.equal(group.committedOffset('topic', 0, GROUP, FIRST_ID), 5);
    assert.equal(group.committedOffset('topic', 0, GROUP, SECOND_ID), -1);
    assert.equal(group.committedOffset(), 5);
  });

  test('lists all topics of a group when none is named, and none of a group that is unknown', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    await codeOf(group, 6, { topic: 'other', partition: 3 });
    const all = group.shard.offsets.fetch({ groupId: GROUP, topics: null });
    assert.deepEqual(
      all.map(({ name, partitions }) => [
        name,
        partitions.map((each) => [each.partitionIndex, each.committedOffset]),
      ]),
      [
        ['topic', [[0, 5]]],
        ['other', [[3, 6]]],
      ],
    );
    assert.deepEqual(group.shard.offsets.fetch({ groupId: 'unknown', topics: null }), []);
  });
});

describe('OffsetDelete', () => {
  test('forgets offsets of topics that nobody in the group consumes', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    await group.stableGroup(1, () => consuming('wanted'));
    const wanted = deleteOffsets(group, 'wanted');
    const { GROUP_SUBSCRIBED_TO_TOPIC } = ErrorCode;
    assert.deepEqual(wanted.answer?.partitionErrorCodes, [
      [GROUP_SUBSCRIBED_TO_TOPIC, GROUP_SUBSCRIBED_TO_TOPIC],
    ]);
    const other = deleteOffsets(group, 'topic');
    await group.pass(0);
    assert.deepEqual(other.answer?.partitionErrorCodes, [[0, 0]]);
    assert.equal(group.committedOffset(), -1);
    group.restart();
    assert.equal(group.committedOffset(), -1);
  });

  test('refuses groups that are unknown, and groups with members of which it cannot tell what they consume', async () => {
    const group = new SimulatedShard();
    assert.equal(deleteOffsets(group, 'topic').answer?.errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
    await group.stableGroup(1, () => ({ protocolType: 'connect' }));
    assert.equal(deleteOffsets(group, 'topic').answer?.errorCode, ErrorCode.NON_EMPTY_GROUP);
  });
});

describe('DeleteGroups', () => {
  test('removes an empty group and its offsets for good', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    const [leader] = await group.stableGroup();
    assert.equal(deleteGroup(group).answer, ErrorCode.NON_EMPTY_GROUP);
    group.leave({ memberId: leader!.memberId });
    const deleted = deleteGroup(group);
    await group.pass(0);
    assert.equal(deleted.answer, ErrorCode.NONE);
    assert.equal(deleteGroup(group).answer, ErrorCode.GROUP_ID_NOT_FOUND);
    group.restart();
    assert.deepEqual(group.shard.listGroups(), []);
    assert.equal(group.committedOffset(), -1);
  });

  test('puts the group back when the log refuses', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    group.holdsAppends = true;
    const deleted = deleteGroup(group);
    group.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
    assert.equal(deleted.answer, ErrorCode.NOT_COORDINATOR);
    assert.equal(group.state(), 'Empty');
    assert.equal(group.committedOffset(), 5);
  });

  test('leaves a commit that overtook it in a group of its own', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    group.holdsAppends = true;
    group.commitOffset(6, { partition: 1 });
    deleteGroup(group);
    group.commit();
    const offsets = () => [
      group.committedOffset('topic', 0),
      group.committedOffset('topic', 1),
      group.state(),
    ];
    assert.deepEqual(offsets(), [-1, 6, 'Empty']);
    group.restart();
    assert.deepEqual(offsets(), [-1, 6, 'Empty']);
  });

  test('lets a member that joins meanwhile found a new group', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    group.holdsAppends = true;
    deleteGroup(group);
    const join = group.join();
    group.commit();
    group.holdsAppends = false;
    await group.pass(3_000);
    assert.equal(join.answer?.generationId, 1);
    group.sync({ memberId: join.answer!.memberId });
    await group.pass(0);
    group.restart();
    assert.equal(group.state(), 'Stable');
  });
});

describe('Expiry', () => {
  test('of a simple consumer counts from each commit, and takes the group with the last one', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    await group.pass(MINUTE_MS);
    await codeOf(group, 6, { partition: 1 });
    await group.pass(RETENTION_MS - MINUTE_MS - 1);
    group.shard.expireOffsets();
    await group.pass(1);
    assert.equal(group.committedOffset(), 5);
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.committedOffset(), -1);
    assert.equal(group.committedOffset('topic', 1), 6);
    await group.pass(MINUTE_MS);
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.state(), 'Dead');
    group.restart();
    assert.deepEqual(group.shard.listGroups(), []);
  });

  test('of a group that has emptied counts from when it did', async () => {
    const retentionMs = 60_000;
    const group = new SimulatedShard({ offsetsRetentionMs: retentionMs });
    const [leader] = await group.stableGroup();
    await codeOf(group, 5, { memberId: leader!.memberId, generationId: 1 });
    for (let elapsedMs = 0; elapsedMs < 2 * retentionMs; elapsedMs += 5_000) {
      await group.pass(5_000);
      group.heartbeat(leader!.memberId, 1);
      group.shard.expireOffsets();
    }
    assert.equal(group.committedOffset(), 5);
    group.leave({ memberId: leader!.memberId });
    await group.pass(retentionMs - 1);
    group.shard.expireOffsets();
    await group.pass(1);
    assert.equal(group.committedOffset(), 5);
    group.restart();
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.state(), 'Dead');
  });

  test('of a group in use takes only topics that it has stopped to consume', async () => {
    const group = new SimulatedShard({ offsetsRetentionMs: 20_000 });
    const [leader] = await group.stableGroup(1, () => consuming('wanted'));
    const member = { memberId: leader!.memberId, generationId: 1 };
    await codeOf(group, 5, { ...member, topic: 'wanted' });
    await codeOf(group, 6, { ...member, topic: 'former' });
    for (let second = 0; second < 20; second++) {
      await group.pass(1_000);
      group.heartbeat(leader!.memberId, 1);
    }
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.committedOffset('wanted'), 5);
    assert.equal(group.committedOffset('former'), -1);
    assert.equal(group.state(), 'Stable');
  });

  test('honours a retention of the commit itself', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5, { retentionTimeMs: 1_000 });
    group.restart();
    await group.pass(999);
    group.shard.expireOffsets();
    await group.pass(1);
    assert.equal(group.committedOffset(), 5);
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.committedOffset(), -1);
  });

  test('does not touch a group whose commit is under way', async () => {
    const group = new SimulatedShard();
    await codeOf(group, 5);
    await group.pass(RETENTION_MS);
    group.holdsAppends = true;
    group.commitOffset(6);
    group.shard.expireOffsets();
    group.commit();
    assert.equal(group.committedOffset(), 6);
  });
});

test('a deleted topic takes its offsets with it, but not those of its successor', async () => {
  const group = new SimulatedShard();
  await codeOf(group, 5, { topicId: FIRST_ID });
  await codeOf(group, 6, { topicId: SECOND_ID, partition: 1 });
  await codeOf(group, 7, { topic: 'other' });
  const removed = ask<true>((reply) => group.shard.offsets.removeTopic('topic', FIRST_ID, () => reply(true)));
  await group.pass(0);
  assert.equal(removed.answer, true);
  for (const _ of ['before a restart', 'after it']) {
    assert.equal(group.committedOffset('topic', 0), -1);
    assert.equal(group.committedOffset('topic', 1), 6);
    assert.equal(group.committedOffset('other'), 7);
    group.restart();
  }
});
