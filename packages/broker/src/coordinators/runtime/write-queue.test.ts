import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoordinatorMarker, CoordinatorRecord } from './coordinator-log.ts';
import { batchesOf, WriteQueue } from './write-queue.ts';

const settled = () => {};

function records(...keys: string[]): CoordinatorRecord[] {
  return keys.map((key) => ({ key: Buffer.from(key), value: null }));
}

function marker(producerId: number): CoordinatorMarker {
  return { producerId, producerEpoch: 0, coordinatorEpoch: 0, committed: true, transactionVersion: 2 };
}

function shown(queue: WriteQueue): string[] {
  return batchesOf(queue.take()).batches.map((batch) =>
    'marker' in batch
      ? `marker of ${batch.marker.producerId}`
      : `${batch.transaction?.producerId ?? 'none'}: ${batch.records.map(({ key }) => key).join(' ')}`,
  );
}

test('records outside of transactions share a batch', () => {
  const queue = new WriteQueue();
  queue.push({ records: records('a', 'b'), transaction: null }, settled);
  queue.push({ records: [], transaction: null }, settled);
  queue.push({ records: records('c'), transaction: null }, settled);
  assert.deepEqual(shown(queue), ['none: a b c']);
  assert.ok(queue.isEmpty);
});

test('transactions stand in batches of their own, in the order of the writes', () => {
  const queue = new WriteQueue();
  const first = { producerId: 1, producerEpoch: 0 };
  queue.push({ records: records('a'), transaction: null }, settled);
  queue.push({ records: records('b'), transaction: first }, settled);
  queue.push({ records: records('c'), transaction: { ...first } }, settled);
  queue.push({ records: records('d'), transaction: { producerId: 2, producerEpoch: 0 } }, settled);
  queue.push({ marker: marker(1) }, settled);
  queue.push({ records: records('e'), transaction: { producerId: 1, producerEpoch: 1 } }, settled);
  queue.push({ records: records('f'), transaction: null }, settled);
  assert.deepEqual(shown(queue), ['none: a', '1: b c', '2: d']);
  assert.deepEqual(shown(queue), ['marker of 1']);
  assert.deepEqual(shown(queue), ['1: e', 'none: f']);
});

test('takes as much as fits, and a large write by itself', () => {
  const queue = new WriteQueue();
  const large = [{ key: Buffer.from('large'), value: Buffer.alloc(1_000_000) }];
  queue.push({ records: large, transaction: null }, settled);
  queue.push({ records: records('a'), transaction: null }, settled);
  queue.push({ records: records('b'), transaction: null }, settled);
  queue.push({ records: large, transaction: null }, settled);
  assert.equal(queue.take().length, 1);
  assert.equal(queue.take().length, 2);
  assert.equal(queue.take().length, 1);
  assert.equal(queue.take().length, 0);
});
