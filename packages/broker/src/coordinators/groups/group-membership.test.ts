import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { GROUP, SimulatedShard } from './testing-shard.ts';

const protocol = (name: string, metadata = '') => ({ name, metadata: Buffer.from(metadata) });

async function twoMembers(config = {}) {
  const group = new SimulatedShard(config);
  const [leader, follower] = await group.stableGroup(2);
  return { group, leader: leader!, follower: follower! };
}

describe('JoinGroup', () => {
  test('starts the first generation after the initial delay, and tells only the leader of the members', async () => {
    const group = new SimulatedShard();
    const first = group.join();
    await group.pass(2_999);
    assert.ok(!first.isAnswered);
    assert.equal(group.state(), 'PreparingRebalance');
    await group.pass(1);
    assert.equal(first.answer?.errorCode, ErrorCode.NONE);
    assert.equal(first.answer?.generationId, 1);
    assert.equal(first.answer?.leader, first.answer?.memberId);
    assert.equal(first.answer?.protocolName, 'range');
    assert.deepEqual(
      first.answer?.members.map(({ memberId, metadata }) => [memberId, metadata.toString()]),
      [[first.answer?.memberId, 'range of nobody']],
    );
    assert.equal(group.state(), 'CompletingRebalance');
  });

  test('prolongs the initial delay while members keep coming, up to the rebalance timeout', async () => {
    const group = new SimulatedShard();
    const joins = [group.join({ rebalanceTimeoutMs: 10_000 })];
    for (let second = 1; second < 10; second++) {
      await group.pass(1_000);
      joins.push(group.join({ rebalanceTimeoutMs: 10_000 }));
    }
    assert.ok(joins.every(({ isAnswered }) => !isAnswered));
    await group.pass(1_000);
    assert.ok(joins.every(({ answer }) => answer?.generationId === 1));
    assert.equal(joins.filter(({ answer }) => answer!.members.length === 10).length, 1);
  });

  test('gives a new member its id first when the client knows that round', async () => {
    const group = new SimulatedShard();
    const first = group.join({}, { apiVersion: 4, clientId: 'app' });
    assert.equal(first.answer?.errorCode, ErrorCode.MEMBER_ID_REQUIRED);
    assert.equal(first.answer?.memberId, 'app-1');
    assert.equal(group.state(), 'Empty');
    const second = group.join({ memberId: 'app-1' }, { apiVersion: 4 });
    await group.pass(3_000);
    assert.equal(second.answer?.generationId, 1);
    assert.equal(second.answer?.memberId, 'app-1');
  });

  test('forgets an id that nobody came back with after the session timeout', async () => {
    const group = new SimulatedShard();
    const first = group.join({}, { apiVersion: 4 });
    await group.pass(10_000);
    const late = group.join({ memberId: first.answer!.memberId }, { apiVersion: 4 });
    assert.equal(late.answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('waits in a rebalance for an id that was given out', async () => {
    const { group, leader, follower } = await twoMembers();
    const pending = group.join({}, { apiVersion: 4 }).answer!.memberId;
    group.join({ memberId: leader.memberId });
    const rejoin = group.join({ memberId: follower.memberId });
    assert.ok(!rejoin.isAnswered);
    const joined = group.join({ memberId: pending }, { apiVersion: 4 });
    assert.equal(rejoin.answer?.generationId, 2);
    assert.equal(joined.answer?.generationId, 2);
  });

  test('refuses an id nobody has, in a group that exists and in one that does not', async () => {
    const { group } = await twoMembers();
    assert.equal(group.join({ memberId: 'x' }).answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
    const other = group.join({ memberId: 'x', groupId: 'other' });
    assert.equal(other.answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(group.state('other'), 'Dead');
  });

  test('refuses members that share no protocol with the group', async () => {
    const { group } = await twoMembers();
    const { INCONSISTENT_GROUP_PROTOCOL } = ErrorCode;
    const code = (command: object) => group.join(command).answer?.errorCode;
    assert.equal(code({ protocols: [protocol('sticky')] }), INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ protocolType: 'connect' }), INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ protocols: [] }), INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ groupId: 'new', protocols: [] }), INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ groupId: 'new', protocolType: '' }), INCONSISTENT_GROUP_PROTOCOL);
  });

  test('selects by votes among the protocols that all members know', async () => {
    const group = new SimulatedShard();
    const lists = [
      ['sticky', 'range', 'robin'],
      ['range', 'robin'],
      ['robin', 'range', 'sticky'],
      ['robin', 'range'],
      ['robin', 'range'],
    ];
    const joins = lists.map((names) => group.join({ protocols: names.map((name) => protocol(name, name)) }));
    await group.pass(10_000);
    assert.ok(joins.every(({ answer }) => answer?.protocolName === 'robin'));
    const leader = joins.find(({ answer }) => answer!.members.length > 0)!.answer!;
    assert.ok(leader.members.every(({ metadata }) => metadata.toString() === 'robin'));
  });

  test('counts a protocol named twice by one member once', async () => {
    const group = new SimulatedShard();
    const twice = group.join({ protocols: [protocol('sticky'), protocol('sticky'), protocol('range')] });
    const once = group.join({ protocols: [protocol('range')] });
    await group.pass(10_000);
    assert.equal(twice.answer?.protocolName, 'range');
    assert.equal(once.answer?.protocolName, 'range');
  });

  test('starts a rebalance when a member comes, and ends it when all have rejoined', async () => {
    const { group, leader, follower } = await twoMembers();
    const third = group.join();
    assert.equal(group.state(), 'PreparingRebalance');
    assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
    const joins = [
      third,
      group.join({ memberId: follower.memberId }),
      group.join({ memberId: leader.memberId }),
    ];
    for (const { answer } of joins) {
      assert.equal(answer?.generationId, 2);
      assert.equal(answer?.leader, leader.memberId);
    }
  });

  test('gives up members that do not rejoin within the rebalance timeout, and elects another leader', async () => {
    const { group, leader, follower } = await twoMembers();
    const third = group.join();
    const rejoin = group.join({ memberId: follower.memberId });
    for (let second = 0; second < 29; second++) {
      await group.pass(1_000);
      assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
    }
    assert.ok(!rejoin.isAnswered);
    await group.pass(1_000);
    assert.equal(rejoin.answer?.leader, follower.memberId);
    assert.deepEqual(
      rejoin.answer?.members.map(({ memberId }) => memberId),
      [follower.memberId, third.answer?.memberId],
    );
    assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('rebalances a stable group when its leader rejoins, but not for a follower that changed nothing', async () => {
    const { group, leader, follower } = await twoMembers();
    const again = group.join({ memberId: follower.memberId });
    assert.equal(again.answer?.generationId, 1);
    assert.deepEqual(again.answer?.members, []);
    assert.equal(group.state(), 'Stable');
    group.join({ memberId: leader.memberId });
    assert.equal(group.state(), 'PreparingRebalance');
  });

  test('rebalances a stable group when a follower changes its metadata', async () => {
    const { group, follower } = await twoMembers();
    group.join({ memberId: follower.memberId, protocols: [protocol('range', 'other topics')] });
    assert.equal(group.state(), 'PreparingRebalance');
  });

  test('repeats its answer to a member that missed it, as long as assignments are awaited', async () => {
    const group = new SimulatedShard();
    const join = group.join();
    await group.pass(3_000);
    const again = group.join({ memberId: join.answer!.memberId });
    assert.deepEqual(again.answer, join.answer);
    const changed = group.join({ memberId: join.answer!.memberId, protocols: [protocol('range', 'new')] });
    assert.equal(changed.answer?.generationId, 2);
  });

  test('tells an older JoinGroup of the same member to come again', async () => {
    const { group, leader } = await twoMembers();
    const older = group.join({ memberId: leader.memberId });
    const newer = group.join({ memberId: leader.memberId });
    assert.equal(older.answer?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
    assert.ok(!newer.isAnswered);
  });

  test('takes no more members than group.max.size', async () => {
    const { group, leader, follower } = await twoMembers({ maxSize: 2 });
    const { GROUP_MAX_SIZE_REACHED } = ErrorCode;
    assert.equal(group.join().answer?.errorCode, GROUP_MAX_SIZE_REACHED);
    group.join({ memberId: leader.memberId });
    const another = group.join();
    assert.ok(!another.isAnswered);
    const tooLate = group.join({ memberId: follower.memberId });
    assert.equal(tooLate.answer?.errorCode, GROUP_MAX_SIZE_REACHED);
    assert.equal(another.answer!.generationId, 2);
  });

  test('gives up a new member that waits longer than five minutes', async () => {
    const { group, leader, follower } = await twoMembers();
    group.join({ memberId: leader.memberId, rebalanceTimeoutMs: 10 * 60_000 });
    const added = group.join();
    for (let second = 0; second < 300; second += 6) {
      assert.ok(!added.isAnswered);
      await group.pass(6_000);
      group.heartbeat(follower.memberId, 1);
    }
    assert.equal(added.answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  });
});

describe('SyncGroup', () => {
  test('hands out assignments when they are committed, and not before', async () => {
    const group = new SimulatedShard();
    const joins = [group.join(), group.join()];
    await group.pass(9_000);
    const [leader, follower] = joins.map(({ answer }) => answer!.memberId);
    group.holdsAppends = true;
    const following = group.sync({ memberId: follower! });
    const leading = group.sync({
      memberId: leader!,
      assignments: [{ memberId: follower!, assignment: Buffer.from('all') }],
    });
    await group.pass(100);
    assert.ok(!following.isAnswered);
    assert.ok(!leading.isAnswered);
    assert.equal(group.state(), 'CompletingRebalance');
    group.commit();
    assert.equal(following.answer?.assignment.toString(), 'all');
    assert.equal(following.answer?.protocolName, 'range');
    assert.equal(following.answer?.protocolType, 'consumer');
    assert.equal(leading.answer?.assignment.length, 0);
    assert.equal(group.state(), 'Stable');
  });

  test('repeats the assignment in a stable group', async () => {
    const { group, follower } = await twoMembers();
    const sync = group.sync({ memberId: follower.memberId });
    assert.equal(sync.answer?.assignment.toString(), follower.memberId);
  });

  test('refuses other generations, other protocols, strangers, and members of a group that prepares a rebalance', async () => {
    const { group, leader } = await twoMembers();
    const { memberId } = leader;
    const code = (command: object) => group.sync({ memberId, ...command }).answer?.errorCode;
    assert.equal(code({ generationId: 0 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(code({ generationId: 2 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(code({ protocolName: 'sticky' }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ protocolType: 'connect' }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(code({ memberId: 'x' }), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(code({ groupId: 'other' }), ErrorCode.UNKNOWN_MEMBER_ID);
    group.join();
    assert.equal(code({}), ErrorCode.REBALANCE_IN_PROGRESS);
  });

  test('sends waiting members back to JoinGroup when a new member comes before the leader', async () => {
    const group = new SimulatedShard();
    const joins = [group.join(), group.join()];
    await group.pass(9_000);
    const sync = group.sync({ memberId: joins[1]!.answer!.memberId });
    group.join();
    assert.equal(sync.answer?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
    assert.equal(group.state(), 'PreparingRebalance');
  });

  test('drops members that do not ask for their assignment within the rebalance timeout', async () => {
    const group = new SimulatedShard();
    const joins = [group.join(), group.join()];
    await group.pass(9_000);
    const [leader, follower] = joins.map(({ answer }) => answer!.memberId);
    group.sync({ memberId: leader! });
    for (let second = 0; second < 30; second++) {
      group.heartbeat(leader!, 1);
      group.heartbeat(follower!, 1);
      await group.pass(1_000);
    }
    assert.equal(group.state(), 'PreparingRebalance');
    assert.equal(group.heartbeat(follower!, 1), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(group.join({ memberId: leader! }).answer?.generationId, 2);
  });

  test('rebalances when the assignment cannot be written', async () => {
    const group = new SimulatedShard();
    const join = group.join();
    await group.pass(3_000);
    group.holdsAppends = true;
    const sync = group.sync({ memberId: join.answer!.memberId });
    group.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
    assert.equal(sync.answer?.errorCode, ErrorCode.NOT_COORDINATOR);
    assert.equal(group.state(), 'PreparingRebalance');
    assert.equal(group.join({ memberId: join.answer!.memberId }).answer?.generationId, 2);
  });

  test('drops an assignment that a rebalance has overtaken while it was written', async () => {
    const group = new SimulatedShard();
    const join = group.join();
    await group.pass(3_000);
    group.holdsAppends = true;
    const sync = group.sync({ memberId: join.answer!.memberId });
    group.join();
    assert.equal(sync.answer?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
    group.commit();
    assert.equal(group.state(), 'PreparingRebalance');
  });
});

describe('Heartbeat', () => {
  test('keeps a member for as long as it comes in time', async () => {
    const { group, leader, follower } = await twoMembers();
    for (let count = 0; count < 10; count++) {
      await group.pass(9_999);
      assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.NONE);
      assert.equal(group.heartbeat(follower.memberId, 1), ErrorCode.NONE);
    }
    await group.pass(5_000);
    group.heartbeat(leader.memberId, 1);
    await group.pass(5_000);
    assert.equal(group.heartbeat(follower.memberId, 1), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
  });

  test('refuses strangers, other generations and other groups', async () => {
    const { group, leader } = await twoMembers();
    assert.equal(group.heartbeat('x', 1), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(group.heartbeat(leader.memberId, 0), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(group.heartbeat(leader.memberId, 2), ErrorCode.ILLEGAL_GENERATION);
    const other = { groupId: 'other', memberId: 'x', generationId: 1, groupInstanceId: null };
    assert.equal(group.shard.heartbeat(other), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('counts a commit as a sign of life', async () => {
    const { group, leader } = await twoMembers();
    await group.pass(8_000);
    group.commitOffset(5, { memberId: leader.memberId, generationId: 1 });
    await group.pass(8_000);
    assert.notEqual(group.heartbeat(leader.memberId, 1), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('does not expire members that wait for a rebalance, and expires them after it', async () => {
    const { group, leader, follower } = await twoMembers();
    const rejoin = group.join({ memberId: leader.memberId });
    for (let second = 0; second < 25; second++) {
      await group.pass(1_000);
      group.heartbeat(follower.memberId, 1);
    }
    group.join({ memberId: follower.memberId });
    assert.equal(rejoin.answer?.generationId, 2);
    await group.pass(10_000);
    assert.equal(group.state(), 'Empty');
  });
});

describe('LeaveGroup', () => {
  test('empties the group when the last member leaves, and answers when the log knows', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup(1);
    group.holdsAppends = true;
    const left = group.leave({ memberId: leader!.memberId });
    assert.ok(!left.isAnswered);
    group.commit();
    assert.equal(left.answer?.errorCode, ErrorCode.NONE);
    assert.equal(group.state(), 'Empty');
    group.restart();
    assert.equal(group.state(), 'Empty');
    assert.equal(group.shard.describeGroup(GROUP).protocolType, 'consumer');
  });

  test('rebalances those who stay', async () => {
    const { group, leader, follower } = await twoMembers();
    group.leave({ memberId: leader.memberId });
    assert.equal(group.heartbeat(follower.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoin = group.join({ memberId: follower.memberId });
    assert.equal(rejoin.answer?.leader, follower.memberId);
  });

  test('completes a rebalance that waited only for the one that leaves', async () => {
    const { group, leader, follower } = await twoMembers();
    const rejoin = group.join({ memberId: leader.memberId });
    group.leave({ memberId: follower.memberId });
    assert.equal(rejoin.answer?.generationId, 2);
  });

  test('answers each member for itself', async () => {
    const { group, leader, follower } = await twoMembers();
    const { answer } = group.leave(
      { memberId: leader.memberId },
      { memberId: 'x' },
      { groupInstanceId: 'nobody' },
    );
    assert.deepEqual(
      answer?.members.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID],
    );
    assert.equal(group.heartbeat(follower.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
  });

  test('knows no members of a group that does not exist', () => {
    const group = new SimulatedShard();
    assert.equal(group.leave({ memberId: 'x' }).answer?.members[0]?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('takes back an id that was given out', async () => {
    const group = new SimulatedShard();
    const { memberId } = group.join({}, { apiVersion: 4 }).answer!;
    const left = group.leave({ memberId });
    await group.pass(0);
    assert.equal(left.answer?.members[0]?.errorCode, ErrorCode.NONE);
    assert.equal(group.join({ memberId }).answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  });
});

describe('Static members', () => {
  const instance = (index: number) => ({ groupInstanceId: `instance-${index}` });

  test('restart without a rebalance, keep their assignment, and fence their former self', async () => {
    const group = new SimulatedShard();
    const [leader, follower] = await group.stableGroup(2, instance);
    const groupInstanceId = 'instance-1';
    const restarted = group.join({ groupInstanceId }, { apiVersion: 9 });
    await group.pass(0);
    const { answer } = restarted;
    assert.equal(answer?.errorCode, ErrorCode.NONE);
    assert.equal(answer?.generationId, 1);
    assert.equal(answer?.skipAssignment, false);
    assert.notEqual(answer?.memberId, follower!.memberId);
    assert.equal(group.state(), 'Stable');
    const sync = group.sync({ memberId: answer!.memberId, groupInstanceId });
    assert.equal(sync.answer?.assignment.toString(), follower!.memberId);

    const { FENCED_INSTANCE_ID } = ErrorCode;
    const former = { memberId: follower!.memberId, groupInstanceId };
    assert.equal(group.heartbeat(former.memberId, 1, groupInstanceId), FENCED_INSTANCE_ID);
    assert.equal(group.join(former).answer?.errorCode, FENCED_INSTANCE_ID);
    assert.equal(group.sync(former).answer?.errorCode, FENCED_INSTANCE_ID);
    assert.equal(group.leave(former).answer?.members[0]?.errorCode, FENCED_INSTANCE_ID);
    const commit = group.commitOffset(1, { ...former, generationId: 1 });
    assert.equal(commit.answer?.[0]?.[0], FENCED_INSTANCE_ID);
    assert.equal(group.heartbeat(leader!.memberId, 1, 'instance-0'), ErrorCode.NONE);

    group.restart();
    assert.equal(group.heartbeat(answer!.memberId, 1, groupInstanceId), ErrorCode.NONE);
  });

  test('a leader that restarts is told to skip the assignment, or that somebody else leads', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup(2, instance);
    const newer = group.join({ groupInstanceId: 'instance-0' }, { apiVersion: 9 });
    await group.pass(0);
    assert.equal(newer.answer?.skipAssignment, true);
    assert.equal(newer.answer?.leader, newer.answer?.memberId);
    assert.equal(newer.answer?.members.length, 2);
    const older = group.join({ groupInstanceId: 'instance-0' }, { apiVersion: 8 });
    await group.pass(0);
    assert.equal(older.answer?.skipAssignment, false);
    assert.equal(older.answer?.leader, newer.answer?.memberId);
    assert.deepEqual(older.answer?.members, []);
    assert.notEqual(leader?.memberId, older.answer?.memberId);
  });

  test('rebalance when a restarted one changes the protocol that would be selected', async () => {
    const group = new SimulatedShard();
    const protocols = [protocol('range'), protocol('sticky')];
    await group.stableGroup(1, () => ({ groupInstanceId: 'instance-0', protocols }));
    const changed = group.join({
      groupInstanceId: 'instance-0',
      protocols: [protocol('sticky'), protocol('range')],
    });
    assert.equal(changed.answer?.generationId, 2);
    assert.equal(changed.answer?.protocolName, 'sticky');
  });

  test('rebalance when one restarts between JoinGroup and SyncGroup', async () => {
    const group = new SimulatedShard();
    const joins = [group.join(instance(0)), group.join(instance(1))];
    await group.pass(9_000);
    const follower = group.sync({ memberId: joins[1]!.answer!.memberId, ...instance(1) });
    const restarted = group.join(instance(0));
    assert.equal(follower.answer?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
    group.join({ memberId: joins[1]!.answer!.memberId, ...instance(1) });
    assert.equal(restarted.answer?.generationId, 2);
  });

  test('fence a JoinGroup of the former self that still waits', async () => {
    const group = new SimulatedShard();
    const first = group.join(instance(0));
    const second = group.join(instance(0));
    assert.equal(first.answer?.errorCode, ErrorCode.FENCED_INSTANCE_ID);
    await group.pass(9_000);
    assert.equal(second.answer?.generationId, 1);
  });

  test('stay members when they miss a rebalance, until their session ends', async () => {
    const group = new SimulatedShard();
    const [leader, follower] = await group.stableGroup(2, instance);
    const long = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5_000 };
    group.join({ memberId: leader!.memberId, ...instance(0), ...long });
    group.join({ memberId: follower!.memberId, ...instance(1), ...long });
    group.sync({ memberId: leader!.memberId, ...instance(0), generationId: 2 });
    group.sync({ memberId: follower!.memberId, ...instance(1), generationId: 2 });
    await group.pass(0);
    const rejoin = group.join({ memberId: leader!.memberId, ...instance(0), ...long });
    await group.pass(5_000);
    assert.equal(rejoin.answer?.generationId, 3);
    assert.equal(rejoin.answer?.members.length, 2);
  });

  test('are removed by an administrator by name', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup(2, instance);
    const { answer } = group.leave({ groupInstanceId: 'instance-1' });
    assert.equal(answer?.members[0]?.errorCode, ErrorCode.NONE);
    assert.equal(group.heartbeat(leader!.memberId, 1, 'instance-0'), ErrorCode.REBALANCE_IN_PROGRESS);
    const unknown = group.leave({ groupInstanceId: 'nobody' });
    assert.equal(unknown.answer?.members[0]?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('get their place back when the new one could not be written', async () => {
    const group = new SimulatedShard();
    const [leader] = await group.stableGroup(1, instance);
    group.holdsAppends = true;
    const restarted = group.join(instance(0));
    group.fail(new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS));
    assert.equal(restarted.answer?.errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.equal(group.heartbeat(leader!.memberId, 1, 'instance-0'), ErrorCode.NONE);
  });
});

describe('After a restart', () => {
  test('members of a stable group keep their assignment and go on', async () => {
    const { group, leader, follower } = await twoMembers();
    group.restart();
    assert.equal(group.state(), 'Stable');
    assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.NONE);
    const sync = group.sync({ memberId: follower.memberId });
    assert.equal(sync.answer?.assignment.toString(), follower.memberId);
    const rejoin = group.join({ memberId: leader.memberId });
    group.join({ memberId: follower.memberId });
    assert.equal(rejoin.answer?.generationId, 2);
    assert.equal(rejoin.answer?.leader, leader.memberId);
  });

  test('members that do not come back are given up after their session timeout', async () => {
    const { group, leader } = await twoMembers();
    group.restart();
    await group.pass(9_000);
    group.heartbeat(leader.memberId, 1);
    await group.pass(1_000);
    assert.equal(group.state(), 'PreparingRebalance');
    assert.equal(group.join({ memberId: leader.memberId }).answer?.members.length, 1);
  });

  test('a group larger than group.max.size has become meanwhile rebalances', async () => {
    const { group, leader } = await twoMembers();
    (group.config as { maxSize: number }).maxSize = 1;
    group.restart();
    assert.equal(group.heartbeat(leader.memberId, 1), ErrorCode.REBALANCE_IN_PROGRESS);
  });
});
