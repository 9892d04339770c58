import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError, ZERO_UUID } from '@moldau/protocol';
import {
  type CommittedOffset,
  groupTombstone,
  offsetCommitRecord,
  offsetTombstone,
  parseGroupRecord,
} from './group-records.ts';
import { GROUP, SimulatedShard } from './testing-shard.ts';

const committed: CommittedOffset = {
  offset: 2 ** 53 - 1,
  leaderEpoch: 7,
  metadata: 'note',
  commitTimestampMs: 1_700_000_000_000,
  expireTimestampMs: -1,
  topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
};

const roundTrip = (value: CommittedOffset) =>
  parseGroupRecord(offsetCommitRecord('group', 'topic', 3, value));

test('an offset comes back as it was written', () => {
  assert.deepEqual(roundTrip(committed), {
    kind: 'offset',
    groupId: 'group',
    topic: 'topic',
    partition: 3,
    value: committed,
  });
  const withoutId = { ...committed, topicId: ZERO_UUID };
  assert.deepEqual(roundTrip(withoutId), {
    kind: 'offset',
    groupId: 'group',
    topic: 'topic',
    partition: 3,
    value: withoutId,
  });
});

test('an offset with an expiry of its own loses what that version does not know', () => {
  const value = { ...committed, expireTimestampMs: 1_700_000_001_000 };
  const parsed = roundTrip(value);
  assert.deepEqual(parsed.kind === 'offset' && parsed.value, {
    ...value,
    leaderEpoch: -1,
    topicId: ZERO_UUID,
  });
});

test('offsets are written byte for byte as Kafka writes them', () => {
  const { key, value } = offsetCommitRecord('g', 't', 1, { ...committed, offset: 5, topicId: ZERO_UUID });
  assert.equal(key.toString('hex'), `0001${'000167'}${'000174'}${'00000001'}`);
  assert.equal(
    value?.toString('hex'),
    `0003${'0000000000000005'}${'00000007'}${'00046e6f7465'}${'0000018bcfe56800'}`,
  );
});

test('tombstones have no value', () => {
  assert.deepEqual(parseGroupRecord(offsetTombstone('g', 't', 1)), {
    kind: 'offset',
    groupId: 'g',
    topic: 't',
    partition: 1,
    value: null,
  });
  assert.deepEqual(parseGroupRecord(groupTombstone('g')), { kind: 'group', groupId: 'g', value: null });
});

test('a group comes back with its members and their assignments', async () => {
  const group = new SimulatedShard();
  const [leader, follower] = await group.stableGroup(2, (index) => ({
    groupInstanceId: `instance-${index}`,
  }));
  const parsed = parseGroupRecord(group.log.at(-1)!);
  assert.ok(parsed.kind === 'group' && parsed.value !== null);
  assert.equal(parsed.groupId, GROUP);
  const { members, ...rest } = parsed.value;
  assert.deepEqual(rest, {
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    leaderId: leader!.memberId,
    stateSinceMs: 1_700_000_006_000,
  });
  assert.deepEqual(members[1], {
    memberId: follower!.memberId,
    groupInstanceId: 'instance-1',
    clientId: 'client',
    clientHost: '/127.0.0.1',
    rebalanceTimeoutMs: 30_000,
    sessionTimeoutMs: 10_000,
    subscription: Buffer.from('range of nobody'),
    assignment: Buffer.from(follower!.memberId),
  });
});

test('leaves records alone that are not of classic groups', () => {
  assert.deepEqual(parseGroupRecord({ key: Buffer.from('0003000167', 'hex'), value: null }), {
    kind: 'unknown',
    keyType: 3,
  });
  assert.deepEqual(parseGroupRecord({ key: null, value: null }), { kind: 'unknown', keyType: -1 });
});

test('refuses records that break their format', () => {
  const { key } = offsetTombstone('g', 't', 1);
  assert.throws(() => parseGroupRecord({ key: key.subarray(0, 5), value: null }), MalformedError);
  assert.throws(() => parseGroupRecord({ key, value: Buffer.alloc(0) }), MalformedError);
  assert.throws(() => parseGroupRecord({ key, value: Buffer.from('0009', 'hex') }), MalformedError);
});
