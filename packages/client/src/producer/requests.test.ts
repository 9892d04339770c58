// What goes with which request, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { closed, type Setup, setup } from './testing-producer.ts';

const bytes = (count: number) => Buffer.alloc(count);

/** Both partitions have acknowledged something, and from now on answers are held back. */
async function warm(all: Setup): Promise<void> {
  for (const partition of [0, 1]) await all.world.until(all.producer.send('t', { value: 'warm', partition }));
  all.isHolding = true;
}

async function released(all: Setup): Promise<void> {
  all.isHolding = false;
  for (const release of all.held) release();
  await all.world.until(all.producer.flush());
  await closed(all);
}

test('without idempotence as many batches of a partition are under way as maxInFlight says', async () => {
  const all = setup({ lingerMs: 0, batchBytes: 1, maxInFlight: 8 });
  await warm(all);
  for (let count = 0; count < 10; count++) all.producer.post('t', { value: `${count}`, partition: 0 });
  await all.world.time.advance(1);
  assert.equal(all.held.length, 8);
  await released(all);
});

test('nothing lingers while somebody waits for room, and batches linger again when nobody does', async () => {
  const all = setup({ lingerMs: 10_000, bufferBytes: 200_000 });
  const { world, producer, held } = all;
  await warm(all);
  producer.post('t', { value: 'v', partition: 1 });
  await world.time.advance(0);
  for (let count = 0; count < 4; count++) producer.post('t', { value: bytes(15_000), partition: 0 });
  await world.time.advance(10);
  assert.equal(held.length, 1, 'it lingers');
  const ready = producer.ready();
  await world.time.advance(0);
  await ready;
  assert.equal(held.length, 2);
  producer.post('t', { value: 'v', partition: 0 });
  await world.time.advance(10);
  assert.equal(held.length, 2, 'it lingers again');
  producer.post('t', { value: bytes(150_000), partition: 1 });
  await world.time.advance(0);
  assert.equal(held.length, 3, 'without the small one');
  const waiting = producer.send('t', { value: 'v', partition: 1 });
  await world.time.advance(0);
  assert.equal(held.length, 4);
  await Promise.all([released(all), waiting]);
});

test('a request has no more than it may, and the partition that is left out comes first with the next', async () => {
  const all = setup({ maxRequestBytes: 100_000, maxInFlight: 1, lingerMs: 0 });
  await warm(all);
  const first = all.producer.send('t', { value: 'v', partition: 0 });
  await all.world.time.advance(0);
  all.isHolding = false;
  for (let count = 0; count < 4; count++)
    for (const partition of [0, 1]) all.producer.post('t', { value: bytes(60_000), partition });
  all.held[0]!();
  await all.world.until(Promise.all([first, all.producer.flush()]));
  const later = all.sent.slice(3);
  assert.deepEqual(
    later.map(({ partition }) => partition),
    [0, 1, 0, 1, 0, 1, 0, 1],
  );
  assert.equal(new Set(later.map(({ request }) => request)).size, 8);
  await closed(all);
});

test('a broker that asks for a pause gets nothing until it is over, and batches grow meanwhile', async () => {
  const all = setup({ lingerMs: 0 });
  const { world, producer, sent } = all;
  all.throttleTimeMs = 700;
  await producer.send('t', { value: 'v', partition: 0 });
  all.throttleTimeMs = 0;
  const later: Promise<unknown>[] = [];
  for (const value of ['a', 'b', 'c']) {
    later.push(producer.send('t', { value, partition: 0 }));
    await world.time.advance(233);
  }
  assert.equal(sent.length, 1);
  await world.until(Promise.all(later));
  assert.deepEqual(all.values(), ['v', 'a', 'b', 'c']);
  assert.equal(sent.length, 2);
  await closed(all);
});

test('records without a key go to another partition after 64 KiB, or after a batch when that is smaller', async () => {
  for (const [options, value, count] of [
    [{}, bytes(1_000), 700],
    [{ batchBytes: 1_000 }, bytes(600), 60],
  ] as const) {
    const all = setup(options);
    await warm(all);
    for (let index = 0; index < count; index++) all.producer.post('t', { value });
    await released(all);
    const counts = [0, 0];
    for (const { partition, records } of all.sent) counts[partition]! += records.length;
    assert.ok(Math.min(...counts) > count / 7, `${counts}`);
  }
});

test('who has posted 512 KiB in one turn is asked to wait for the next, and nothing is hurried for that', async () => {
  const all = setup({ lingerMs: 10_000 });
  const { world, producer, held } = all;
  await warm(all);
  producer.post('t', { value: 'v', partition: 0 });
  await world.time.advance(0);
  producer.post('t', { value: 'small', partition: 1 });
  const posted = Array.from({ length: 8 }, () => producer.post('t', { value: bytes(70_000), partition: 0 }));
  assert.deepEqual(posted, [true, true, true, true, true, true, true, false]);
  await world.until(producer.ready(), 100);
  await world.time.advance(0);
  assert.equal(held.length, 2);
  assert.ok(producer.post('t', { value: 'v', partition: 0 }));
  await released(all);
  const large = all.sent.find(({ records }) => records.length === 8)!;
  const small = all.sent.findLast(({ partition }) => partition === 1)!;
  assert.ok(small.request > large.request, 'it lingered');
});

test('who waits for the next turn has one, though nothing new can be sent', async () => {
  const all = setup({ lingerMs: 10_000, maxInFlight: 1 });
  const { world, producer } = all;
  await warm(all);
  for (let count = 0; count < 2; count++) {
    producer.post('t', { value: bytes(70_000), partition: 0 });
    await world.time.advance(0);
  }
  while (producer.post('t', { value: bytes(70_000), partition: 0 }));
  await world.until(producer.ready(), 100);
  await released(all);
});

test('a partition whose sequence the broker does not follow begins anew with the next epoch', async () => {
  const all = setup({ acks: 'all', lingerMs: 0 });
  await warm(all);
  all.isHolding = false;
  all.errorCode = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
  const sent = all.producer.send('t', { value: 'v', partition: 0 });
  await all.world.time.advance(0);
  all.errorCode = 0;
  await all.world.until(sent);
  assert.deepEqual(
    all.sent.map(({ partition, producerEpoch, baseSequence }) => [partition, producerEpoch, baseSequence]),
    [
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
    ],
  );
  await closed(all);
});

test('records without a key keep away from a partition in proportion to what waits there', async () => {
  const all = setup({ maxInFlight: 1, lingerMs: 0 });
  await warm(all);
  all.producer.post('t', { value: 'v', partition: 0 });
  await all.world.time.advance(0);
  for (let count = 0; count < 13; count++) all.producer.post('t', { value: bytes(64 * 1024), partition: 0 });
  for (let count = 0; count < 8; count++) all.producer.post('t', { value: bytes(65 * 1024) });
  await released(all);
  const values = all.sent.flatMap(({ partition, records }) =>
    records.map(({ value }) => [partition, value!.length]),
  );
  const crowded = values.filter(([partition, length]) => partition === 0 && length === 65 * 1024);
  assert.ok(crowded.length <= 2, `${crowded.length} of 8`);
});
