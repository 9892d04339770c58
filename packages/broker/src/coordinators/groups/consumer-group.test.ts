import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  ErrorCode,
  encodeVersioned,
  KafkaError,
} from '@moldau/protocol';
import type { ConsumerGroupConfig } from './group-config.ts';
import { beat, describeGroup, TestingConsumer } from './testing-consumer.ts';
import { GROUP, SimulatedShard } from './testing-shard.ts';

const INTERVAL_MS = 1_000;

function start(config: Partial<ConsumerGroupConfig> = {}, partitionCount = 4) {
  const simulated = new SimulatedShard({ initialRebalanceDelayMs: 0 }, config);
  const topicId = simulated.topics.create('t', partitionCount);
  return { simulated, topicId };
}

/** Everybody heartbeats until nothing changes any more. */
async function settle(...members: TestingConsumer[]): Promise<void> {
  const { simulated } = members[0]!;
  for (let round = 0; round < 8; round++) {
    await simulated.pass(INTERVAL_MS);
    for (const member of members) assert.equal(await member.step(), ErrorCode.NONE);
  }
}

function count({ owned }: TestingConsumer): number {
  return owned.size;
}

function subscription(...topics: string[]): Buffer {
  return encodeVersioned(consumerProtocolSubscription, { topics }, 1);
}

describe('members', () => {
  test('share the partitions, each given up by one before the other gets it', async () => {
    const { simulated, topicId } = start();
    const [a, b] = [new TestingConsumer(simulated, 'a'), new TestingConsumer(simulated, 'b')];
    await a.step();
    assert.equal(count(a), 4);
    a.isSlow = true;
    await simulated.pass(INTERVAL_MS);
    await b.step();
    assert.equal(describeGroup(simulated).groupState, 'Reconciling');
    await a.step();
    await b.step();
    assert.deepEqual([count(a), count(b)], [4, 0]);
    a.isSlow = false;
    await settle(a, b);
    assert.deepEqual([count(a), count(b)], [2, 2]);
    assert.equal(describeGroup(simulated).groupState, 'Stable');
    assert.ok([...a.owned, ...b.owned].every((each) => each.startsWith(topicId)));
  });

  test('come more often while there are steps to be taken', async () => {
    const { simulated } = start();
    const [a, b] = [new TestingConsumer(simulated, 'a'), new TestingConsumer(simulated, 'b')];
    await a.step();
    assert.equal(a.heartbeatIntervalMs, 5_000);
    await b.step();
    assert.equal(b.heartbeatIntervalMs, 500);
    await settle(a, b);
    assert.deepEqual([a.heartbeatIntervalMs, b.heartbeatIntervalMs], [5_000, 5_000]);
  });

  test('that are silent are given up, and the others get what they had', async () => {
    const { simulated } = start();
    const [a, b] = [new TestingConsumer(simulated, 'a'), new TestingConsumer(simulated, 'b')];
    await a.step();
    await settle(a, b);
    for (let second = 0; second < 46; second++) {
      await simulated.pass(1_000);
      await a.step();
    }
    await settle(a);
    assert.equal(count(a), 4);
    assert.equal(await b.step(), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('that do not give up partitions in time are thrown out', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a', { rebalanceTimeoutMs: 5_000 });
    const b = new TestingConsumer(simulated, 'b');
    await a.step();
    a.isSlow = true;
    await simulated.pass(INTERVAL_MS);
    await b.step();
    for (let second = 0; second < 8; second++) {
      await simulated.pass(1_000);
      await a.step();
      await b.step();
      if (!a.isJoined) break;
    }
    assert.ok(!a.isJoined);
    await settle(b);
    assert.equal(count(b), 4);
  });

  test('are fenced by epochs that are not theirs, but not when an answer was lost', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    await simulated.pass(INTERVAL_MS);
    simulated.topics.grow('t', 6);
    const before = a.memberEpoch;
    await a.step();
    assert.equal(a.memberEpoch, before + 1);
    const late = beat(simulated, { memberId: 'a', memberEpoch: before, topicPartitions: [] });
    await simulated.pass(0);
    assert.equal(late.answer?.errorCode, ErrorCode.NONE);
    assert.equal(
      beat(simulated, { memberId: 'a', memberEpoch: before }).answer?.errorCode,
      ErrorCode.FENCED_MEMBER_EPOCH,
    );
    assert.equal(
      beat(simulated, { memberId: 'a', memberEpoch: 99 }).answer?.errorCode,
      ErrorCode.FENCED_MEMBER_EPOCH,
    );
  });

  test('are not let in beyond group.consumer.max.size', async () => {
    const { simulated } = start({ maxSize: 1 });
    await new TestingConsumer(simulated, 'a').step();
    const b = new TestingConsumer(simulated, 'b');
    assert.equal(await b.step(), ErrorCode.GROUP_MAX_SIZE_REACHED);
  });

  test('that are static keep their partitions while they are away', async () => {
    const { simulated } = start();
    const first = new TestingConsumer(simulated, 'a', { instanceId: 'i' });
    const other = new TestingConsumer(simulated, 'b');
    await first.step();
    await settle(first, other);
    const mine = [...first.owned].sort();
    const second = new TestingConsumer(simulated, 'c', { instanceId: 'i' });
    assert.equal(await second.step(), ErrorCode.UNRELEASED_INSTANCE_ID);
    await first.step({ memberEpoch: -2 });
    const { groupEpoch } = describeGroup(simulated);
    await second.step();
    assert.deepEqual([...second.owned].sort(), mine);
    assert.equal(describeGroup(simulated).groupEpoch, groupEpoch);
    assert.equal(await first.step(), ErrorCode.FENCED_INSTANCE_ID);
  });

  test('get another target at most once in an assignment interval', async () => {
    const { simulated } = start();
    const [a, b] = [new TestingConsumer(simulated, 'a'), new TestingConsumer(simulated, 'b')];
    await a.step();
    await b.step();
    assert.equal(describeGroup(simulated).groupState, 'Assigning');
    await simulated.pass(INTERVAL_MS);
    await b.step();
    assert.equal(describeGroup(simulated).groupState, 'Reconciling');
  });
});

describe('topics', () => {
  test('that come, grow and go change the assignment', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a', { topics: ['t', 'u'] });
    await a.step();
    assert.equal(count(a), 4);
    simulated.topics.create('u', 2);
    await settle(a);
    assert.equal(count(a), 6);
    simulated.topics.grow('t', 5);
    await settle(a);
    assert.equal(count(a), 7);
    simulated.topics.remove('t');
    await settle(a);
    assert.equal(count(a), 2);
  });

  test('that do not concern a group leave it alone', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a');
    await settle(a);
    const { length } = simulated.log;
    simulated.topics.create('other', 1);
    await settle(a);
    assert.equal(simulated.log.length, length);
  });

  test('are found by expressions, newer ones after a while', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a', { topics: null, regex: 'x[0-9]+' });
    simulated.topics.create('x1', 2);
    await a.step();
    await settle(a);
    assert.equal(count(a), 2);
    simulated.topics.create('x2', 3);
    await simulated.pass(10_000);
    await settle(a);
    assert.equal(count(a), 5);
    a.options.topics = ['t'];
    await a.step({ subscribedTopicRegex: '', subscribedTopicNames: ['t'] });
    await settle(a);
    assert.equal(count(a), 4);
  });

  test('are not found by expressions that cannot be read', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a', { topics: null, regex: 'a(?=b)' });
    assert.equal(await a.step(), ErrorCode.INVALID_REGULAR_EXPRESSION);
    assert.match(a.lastError, /invalid or unsupported Perl syntax/);
    assert.equal(describeGroup(simulated).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
  });
});

describe('the log', () => {
  test('brings a group back as it was', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a', { instanceId: 'i', assignor: 'range' });
    const b = new TestingConsumer(simulated, 'b', { topics: null, regex: 't.*' });
    await a.step();
    await settle(a, b);
    const before = describeGroup(simulated);
    simulated.restart();
    assert.deepEqual(describeGroup(simulated), before);
    await settle(a, b);
    assert.deepEqual(describeGroup(simulated), before);
  });

  test('holds everything before a member is answered', async () => {
    const { simulated } = start();
    simulated.holdsAppends = true;
    const a = new TestingConsumer(simulated, 'a');
    const first = a.send();
    const again = a.send();
    await simulated.pass(0);
    assert.deepEqual([first.isAnswered, again.isAnswered], [false, false]);
    simulated.commit(1);
    assert.equal(first.answer?.errorCode, ErrorCode.NONE);
    simulated.commit();
    assert.equal(again.answer?.errorCode, ErrorCode.NONE);
  });

  test('gets what it refused with the next heartbeat', async () => {
    const { simulated } = start();
    simulated.holdsAppends = true;
    const a = new TestingConsumer(simulated, 'a');
    const refused = a.send();
    simulated.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
    assert.equal(refused.answer?.errorCode, ErrorCode.NOT_COORDINATOR);
    simulated.holdsAppends = false;
    await a.step();
    const before = describeGroup(simulated);
    simulated.restart();
    assert.deepEqual(describeGroup(simulated), before);
    assert.equal(before.groupState, 'Stable');
  });

  test('forgets a group that is deleted', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    const codes: number[] = [];
    simulated.shard.deleteGroup(GROUP, (code) => codes.push(code));
    await a.step({ memberEpoch: -1 });
    simulated.shard.deleteGroup(GROUP, (code) => codes.push(code));
    await simulated.pass(0);
    assert.deepEqual(codes, [ErrorCode.NON_EMPTY_GROUP, ErrorCode.NONE]);
    simulated.restart();
    assert.equal(describeGroup(simulated).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
    assert.deepEqual(simulated.shard.listGroups(), []);
  });
});

describe('offsets', () => {
  test('are committed by members in their epoch, or of what has been their own since', async () => {
    const { simulated, topicId } = start();
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    const commit = (generationId: number, memberId = 'a') => {
      const options = { memberId, generationId, topic: 't', topicId, apiVersion: 9 };
      return simulated.commitOffset(1, options);
    };
    const codeOf = async (generationId: number, memberId?: string) => {
      const asked = commit(generationId, memberId);
      await simulated.pass(0);
      return asked.answer?.[0]?.[0];
    };
    const epoch = a.memberEpoch;
    assert.equal(await codeOf(epoch), ErrorCode.NONE);
    assert.equal(await codeOf(epoch - 1), ErrorCode.STALE_MEMBER_EPOCH);
    assert.equal(await codeOf(epoch + 1), ErrorCode.STALE_MEMBER_EPOCH);
    assert.equal(await codeOf(epoch, 'b'), ErrorCode.UNKNOWN_MEMBER_ID);
    await simulated.pass(INTERVAL_MS);
    simulated.topics.grow('t', 5);
    await a.step();
    assert.equal(a.memberEpoch, epoch + 1);
    assert.equal(await codeOf(epoch), ErrorCode.NONE);
  });

  test('expire when nobody is subscribed to their topic, and the group with the last', async () => {
    const { simulated } = start();
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    simulated.commitOffset(5, { memberId: 'a', generationId: a.memberEpoch, topic: 't', apiVersion: 9 });
    simulated.commitOffset(6, { memberId: 'a', generationId: a.memberEpoch, topic: 'old', apiVersion: 9 });
    await simulated.pass(0);
    const offsetsOf = () => ['t', 'old'].map((topic) => simulated.committedOffset(topic));
    const retain = async () => {
      await simulated.pass(simulated.config.offsetsRetentionMs);
      simulated.shard.expireOffsets();
      await simulated.pass(0);
    };
    await settle(a);
    simulated.shard.expireOffsets();
    await simulated.pass(0);
    assert.deepEqual(offsetsOf(), [5, 6]);
    await retain();
    assert.deepEqual(offsetsOf(), [-1, -1], 'its session had ended');
    assert.equal(describeGroup(simulated).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
  });
});

describe('classic members', () => {
  async function classicGroup(simulated: SimulatedShard) {
    const join = simulated.join({ protocols: [{ name: 'range', metadata: subscription('t') }] });
    await simulated.pass(1);
    const { memberId, generationId } = join.answer!;
    const assignment = encodeVersioned(
      consumerProtocolAssignment,
      { assignedPartitions: [{ topic: 't', partitions: [0, 1, 2, 3] }] },
      1,
    );
    simulated.sync({ memberId, generationId, assignments: [{ memberId, assignment }] });
    await simulated.pass(0);
    return { memberId, generationId };
  }

  function partitionsOf(assignment: Buffer | undefined): number[] {
    const { assignedPartitions } = consumerProtocolAssignment.decode(assignment!, 1, 2);
    return assignedPartitions.flatMap(({ partitions }) => partitions).sort();
  }

  test('keep their partitions when a member of the consumer protocol joins, and share them step by step', async () => {
    const { simulated } = start();
    const { memberId, generationId } = await classicGroup(simulated);
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    assert.equal(describeGroup(simulated).members.length, 2);
    assert.equal(simulated.heartbeat(memberId, generationId), ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoin = async (owned: number[]) => {
      const metadata = encodeVersioned(
        consumerProtocolSubscription,
        { topics: ['t'], ownedPartitions: owned.length === 0 ? [] : [{ topic: 't', partitions: owned }] },
        1,
      );
      const join = simulated.join({ memberId, protocols: [{ name: 'range', metadata }] });
      await simulated.pass(0);
      assert.equal(join.answer?.errorCode, ErrorCode.NONE);
      const sync = simulated.sync({ memberId, generationId: join.answer.generationId });
      await simulated.pass(0);
      assert.equal(sync.answer?.errorCode, ErrorCode.NONE);
      return { generation: join.answer.generationId, mine: partitionsOf(sync.answer.assignment) };
    };
    const first = await rejoin([0, 1, 2, 3]);
    assert.equal(first.generation, generationId);
    assert.equal(first.mine.length, 2);
    assert.equal(simulated.heartbeat(memberId, first.generation), ErrorCode.REBALANCE_IN_PROGRESS);
    const second = await rejoin(first.mine);
    assert.ok(second.generation > generationId);
    assert.equal(simulated.heartbeat(memberId, second.generation), ErrorCode.NONE);
    await a.step();
    assert.equal(count(a), 2);
    simulated.restart();
    assert.equal(simulated.heartbeat(memberId, second.generation), ErrorCode.NONE);
  });

  test('are a classic group again when the others have left', async () => {
    const { simulated } = start();
    const { memberId, generationId } = await classicGroup(simulated);
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    await a.step({ memberEpoch: -1 });
    assert.equal(describeGroup(simulated).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
    assert.equal(simulated.state(), 'PreparingRebalance');
    const join = simulated.join({ memberId, protocols: [{ name: 'range', metadata: subscription('t') }] });
    await simulated.pass(0);
    assert.equal(join.answer?.errorCode, ErrorCode.NONE);
    assert.ok(join.answer.generationId > generationId);
    simulated.restart();
    assert.equal(simulated.shard.listGroups()[0]?.groupType, 'classic');
  });

  test('stay among themselves when the policy says so', async () => {
    const { simulated } = start({ migrationPolicy: 'disabled' });
    const { memberId, generationId } = await classicGroup(simulated);
    const a = new TestingConsumer(simulated, 'a');
    assert.equal(await a.step(), ErrorCode.GROUP_ID_NOT_FOUND);
    assert.match(a.lastError, /online upgrade is disabled/);
    assert.equal(simulated.heartbeat(memberId, generationId), ErrorCode.NONE);
  });

  test('leave, and are given up, as others do', async () => {
    const { simulated } = start();
    const { memberId } = await classicGroup(simulated);
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    const left = simulated.leave({ memberId }, { memberId: 'nobody' });
    await simulated.pass(0);
    assert.deepEqual(
      left.answer?.members.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.UNKNOWN_MEMBER_ID],
    );
    await settle(a);
    assert.equal(count(a), 4);
  });

  test('that do not join again in time are given up', async () => {
    const { simulated } = start();
    const { memberId, generationId } = await classicGroup(simulated);
    const a = new TestingConsumer(simulated, 'a');
    await a.step();
    for (let second = 0; second < 32; second++) {
      simulated.heartbeat(memberId, generationId);
      await simulated.pass(1_000);
      await a.step();
    }
    assert.equal(describeGroup(simulated).members.length, 1);
  });
});
