import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import {
  parseShareKeyText,
  parseShareStateRecord,
  type ShareKey,
  shareKeyText,
} from './share-state-records.ts';
import { ShareStateShard } from './share-state-shard.ts';
import { TestingEffects } from './testing-effects.ts';

const KEY: ShareKey = { groupId: 'g', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition: 0 };
const STATE = { stateEpoch: 1, leaderEpoch: 0, startOffset: 10, deliveryCompleteCount: 0, stateBatches: [] };

function shardOf({ updatesPerSnapshot = 3, records = [] as TestingEffects['log'] } = {}) {
  const effects = new TestingEffects();
  const shard = new ShareStateShard({
    ...{
      effects,
      wallMs: () => 1_000,
      partitionExists: (_topicId: string, partition: number) => partition < 2,
    },
    updatesPerSnapshot: () => updatesPerSnapshot,
  });
  for (const record of records) assert.equal(shard.replay(record), true);
  return { shard, effects };
}

/** What a command answered, if it has. */
function asked<T>(command: (reply: (answer: T) => void) => void): { answer: T | undefined } {
  const result: { answer: T | undefined } = { answer: undefined };
  command((answer) => {
    result.answer = answer;
  });
  return result;
}

function started(options: Parameters<typeof shardOf>[0] = {}) {
  const it = shardOf(options);
  const { answer } = asked<{ errorCode: number }>((reply) =>
    it.shard.initialize(KEY, { stateEpoch: 1, startOffset: -1 }, reply),
  );
  assert.equal(answer?.errorCode, ErrorCode.NONE);
  const write = (fields: Partial<typeof STATE> & { stateBatches?: typeof STATE.stateBatches } = {}) =>
    asked<{ errorCode: number }>((reply) => it.shard.write(KEY, { ...STATE, ...fields }, reply)).answer
      ?.errorCode;
  const read = (leaderEpoch = 0) =>
    asked<{ errorCode: number; startOffset: number; stateBatches: readonly unknown[] }>((reply) =>
      it.shard.read(KEY, leaderEpoch, reply),
    ).answer;
  return { ...it, write, read };
}

const batch = (firstOffset: number, lastOffset: number, deliveryState: number, deliveryCount = 1) => ({
  ...{ firstOffset, lastOffset, deliveryState, deliveryCount },
});

test('keeps nothing of a share partition that was not initialized', () => {
  const { shard } = shardOf();
  const written = asked<{ errorCode: number }>((reply) => shard.write(KEY, STATE, reply));
  assert.equal(written.answer?.errorCode, ErrorCode.INVALID_REQUEST);
  assert.equal(shard.summary(KEY).startOffset, -1);
});

test('reads what was written, before and after a restart', () => {
  const { shard, effects, write, read } = started();
  assert.equal(write({ stateBatches: [batch(10, 19, 0), batch(20, 29, 2)] as never }), ErrorCode.NONE);
  assert.equal(write({ startOffset: 15, deliveryCompleteCount: 10 }), ErrorCode.NONE);
  const expected = [batch(15, 19, 0), batch(20, 29, 2)];
  assert.deepEqual(read()?.stateBatches, expected);
  const { shard: restarted } = shardOf({ records: effects.log });
  assert.deepEqual(restarted.summary(KEY), shard.summary(KEY));
  const again = asked<{ stateBatches: readonly unknown[] }>((reply) => restarted.read(KEY, 0, reply));
  assert.deepEqual(again.answer?.stateBatches, expected);
});

test('writes a snapshot after some updates', () => {
  const { effects, write } = started({ updatesPerSnapshot: 2 });
  for (let n = 0; n < 4; n++) write({ stateBatches: [batch(10 + n, 10 + n, 2)] as never });
  const kinds = effects.log.map((record) => parseShareStateRecord(record)?.change.kind);
  assert.deepEqual(kinds, ['snapshot', 'update', 'update', 'snapshot', 'update']);
});

test('fences older leaders and older states', () => {
  const { shard, write, read } = started();
  assert.equal(read(5)?.errorCode, ErrorCode.NONE);
  assert.equal(read(4)?.errorCode, ErrorCode.FENCED_LEADER_EPOCH);
  assert.equal(write({ leaderEpoch: 4 }), ErrorCode.FENCED_LEADER_EPOCH);
  const anew = asked<{ errorCode: number }>((reply) =>
    shard.initialize(KEY, { stateEpoch: 3, startOffset: 0 }, reply),
  );
  assert.equal(anew.answer?.errorCode, ErrorCode.NONE);
  assert.equal(write({ leaderEpoch: 5, stateEpoch: 2 }), ErrorCode.FENCED_STATE_EPOCH);
  assert.equal(write({ leaderEpoch: 5, stateEpoch: 3 }), ErrorCode.NONE);
});

test('answers when it is committed, and forgets what could not be', () => {
  const { effects, shard } = started();
  effects.isHeld = true;
  const failing = asked<{ errorCode: number }>((reply) =>
    shard.write(KEY, { ...STATE, startOffset: 50, stateBatches: [batch(50, 59, 2)] }, reply),
  );
  const second = asked<{ errorCode: number }>((reply) =>
    shard.write(KEY, { ...STATE, startOffset: 20 }, reply),
  );
  assert.deepEqual([failing.answer], [undefined]);
  effects.settle(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'the disk is full'));
  assert.equal(failing.answer?.errorCode, ErrorCode.NOT_COORDINATOR);
  assert.equal(shard.summary(KEY).startOffset, 20);
  effects.settle();
  assert.equal(second.answer?.errorCode, ErrorCode.NONE);
  assert.equal(shard.summary(KEY).startOffset, 20);
});

test('forgets share partitions of a deleted topic, and what is deleted', () => {
  const { effects, shard } = started();
  shard.forgetTopic('AAAAAAAAAAAAAAAAAAAAAg', () => {});
  assert.equal(shard.count, 1);
  shard.forgetTopic(KEY.topicId, () => {});
  assert.equal(shard.count, 0);
  assert.equal(shardOf({ records: effects.log }).shard.count, 0);
});

test('writes all anew, so that what came before is needed no more', () => {
  const { effects, shard, write } = started();
  write({ stateBatches: [batch(10, 19, 2)] as never });
  const before = shard.summary(KEY);
  const from = effects.log.length;
  shard.snapshotAll((error) => assert.equal(error, null));
  assert.deepEqual(shardOf({ records: effects.log.slice(from) }).shard.summary(KEY), before);
});

test('reads the keys that clients look for coordinators by', () => {
  assert.deepEqual(parseShareKeyText(shareKeyText(KEY)), KEY);
  const odd = { ...KEY, groupId: 'a:b:1' };
  assert.deepEqual(parseShareKeyText(shareKeyText(odd)), odd);
  for (const text of ['', 'g', 'g:x:0', `g:${KEY.topicId}`, `g:${KEY.topicId}:-1`, `:${KEY.topicId}:0`]) {
    assert.equal(parseShareKeyText(text), undefined);
  }
});
