import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ErrorCode, KafkaError, ZERO_UUID } from '@moldau/protocol';
import type { CommitOffsetsAnswer, CommitTransactionalOffsetsCommand } from './group-commands.ts';
import { type Asked, ask, GROUP, SimulatedShard } from './testing-shard.ts';

const PRODUCER = { producerId: 7, producerEpoch: 0 };
const MARKER = { ...PRODUCER, coordinatorEpoch: 0, transactionVersion: 0 };

function commit(
  group: SimulatedShard,
  offset: number,
  change: Partial<CommitTransactionalOffsetsCommand> & { partition?: number } = {},
): Asked<CommitOffsetsAnswer> {
  const { partition = 0, ...fields } = change;
  const committed = { committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' };
  const command = {
    ...PRODUCER,
    transactionalId: 't',
    groupId: GROUP,
    memberId: '',
    groupInstanceId: null,
    generationIdOrMemberEpoch: -1,
    retentionTimeMs: -1,
    topics: [
      { name: 'topic', topicId: ZERO_UUID, partitions: [{ partitionIndex: partition, ...committed }] },
    ],
    ...fields,
  };
  return ask((reply) => group.shard.offsets.commitTransactional(command, 'waived', reply));
}

function end(group: SimulatedShard, committed: boolean, producerId = PRODUCER.producerId) {
  const asked = { error: undefined as KafkaError | null | undefined };
  group.shard.offsets.completeTransaction({ ...MARKER, producerId, committed }, (error) => {
    asked.error = error;
  });
  return asked;
}

function stableCode(group: SimulatedShard): number {
  const topics = [{ name: 'topic', topicId: ZERO_UUID, partitionIndexes: [0] }];
  return group.shard.offsets.fetch({ groupId: GROUP, topics, requireStable: true })[0]!.partitions[0]!
    .errorCode;
}

describe('Offsets committed in a transaction', () => {
  test('are pending until the marker is in the log, and nobody sees them before', async () => {
    const group = new SimulatedShard();
    const asked = commit(group, 10);
    assert.equal(asked.isAnswered, false);
    await group.pass(0);
    assert.deepEqual(asked.answer, [[ErrorCode.NONE]]);
    assert.equal(group.committedOffset(), -1);
    assert.equal(stableCode(group), ErrorCode.UNSTABLE_OFFSET_COMMIT);
    const ended = end(group, true);
    assert.equal(group.committedOffset(), -1);
    await group.pass(0);
    assert.equal(ended.error, null);
    assert.equal(group.committedOffset(), 10);
    assert.equal(stableCode(group), ErrorCode.NONE);
  });

  test('are dropped when it is aborted', async () => {
    const group = new SimulatedShard();
    await codeOf(group, group.commitOffset(3));
    commit(group, 10);
    await group.pass(0);
    end(group, false);
    await group.pass(0);
    assert.equal(group.committedOffset(), 3);
    assert.equal(stableCode(group), ErrorCode.NONE);
  });

  test('are there again after a crash, pending or committed as the log has them', async () => {
    const group = new SimulatedShard();
    commit(group, 10);
    await group.pass(0);
    group.restart();
    assert.equal(stableCode(group), ErrorCode.UNSTABLE_OFFSET_COMMIT);
    assert.equal(group.state(), 'Empty');
    end(group, true);
    await group.pass(0);
    group.restart();
    assert.equal(group.committedOffset(), 10);
    commit(group, 20, { producerId: 8 });
    end(group, false, 8);
    await group.pass(0);
    group.restart();
    assert.equal(group.committedOffset(), 10);
    assert.equal(stableCode(group), ErrorCode.NONE);
  });

  test('do not undo an offset that was committed after them', async () => {
    const group = new SimulatedShard();
    commit(group, 10);
    await codeOf(group, group.commitOffset(20));
    end(group, true);
    await group.pass(0);
    assert.equal(group.committedOffset(), 20);
    group.restart();
    assert.equal(group.committedOffset(), 20);
  });

  test('count for nothing when they could not be written', async () => {
    const group = new SimulatedShard();
    group.holdsAppends = true;
    const asked = commit(group, 10);
    group.fail(new KafkaError(ErrorCode.INVALID_TXN_STATE));
    assert.deepEqual(asked.answer, [[ErrorCode.INVALID_TXN_STATE]]);
    assert.equal(stableCode(group), ErrorCode.NONE);
    group.holdsAppends = false;
    end(group, true);
    await group.pass(0);
    assert.equal(group.committedOffset(), -1);
  });

  test('stay pending when the marker could not be written', async () => {
    const group = new SimulatedShard();
    commit(group, 10);
    await group.pass(0);
    group.holdsAppends = true;
    const ended = end(group, true);
    group.fail(new KafkaError(ErrorCode.TRANSACTION_COORDINATOR_FENCED));
    assert.equal(ended.error?.code, ErrorCode.TRANSACTION_COORDINATOR_FENCED);
    assert.equal(stableCode(group), ErrorCode.UNSTABLE_OFFSET_COMMIT);
  });

  test('are taken from members, and from whoever names none', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup(1);
    const { memberId, generationId } = leader!;
    const known = { memberId, generationIdOrMemberEpoch: generationId };
    const code = (change: Parameters<typeof commit>[2]) => codeOf(group, commit(group, 1, change));
    assert.equal(await code(known), ErrorCode.NONE);
    assert.equal(await code({}), ErrorCode.NONE);
    assert.equal(await code({ ...known, memberId: 'nobody' }), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(await code({ ...known, generationIdOrMemberEpoch: 9 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(
      await code({ groupId: 'other', generationIdOrMemberEpoch: 3 }),
      ErrorCode.ILLEGAL_GENERATION,
    );
    // A rebalance under way is no hindrance: the new generation waits for stable offsets.
    group.join({ memberId: '' });
    await group.pass(0);
    assert.equal(await code(known), ErrorCode.NONE);
  });

  test('keep their group and the offset before them from expiring', async () => {
    const group = new SimulatedShard({ offsetsRetentionMs: 1000 });
    await codeOf(group, group.commitOffset(3));
    commit(group, 10);
    await group.pass(5000);
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.committedOffset(), 3);
    end(group, false);
    await group.pass(0);
    group.shard.expireOffsets();
    await group.pass(0);
    assert.equal(group.committedOffset(), -1);
    assert.equal(group.state(), 'Dead');
  });

  test('go with a group that is deleted', async () => {
    const group = new SimulatedShard();
    commit(group, 10);
    await group.pass(0);
    const deleted = ask<number>((reply) => group.shard.deleteGroup(GROUP, reply));
    await group.pass(0);
    assert.equal(deleted.answer, ErrorCode.NONE);
    assert.equal(stableCode(group), ErrorCode.NONE);
    end(group, true);
    await group.pass(0);
    assert.equal(group.committedOffset(), -1);
    group.restart();
    assert.equal(group.committedOffset(), -1);
  });
});

async function codeOf(group: SimulatedShard, asked: Asked<CommitOffsetsAnswer>): Promise<number | undefined> {
  await group.pass(0);
  return asked.answer?.[0]?.[0];
}
