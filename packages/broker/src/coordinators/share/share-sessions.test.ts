import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { type ShareSessionRequest, ShareSessions, type TopicPartition } from './share-sessions.ts';

const at = (partition: number): TopicPartition => ({ topicId: 't', partition });

function sessionsOf(maxSessions = 10) {
  const lost: string[] = [];
  const closers: (() => void)[] = [];
  const sessions = new ShareSessions({
    maxSessions: () => maxSessions,
    onLost: (groupId, memberId, partitions) => lost.push(`${groupId}/${memberId}/${partitions.length}`),
    onGroupEmpty: (groupId) => lost.push(`${groupId} is empty`),
  });
  const view = (epoch: number, fields: Partial<ShareSessionRequest> = {}) =>
    sessions.view(
      {
        groupId: 'g',
        memberId: 'a',
        epoch,
        partitions: [],
        forgotten: [],
        hasAcknowledgements: false,
        ...fields,
      },
      (run) => closers.push(run),
    );
  return { sessions, view, lost, closers };
}

test('remembers partitions, takes more and forgets some', () => {
  const { view } = sessionsOf();
  assert.equal(view(0, { partitions: [at(0), at(1)] }).partitions.length, 2);
  const { partitions } = view(1, { partitions: [at(2)], forgotten: [at(0)] });
  assert.deepEqual(
    partitions.map(({ partition }) => partition),
    [1, 2],
  );
});

test('goes on with the next epoch only', () => {
  const { view, sessions } = sessionsOf();
  assert.equal(view(1).errorCode, ErrorCode.SHARE_SESSION_NOT_FOUND);
  assert.equal(view(-1).errorCode, ErrorCode.SHARE_SESSION_NOT_FOUND);
  view(0);
  assert.equal(view(2).errorCode, ErrorCode.INVALID_SHARE_SESSION_EPOCH);
  assert.equal(view(1).errorCode, ErrorCode.NONE);
  assert.equal(sessions.acknowledge('g', 'a', 1), ErrorCode.INVALID_SHARE_SESSION_EPOCH);
  assert.equal(sessions.acknowledge('g', 'a', 0), ErrorCode.INVALID_SHARE_SESSION_EPOCH);
  assert.equal(sessions.acknowledge('g', 'b', 1), ErrorCode.SHARE_SESSION_NOT_FOUND);
  assert.equal(sessions.acknowledge('g', 'a', 2), ErrorCode.NONE);
  assert.equal(view(3).errorCode, ErrorCode.NONE);
  assert.equal(view(-1).errorCode, ErrorCode.NONE);
});

test('an epoch after the last is the first', () => {
  const { view, sessions } = sessionsOf();
  view(0);
  assert.equal(sessions.acknowledge('g', 'a', 1), ErrorCode.NONE);
  assert.equal(sessions.count, 1);
});

test('does not begin with acknowledgements, nor beyond the limit', () => {
  const { view } = sessionsOf(1);
  assert.equal(view(0, { hasAcknowledgements: true }).errorCode, ErrorCode.INVALID_REQUEST);
  assert.equal(view(0).errorCode, ErrorCode.NONE);
  assert.equal(view(0, { memberId: 'b' }).errorCode, ErrorCode.SHARE_SESSION_LIMIT_REACHED);
  assert.equal(view(0).errorCode, ErrorCode.NONE);
});

test('tells of a partition when it is new, has records, or an error', () => {
  const { view } = sessionsOf();
  const quiet = { hasRecords: false, errorCode: ErrorCode.NONE };
  assert.equal(view(0, { partitions: [at(0)] }).isTold(at(0), quiet), true);
  const second = view(1, { partitions: [at(1)] });
  assert.equal(second.isTold(at(0), quiet), false);
  assert.equal(second.isTold(at(0), { ...quiet, hasRecords: true }), true);
  assert.equal(second.isTold(at(1), quiet), true);
  assert.equal(second.isTold(at(1), { ...quiet, errorCode: ErrorCode.UNKNOWN_TOPIC_ID }), true);
  const third = view(2);
  assert.equal(third.isTold(at(1), quiet), true);
  assert.equal(third.isTold(at(1), quiet), false);
});

test('a connection that is lost takes its session along, and an empty group is told', () => {
  const { view, lost, closers, sessions } = sessionsOf();
  const first = view(0, { partitions: [at(0)] });
  let isToldClosed = false;
  first.onClosed(() => {
    isToldClosed = true;
  });
  view(0, { memberId: 'b' });
  closers[0]!();
  assert.deepEqual(lost, ['g/a/1']);
  assert.equal(first.isOpen(), false);
  assert.equal(isToldClosed, true);
  sessions.close('g', 'b');
  closers[1]!();
  assert.deepEqual(lost, ['g/a/1', 'g is empty']);
});

test('a session that was opened anew is not lost with its old connection', () => {
  const { view, lost, closers } = sessionsOf();
  view(0);
  view(0);
  closers[0]!();
  assert.deepEqual(lost, []);
  assert.equal(view(1).errorCode, ErrorCode.NONE);
});

test('names with slashes make nobody another one', () => {
  const { view, sessions } = sessionsOf();
  view(0, { groupId: 'x/y', memberId: 'm' });
  view(0, { groupId: 'y', memberId: 'm/x' });
  assert.equal(sessions.count, 2);
  assert.equal(view(1, { groupId: 'x/y', memberId: 'm' }).errorCode, ErrorCode.NONE);
});
