import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { TestingTopics } from '../groups/testing-topics.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import { assignShares } from './share-assignor.ts';
import { defaultShareGroupConfig } from './share-config.ts';
import { ShareGroups, type ShareHeartbeat, type ShareHeartbeatAnswer } from './share-groups.ts';
import { TestingEffects } from './testing-effects.ts';

const TOPICS = new TestingTopics();
const T = TOPICS.create('t', 2);
TOPICS.create('u', 1);

class Shard {
  readonly effects = new TestingEffects();
  readonly deadlines = new Deadlines();
  nowMs = 0;
  readonly groups: ShareGroups;

  constructor(records: TestingEffects['log'] = []) {
    this.groups = new ShareGroups({
      config: { maxSize: 2, maxSessions: 10, of: () => defaultShareGroupConfig },
      clock: { monotonicMs: () => this.nowMs, wallMs: () => 1_700_000_000_000 + this.nowMs },
      ...{ logger: silentLogger, deadlines: this.deadlines, effects: this.effects },
      topics: TOPICS,
      isTaken: (groupId) => groupId === 'classic',
    });
    for (const record of records) assert.equal(this.groups.replay(record), true);
    this.groups.resume();
  }

  beat(
    memberId: string,
    memberEpoch: number,
    topics: string[] | null = null,
    fields: Partial<ShareHeartbeat> = {},
  ) {
    let answered: ShareHeartbeatAnswer | undefined;
    this.groups.heartbeat(
      {
        ...{ groupId: 'g', memberId, memberEpoch, rackId: null, subscribedTopicNames: topics },
        ...{ clientId: 'client', clientHost: '/127.0.0.1', ...fields },
      },
      (answer) => {
        answered = answer;
      },
    );
    assert.ok(answered !== undefined);
    return answered;
  }

  /** Joins, and has the share state made. The member's epoch. */
  join(memberId: string, ...topics: string[]): number {
    let { memberEpoch, toInitialize } = this.beat(memberId, 0, topics);
    if (toInitialize !== null) this.groups.topics.finish('g', toInitialize.topics, true, () => {});
    ({ memberEpoch } = this.beat(memberId, memberEpoch));
    return memberEpoch;
  }

  assigned(memberId: string): string[] {
    const assigned = this.groups.groups.get('g')?.members.get(memberId)?.assigned ?? new Map();
    return Array.from(
      assigned,
      ([topicId, partitions]) => `${topicId === T ? 't' : 'u'}:${[...partitions].sort().join()}`,
    );
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.deadlines.advance(this.nowMs);
  }
}

test('gives a member its partitions once their share state is there', () => {
  const shard = new Shard();
  const first = shard.beat('a', 0, ['t']);
  assert.equal(first.assignment?.size, 0);
  assert.equal(first.heartbeatIntervalMs, 100);
  const { topics, stateEpoch } = first.toInitialize!;
  assert.deepEqual([...topics.values()][0]!.partitions, new Set([0, 1]));
  assert.equal(stateEpoch, first.memberEpoch);
  assert.equal(shard.beat('a', first.memberEpoch).toInitialize, null);
  shard.groups.topics.finish('g', topics, true, () => {});
  const second = shard.beat('a', first.memberEpoch);
  assert.equal(second.memberEpoch, first.memberEpoch + 1);
  assert.equal(second.heartbeatIntervalMs, defaultShareGroupConfig.heartbeatIntervalMs);
  assert.deepEqual(shard.assigned('a'), ['t:0,1']);
  assert.equal(shard.beat('a', second.memberEpoch).assignment, null);
});

test('begins anew when the share state could not be made', () => {
  const shard = new Shard();
  const { toInitialize, memberEpoch } = shard.beat('a', 0, ['t']);
  shard.groups.topics.finish('g', toInitialize!.topics, false, () => {});
  assert.notEqual(shard.beat('a', memberEpoch).toInitialize, null);
});

test('spreads partitions over members, not more often than the interval allows', () => {
  const shard = new Shard();
  const epoch = shard.join('a', 't');
  const other = shard.beat('b', 0, ['t']);
  assert.deepEqual(shard.assigned('b'), []);
  shard.pass(defaultShareGroupConfig.assignmentIntervalMs);
  shard.beat('b', other.memberEpoch);
  shard.beat('a', epoch);
  assert.deepEqual([shard.assigned('a'), shard.assigned('b')], [['t:0'], ['t:1']]);
});

test('refuses who is one too many, unknown, or of another epoch', () => {
  const shard = new Shard();
  const epoch = shard.join('a', 't');
  shard.join('b', 't');
  assert.equal(shard.beat('c', 0, ['t']).errorCode, ErrorCode.GROUP_MAX_SIZE_REACHED);
  assert.equal(shard.beat('a', epoch + 9).errorCode, ErrorCode.FENCED_MEMBER_EPOCH);
  assert.equal(shard.beat('a', 0, ['t']).errorCode, ErrorCode.NONE);
  assert.equal(shard.beat('x', -1).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(shard.beat('a', 1, null, { groupId: 'h' }).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
  assert.equal(shard.beat('a', 0, ['t'], { groupId: 'classic' }).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
});

test('a member that leaves, or is not heard of, is removed', () => {
  const shard = new Shard();
  shard.join('a', 't');
  shard.join('b', 't');
  assert.equal(shard.beat('a', -1).errorCode, ErrorCode.NONE);
  assert.deepEqual([...shard.groups.groups.get('g')!.members.keys()], ['b']);
  shard.pass(defaultShareGroupConfig.sessionTimeoutMs);
  assert.equal(shard.groups.list()[0]?.groupState, 'Empty');
});

test('knows its groups after a restart', () => {
  const before = new Shard();
  const epoch = before.join('a', 't', 'u');
  before.join('b', 't');
  before.beat('b', -1);
  const after = new Shard(before.effects.log);
  assert.deepEqual(after.assigned('a'), before.assigned('a'));
  assert.equal(after.groups.groups.get('g')?.groupEpoch, before.groups.groups.get('g')?.groupEpoch);
  assert.equal(after.beat('a', epoch).errorCode, ErrorCode.NONE);
  assert.equal(after.beat('b', 1).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
});

test('writes with the next change what could not be written', () => {
  const shard = new Shard();
  shard.effects.isHeld = true;
  let errorCode: number | undefined;
  const join = { memberId: 'a', memberEpoch: 0, subscribedTopicNames: ['t'] };
  const rest = { groupId: 'g', rackId: null, clientId: '', clientHost: '' };
  shard.groups.heartbeat({ ...rest, ...join }, (answer) => {
    errorCode = answer.errorCode;
  });
  shard.effects.settle(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'the disk is full'));
  assert.equal(errorCode, ErrorCode.NOT_COORDINATOR);
  shard.effects.isHeld = false;
  shard.beat('b', 0, ['u']);
  const restarted = new Shard(shard.effects.log);
  assert.deepEqual([...restarted.groups.groups.get('g')!.members.keys()].sort(), ['a', 'b']);
});

test('only an empty group is altered, its offsets deleted, or itself', () => {
  const shard = new Shard();
  shard.join('a', 't');
  const { topics } = shard.groups;
  const codes: number[] = [];
  const ask = () => {
    topics.beginAlteration('g', new Map(), ({ errorCode }) => codes.push(errorCode));
    topics.beginDeletingOffsets('g', ['t', 'u'], ({ errorCode, refused }) =>
      codes.push(errorCode, refused.length),
    );
    topics.beginDeletingGroup('g', ({ errorCode }) => codes.push(errorCode));
    topics.finishDeletingGroup('g', (errorCode) => codes.push(errorCode));
  };
  ask();
  const { NON_EMPTY_GROUP, NONE, GROUP_ID_NOT_FOUND } = ErrorCode;
  assert.deepEqual(codes.splice(0), [NON_EMPTY_GROUP, NON_EMPTY_GROUP, 0, NON_EMPTY_GROUP, NON_EMPTY_GROUP]);
  shard.beat('a', -1);
  ask();
  assert.deepEqual(codes.splice(0), [NONE, NONE, 1, NONE, NONE]);
  topics.beginDeletingGroup('g', ({ errorCode }) => codes.push(errorCode));
  assert.deepEqual(codes, [GROUP_ID_NOT_FOUND]);
  assert.equal(new Shard(shard.effects.log).groups.groups.size, 0);
});

test('every partition has a reader, and no member is idle while there are partitions', () => {
  for (let members = 1; members <= 7; members++) {
    for (let partitions = 1; partitions <= 7; partitions++) {
      const all = new Set(Array.from({ length: partitions }, (_, partition) => partition));
      let assignment = new Map<string, ReadonlyMap<string, ReadonlySet<number>>>();
      for (let count = 1; count <= members; count++) {
        const now = Array.from({ length: count }, (_, index) => ({
          ...{ memberId: `m${index}`, topicIds: new Set(['t']) },
          assignment: assignment.get(`m${index}`) ?? new Map(),
        }));
        assignment = assignShares(now, new Map([['t', all]]));
        const held = [...assignment.values()].flatMap((topics) => [...(topics.get('t') ?? [])]);
        assert.deepEqual(new Set(held), all);
        for (const topics of assignment.values()) assert.ok((topics.get('t')?.size ?? 0) > 0);
      }
    }
  }
});

test('members that want different topics get only those', () => {
  const none = new Map<string, ReadonlySet<number>>();
  const assignment = assignShares(
    [
      { memberId: 'a', topicIds: new Set(['t']), assignment: none },
      { memberId: 'b', topicIds: new Set(['t', 'u']), assignment: none },
    ],
    new Map([
      ['t', new Set([0, 1, 2])],
      ['u', new Set([0])],
    ]),
  );
  assert.deepEqual([...assignment.get('b')!.keys()].sort(), ['t', 'u']);
  assert.deepEqual([...assignment.get('a')!.keys()], ['t']);
});
