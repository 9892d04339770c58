import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_UUID } from '@moldau/protocol';
import { SeededRandom, seedOf } from '@moldau/testing';
import type { CommittedOffset } from './group-records.ts';
import { TransactionalOffsets } from './group-transactional-offsets.ts';

const HERE = { groupId: 'g', topic: 't', partition: 0 };

function offsetOf(offset: number): CommittedOffset {
  const commitTimestampMs = 0;
  return {
    offset,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs,
    expireTimestampMs: -1,
    topicId: ZERO_UUID,
  };
}

function committedOf(changes: ReturnType<TransactionalOffsets['complete']>): (number | undefined)[] {
  return changes.map(({ change }) => change.value?.offset);
}

test('an offset is pending until its transaction ends, and counts when that is committed', () => {
  const offsets = new TransactionalOffsets();
  offsets.add(1, HERE, offsetOf(5));
  offsets.add(1, HERE, offsetOf(6));
  assert.equal(offsets.isPending(HERE), true);
  assert.equal(offsets.isPending({ ...HERE, partition: 1 }), false);
  assert.equal(offsets.hasGroup('g'), true);
  assert.deepEqual(committedOf(offsets.complete(1, true)), [6]);
  assert.equal(offsets.isPending(HERE), false);
  assert.equal(offsets.hasGroup('g'), false);
  assert.deepEqual(offsets.complete(1, true), []);
});

test('an aborted transaction changes nothing', () => {
  const offsets = new TransactionalOffsets();
  offsets.add(1, HERE, offsetOf(5));
  assert.deepEqual(offsets.complete(1, false), []);
  assert.equal(offsets.isPending(HERE), false);
});

test('the newest record wins, whichever transaction ends last', () => {
  const offsets = new TransactionalOffsets();
  offsets.add(1, HERE, offsetOf(5));
  offsets.add(2, HERE, offsetOf(6));
  assert.deepEqual(committedOf(offsets.complete(2, true)), [6]);
  assert.equal(offsets.isPending(HERE), true);
  assert.deepEqual(committedOf(offsets.complete(1, true)), []);
  offsets.add(1, HERE, offsetOf(7));
  offsets.overtaken(HERE);
  assert.deepEqual(committedOf(offsets.complete(1, true)), []);
});

test('a removal takes what is pending with it', () => {
  const offsets = new TransactionalOffsets();
  const there = { ...HERE, partition: 1 };
  offsets.add(1, HERE, offsetOf(5));
  offsets.add(1, there, offsetOf(8));
  assert.deepEqual(
    offsets.partitionsOf('g').map(({ partition }) => partition),
    [0, 1],
  );
  offsets.removed(HERE);
  assert.equal(offsets.isPending(HERE), false);
  assert.equal(offsets.hasGroup('g'), true);
  assert.deepEqual(committedOf(offsets.complete(1, true)), [8]);
  assert.equal(offsets.hasGroup('g'), false);
});

test('agrees with a plain reading of the log, for many seeds', () => {
  const first = seedOf();
  for (let seed = first; seed < first + 200; seed++) {
    const random = new SeededRandom(seed);
    const offsets = new TransactionalOffsets();
    /** Producer -> its records; partition -> the place in the log and the offset that counts. */
    const open = new Map<number, { partition: number; at: number }[]>();
    const truth = new Map<number, number>();
    const seen = new Map<number, number>();
    for (let at = 1; at < 60; at++) {
      const partition = random.below(3);
      const producerId = random.below(3);
      const where = { groupId: 'g', topic: 't', partition };
      const step = random.below(6);
      if (step < 3) {
        offsets.add(producerId, where, offsetOf(at));
        open.set(producerId, [...(open.get(producerId) ?? []), { partition, at }]);
      } else if (step === 3) {
        offsets.overtaken(where);
        truth.set(partition, at);
        seen.set(partition, at);
      } else {
        const committed = step === 4;
        for (const { change } of offsets.complete(producerId, committed))
          seen.set(change.partition, change.value!.offset);
        for (const record of open.get(producerId) ?? [])
          if (committed && record.at > (truth.get(record.partition) ?? 0))
            truth.set(record.partition, record.at);
        open.delete(producerId);
      }
      for (let index = 0; index < 3; index++) {
        const isPending = [...open.values()].some((records) =>
          records.some((record) => record.partition === index),
        );
        assert.equal(offsets.isPending({ ...where, partition: index }), isPending, `seed ${seed}`);
      }
      assert.deepEqual([...seen].sort(), [...truth].sort(), `seed ${seed}`);
    }
  }
});
