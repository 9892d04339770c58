import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, silentLogger, type Timers } from '@moldau/io';
import { ErrorCode, KafkaError, ZERO_UUID } from '@moldau/protocol';
import { MemoryLogs } from '../runtime/testing-logs.ts';
import { defaultConsumerGroupConfig, defaultGroupConfig } from './group-config.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { defaultJoin } from './testing-shard.ts';
import { TestingTopics } from './testing-topics.ts';

const CALLER = { apiVersion: 8, clientId: 'client', clientHost: '/127.0.0.1' };

function start(logs = new MemoryLogs(), config = {}) {
  let nowMs = 0;
  const planned = new Set<{ atMs: number; run: () => void }>();
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs };
  const timers: Timers = {
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      planned.add(timer);
      return { cancel: () => planned.delete(timer) };
    },
    soon: (run) => {
      setImmediate(run);
    },
  };
  const random = { next: () => 0.5, bytes: (count: number) => Buffer.alloc(count, nowMs + 1) };
  const coordinator = new GroupCoordinator({
    config: { ...defaultGroupConfig, ...config },
    clock,
    timers,
    random,
    logger: silentLogger,
    logs,
    consumer: { config: defaultConsumerGroupConfig, topics: new TestingTopics() },
    verifier: { isNeeded: () => true, verify: async () => [ErrorCode.NONE] },
  });
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const pass = async (durationMs: number) => {
    const endMs = nowMs + durationMs;
    for (;;) {
      const next = [...planned].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      planned.delete(next);
      nowMs = next.atMs;
      next.run();
      await turn();
    }
    nowMs = endMs;
    await turn();
  };
  return { coordinator, logs, pass, planned };
}

const commit = (groupId: string, offset: number, partitionIndex = 0) => ({
  groupId,
  generationIdOrMemberEpoch: -1,
  memberId: '',
  groupInstanceId: null,
  retentionTimeMs: -1,
  topics: [
    {
      name: 'topic',
      topicId: ZERO_UUID,
      partitions: [
        {
          partitionIndex,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        },
      ],
    },
  ],
});

async function committed(
  coordinator: GroupCoordinator,
  groupId: string,
  partitionIndex = 0,
): Promise<number> {
  const topics = [{ name: 'topic', topicId: ZERO_UUID, partitionIndexes: [partitionIndex] }];
  const fetched = await coordinator.fetchOffsets({ groupId, topics });
  return fetched[0]!.partitions[0]!.committedOffset;
}

describe('Requests', () => {
  test('to groups with an empty id are refused, but for offsets and deletion', async () => {
    const { coordinator } = start();
    const { INVALID_GROUP_ID } = ErrorCode;
    const member = { groupId: '', memberId: 'x', generationId: 1, groupInstanceId: null };
    assert.equal(
      (await coordinator.joinGroup({ ...defaultJoin, groupId: '' }, CALLER)).errorCode,
      INVALID_GROUP_ID,
    );
    const sync = { ...member, protocolType: null, protocolName: null, assignments: [] };
    assert.equal((await coordinator.syncGroup(sync)).errorCode, INVALID_GROUP_ID);
    assert.equal(await coordinator.heartbeat(member), INVALID_GROUP_ID);
    assert.equal((await coordinator.leaveGroup({ groupId: '', members: [] })).errorCode, INVALID_GROUP_ID);
    assert.equal((await coordinator.deleteOffsets({ groupId: '', topics: [] })).errorCode, INVALID_GROUP_ID);
    assert.deepEqual(await coordinator.commitOffsets(commit('', 5), CALLER), [[ErrorCode.NONE]]);
    assert.equal(await committed(coordinator, ''), 5);
    assert.equal(await coordinator.deleteGroup(''), ErrorCode.NONE);
  });

  test('to join with a session timeout out of bounds are refused', async () => {
    const { coordinator } = start();
    for (const sessionTimeoutMs of [-1, 0, 5_999, 1_800_001]) {
      const { errorCode } = await coordinator.joinGroup({ ...defaultJoin, sessionTimeoutMs }, CALLER);
      assert.equal(errorCode, ErrorCode.INVALID_SESSION_TIMEOUT);
    }
  });
});

test('strings that no record can hold are refused', async () => {
  const { coordinator, pass } = start();
  await coordinator.prepare('g');
  const long = 'ü'.repeat(20_000);
  const codeOf = async (command: object) => {
    const join = coordinator.joinGroup({ ...defaultJoin, ...command }, { ...CALLER, apiVersion: 3 });
    await pass(60_000);
    return (await join).errorCode;
  };
  assert.equal(await codeOf({ groupId: long }), ErrorCode.INVALID_GROUP_ID);
  assert.equal(await codeOf({ groupInstanceId: long }), ErrorCode.INVALID_REQUEST);
  assert.equal(await codeOf({ protocolType: long }), ErrorCode.INVALID_REQUEST);
  const protocols = [{ name: long, metadata: Buffer.alloc(0) }];
  assert.equal(await codeOf({ protocols }), ErrorCode.INVALID_REQUEST);
  const committedCodes = await coordinator.commitOffsets(commit(long, 1), CALLER);
  assert.deepEqual(committedCodes, [[ErrorCode.INVALID_GROUP_ID]]);
  const longest = 'ü'.repeat(16_000);
  await coordinator.prepare(longest);
  assert.equal(await codeOf({ groupId: longest, groupInstanceId: longest }), ErrorCode.NONE);
  assert.deepEqual(await coordinator.commitOffsets(commit(`${longest}2`, 1), CALLER), [[ErrorCode.NONE]]);
});

describe('Shards', () => {
  test('share one batch between requests that come together', async () => {
    const { coordinator, logs } = start();
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => coordinator.commitOffsets(commit('g', n, n), CALLER)),
    );
    const batches = logs.partitions.get(coordinator.partitionFor('g'))!;
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [100],
    );
  });

  test('collect what comes while an append is under way', async () => {
    const { coordinator, logs } = start();
    await coordinator.prepare('g');
    logs.heldAppends = [];
    const first = coordinator.commitOffsets(commit('g', 1), CALLER);
    await new Promise(setImmediate);
    const others = [2, 3, 4].map((offset) => coordinator.commitOffsets(commit('g', offset), CALLER));
    await new Promise(setImmediate);
    assert.equal(logs.heldAppends.length, 1);
    logs.heldAppends.pop()!();
    await first;
    assert.equal(await committed(coordinator, 'g'), 1);
    await new Promise(setImmediate);
    logs.heldAppends.pop()!();
    await Promise.all(others);
    assert.equal(await committed(coordinator, 'g'), 4);
    assert.deepEqual(
      logs.partitions.get(coordinator.partitionFor('g'))!.map((batch) => batch.length),
      [1, 3],
    );
  });

  test('split what does not fit into one batch', async () => {
    const { coordinator, logs } = start(new MemoryLogs(), { offsetMetadataMaxBytes: 1_000_000 });
    const large = { ...commit('g', 1) };
    const partitions = large.topics[0]!.partitions.map((each) => ({
      ...each,
      committedMetadata: 'x'.repeat(30_000),
    }));
    const topics = [{ ...large.topics[0]!, partitions }];
    await Promise.all(
      Array.from({ length: 20 }, () => coordinator.commitOffsets({ ...large, topics }, CALLER)),
    );
    const batches = logs.partitions.get(coordinator.partitionFor('g'))!;
    assert.ok(batches.length > 1 && batches.every((batch) => batch.length <= 8));
  });

  test('answer a failed append, and go on', async () => {
    const { coordinator, logs } = start();
    await coordinator.commitOffsets(commit('g', 1), CALLER);
    logs.appendError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'disk full');
    assert.deepEqual(await coordinator.commitOffsets(commit('g', 2), CALLER), [[ErrorCode.NOT_COORDINATOR]]);
    assert.equal(await committed(coordinator, 'g'), 1);
    logs.appendError = undefined;
    assert.deepEqual(await coordinator.commitOffsets(commit('g', 3), CALLER), [[ErrorCode.NONE]]);
    assert.equal(await committed(coordinator, 'g'), 3);
  });

  test('load once however many ask, and again after a failure', async () => {
    const { coordinator, logs } = start();
    logs.openError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'no disk');
    const failed = await Promise.allSettled([coordinator.prepare('g'), committed(coordinator, 'g')]);
    for (const result of failed) {
      assert.ok(result.status === 'rejected');
      assert.equal(result.reason.code, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    }
    assert.equal(logs.openCount, 1);
    logs.openError = undefined;
    await Promise.all([coordinator.prepare('g'), coordinator.prepare('g'), coordinator.prepare('g')]);
    assert.equal(logs.openCount, 2);
  });

  test('are all loaded at the start, and then listed', async () => {
    const { coordinator, logs } = start();
    const groupIds = Array.from({ length: 20 }, (_, n) => `group-${n}`);
    await Promise.all(groupIds.map((groupId) => coordinator.commitOffsets(commit(groupId, 1), CALLER)));
    const restarted = start(logs).coordinator;
    const listed = await restarted.listGroups();
    assert.deepEqual(listed.map(({ groupId }) => groupId).sort(), groupIds.sort());
    assert.deepEqual(listed[0], {
      ...listed[0],
      groupState: 'Empty',
      protocolType: '',
      groupType: 'classic',
    });
    const { openCount } = logs;
    await restarted.start();
    assert.equal(logs.openCount, openCount);
    await restarted.close();
  });

  test('leave out a record that cannot be read', async () => {
    const logs = new MemoryLogs();
    const before = start(logs).coordinator;
    await before.commitOffsets(commit('g', 7), CALLER);
    const batches = logs.partitions.get(before.partitionFor('g'))!;
    batches.push([{ key: Buffer.from('0001ffff', 'hex'), value: Buffer.from('x') }]);
    batches.push([{ key: Buffer.from('0003000167', 'hex'), value: null }]);
    assert.equal(await committed(start(logs).coordinator, 'g'), 7);
  });
});

test('wakes a group at its deadlines', async () => {
  const { coordinator, pass } = start();
  await coordinator.prepare(defaultJoin.groupId);
  const join = coordinator.joinGroup(defaultJoin, { ...CALLER, apiVersion: 3 });
  await pass(3_000);
  const { errorCode, memberId, generationId } = await join;
  assert.equal(errorCode, ErrorCode.NONE);
  const member = { groupId: defaultJoin.groupId, memberId, generationId, groupInstanceId: null };
  assert.equal(coordinator.heartbeat(member), ErrorCode.NONE);
  await pass(9_000);
  assert.equal(coordinator.heartbeat(member), ErrorCode.NONE);
  await pass(10_000);
  assert.equal(coordinator.heartbeat(member), ErrorCode.UNKNOWN_MEMBER_ID);
});

test('looks for expired offsets again and again', async () => {
  const { coordinator, pass } = start(new MemoryLogs(), { offsetsRetentionMs: 1_000_000 });
  await coordinator.start();
  await coordinator.commitOffsets(commit('g', 5), CALLER);
  await pass(600_000);
  assert.equal(await committed(coordinator, 'g'), 5);
  await pass(600_000);
  assert.equal(await committed(coordinator, 'g'), -1);
});

test('forgets a deleted topic in every group, after the commits that are under way', async () => {
  const { coordinator, logs } = start();
  const groupIds = ['a', 'b', 'c'];
  await Promise.all(groupIds.map((groupId) => coordinator.commitOffsets(commit(groupId, 1), CALLER)));
  const late = coordinator.commitOffsets(commit('a', 2, 1), CALLER);
  await coordinator.onTopicDeleted('topic', ZERO_UUID);
  await late;
  for (const { coordinator: each } of [{ coordinator }, start(logs)]) {
    for (const groupId of groupIds) assert.equal(await committed(each, groupId), -1);
    assert.equal(await committed(each, 'a', 1), -1);
  }
});

test('a stop answers those who wait and leaves no timer behind', async () => {
  const { coordinator, planned } = start();
  await coordinator.start();
  const join = coordinator.joinGroup(defaultJoin, { ...CALLER, apiVersion: 3 });
  await new Promise(setImmediate);
  const commitUnderWay = coordinator.commitOffsets(commit('other', 1), CALLER);
  await new Promise(setImmediate);
  await coordinator.close();
  assert.equal((await join).errorCode, ErrorCode.NOT_COORDINATOR);
  assert.deepEqual(await commitUnderWay, [[ErrorCode.NONE]]);
  assert.equal(planned.size, 0);
  await assert.rejects(async () => coordinator.heartbeat({ ...defaultJoin, generationId: 1 }), {
    code: ErrorCode.NOT_COORDINATOR,
  });
});
