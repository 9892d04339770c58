import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, ZERO_UUID } from '@moldau/protocol';
import { type FetchedPartition, FetchSessions } from './fetch-sessions.ts';

let nowMs = 0;
const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };

function sessions(maxSessions = 10, maxPartitions = 1000): FetchSessions {
  let last = 0;
  const random = {
    next: () => 0,
    bytes() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(++last);
      return bytes;
    },
  };
  return new FetchSessions({ clock, random, maxSessions, maxPartitions, evictionMs: 1000 });
}

function partition(topic: string, index = 0, fetchOffset = 0): FetchedPartition {
  return {
    topic,
    topicId: ZERO_UUID,
    index,
    fetchOffset,
    maxBytes: 100,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    sentHighWatermark: -1,
    sentLogStartOffset: -1,
  };
}

function request(sessionId: number, sessionEpoch: number, partitions: FetchedPartition[] = []) {
  const principal = 'User:ada';
  return { principal, sessionId, sessionEpoch, usesTopicIds: false, partitions, forgotten: [] };
}

test('a full fetch with epoch 0 makes a session that the next epochs go on with', () => {
  const all = sessions();
  const first = all.view(request(0, 0, [partition('a'), partition('b')]));
  assert.notEqual(first.sessionId, 0);
  assert.equal(first.isIncremental, false);
  const second = all.view(request(first.sessionId, 1, [partition('a', 0, 5)]));
  assert.equal(second.errorCode, ErrorCode.NONE);
  assert.equal(second.isIncremental, true);
  assert.deepEqual(
    second.partitions.map((p) => [p.topic, p.fetchOffset]),
    [
      ['a', 5],
      ['b', 0],
    ],
  );
});

test('epoch -1 asks for no session and ends the one named', () => {
  const all = sessions();
  const { sessionId } = all.view(request(0, 0, [partition('a')]));
  assert.equal(all.view(request(sessionId, -1, [partition('a')])).sessionId, 0);
  assert.equal(all.view(request(sessionId, 1)).errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
});

test('a wrong epoch, an unknown id and a change between names and ids each get their own error', () => {
  const all = sessions();
  const { sessionId } = all.view(request(0, 0, [partition('a')]));
  assert.equal(all.view(request(sessionId, 7)).errorCode, ErrorCode.INVALID_FETCH_SESSION_EPOCH);
  assert.equal(all.view(request(12345, 1)).errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  const byId = { ...request(sessionId, 1), usesTopicIds: true };
  assert.equal(all.view(byId).errorCode, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
});

test('forgotten partitions leave the session, and an empty session ends', () => {
  const all = sessions();
  const { sessionId } = all.view(request(0, 0, [partition('a', 0), partition('a', 1)]));
  const forget = (index: number) => [{ topic: 'a', topicId: ZERO_UUID, partitions: [index] }];
  const rest = all.view({ ...request(sessionId, 1), forgotten: forget(0) });
  assert.deepEqual(
    rest.partitions.map((p) => p.index),
    [1],
  );
  assert.equal(all.view({ ...request(sessionId, 2), forgotten: forget(1) }).sessionId, 0);
  assert.equal(all.count, 0);
});

test('a partition that was served moves behind the others', () => {
  const all = sessions();
  const first = all.view(request(0, 0, [partition('a'), partition('b'), partition('c')]));
  first.served(first.partitions[0]!);
  const second = all.view(request(first.sessionId, 1));
  assert.deepEqual(
    second.partitions.map((p) => p.topic),
    ['b', 'c', 'a'],
  );
});

test('a full cache makes room only by a session long unused', () => {
  const all = sessions(1);
  nowMs = 0;
  assert.notEqual(all.view(request(0, 0, [partition('a')])).sessionId, 0);
  assert.equal(all.view(request(0, 0, [partition('b')])).sessionId, 0);
  nowMs = 1000;
  assert.notEqual(all.view(request(0, 0, [partition('b')])).sessionId, 0);
  assert.equal(all.count, 1);
});

test('a session is unknown to everybody but its owner, who goes on with it', () => {
  const all = sessions();
  const { sessionId } = all.view(request(0, 0, [partition('a')]));
  const asMallory = (sessionEpoch: number) =>
    all.view({ ...request(sessionId, sessionEpoch), principal: 'User:mallory' });
  const guessed = asMallory(1);
  assert.equal(guessed.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.deepEqual(guessed.partitions, []);
  asMallory(-1);
  asMallory(0);
  assert.equal(all.view(request(sessionId, 1)).partitions.length, 1);
});

test('sessions have so many partitions in all, and who names more has none', () => {
  const all = sessions(10, 3);
  const one = all.view(request(0, 0, [partition('a'), partition('b')]));
  assert.equal(all.view(request(0, 0, [partition('a'), partition('b')])).sessionId, 0);
  const other = all.view(request(0, 0, [partition('a')]));
  assert.notEqual(other.sessionId, 0);
  const grown = all.view(request(other.sessionId, 1, [partition('b')]));
  assert.equal(grown.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(all.view(request(one.sessionId, 1)).errorCode, ErrorCode.NONE);
  const three = [partition('a'), partition('b'), partition('c')];
  assert.equal(all.view(request(0, 0, three)).sessionId, 0);
  nowMs += 1000;
  assert.notEqual(all.view(request(0, 0, three)).sessionId, 0);
  assert.equal(all.count, 1);
});
