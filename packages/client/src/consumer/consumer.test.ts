// The ways to consume, on fakes: what is handed out, what counts as done, and what is committed when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '@moldau/testing';
import { KafkaError, SerializationError } from '../errors/kafka-error.ts';
import { json } from '../serdes/json.ts';
import { string } from '../serdes/primitives.ts';
import { topic } from '../topic.ts';
import type { Seek } from './processing/run-options.ts';
import { FakeCluster, FakeWorld } from './testing-consumer.ts';

const p0 = { topic: 't', partition: 0 };
const p1 = { topic: 't', partition: 1 };

const texts = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `v${from + index}`);

/** A consumer that has been given partitions, with nothing taken yet. */
async function started(cluster: FakeCluster, options = {}, ...partitions: (typeof p0)[]) {
  const world = new FakeWorld(cluster, options);
  const iterator = world.consumer.subscribe('t')[Symbol.asyncIterator]();
  const first = iterator.next();
  await settled();
  await world.membership.give(...(partitions.length === 0 ? [p0] : partitions));
  return { world, iterator, first };
}

const committedOf = (cluster: FakeCluster, { topic, partition } = p0): number | undefined =>
  cluster.committed.get(`${partition}:${topic}`)?.offset;

test('a record is done when the next one is asked for, and what is done is committed every so often', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(10));
  const { world, iterator, first } = await started(cluster);
  assert.equal((await first).value?.offset, 0);
  assert.equal((await iterator.next()).value?.offset, 1);
  assert.equal((await iterator.next()).value?.offset, 2);
  await cluster.time.advance(5_000);
  assert.equal(committedOf(cluster), 2, 'the one in hand is not done');
  await cluster.time.advance(5_000);
  assert.equal(cluster.commits.length, 1, 'nothing new: nothing is committed');
  await cluster.until(world.consumer.close());
  assert.equal(committedOf(cluster), 2);
  assert.ok(world.fetcher.isClosed && world.membership.isLeft);
  assert.equal(cluster.time.pendingCount, 0, 'no timer is left');
});

test('a loop that is left by break or an error commits what is done, and the record in hand comes again', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(6));
  const { world, iterator, first } = await started(cluster);
  await first;
  await iterator.return?.();
  const seen: number[] = [];
  for await (const record of world.consumer.subscribe('t')) {
    seen.push(record.offset);
    if (record.offset === 2) break;
  }
  assert.equal(committedOf(cluster), 2);
  await assert.rejects(async () => {
    for await (const record of world.consumer.subscribe('t')) {
      seen.push(record.offset);
      if (record.offset === 4) throw new Error('mine');
    }
  }, /mine/);
  assert.equal(committedOf(cluster), 4);
  for await (const record of world.consumer.subscribe('t')) {
    seen.push(record.offset);
    await world.consumer.commit(record);
    break;
  }
  assert.equal(committedOf(cluster), 5, 'said to be done by commit(record)');
  for await (const record of world.consumer.subscribe('t')) {
    seen.push(record.offset);
    break;
  }
  assert.deepEqual(seen, [0, 1, 2, 2, 3, 4, 4, 5]);
  await cluster.until(world.consumer.close());
});

test('the consumer’s signal ends the loop after the record in hand, which is committed', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(6));
  const stop = new AbortController();
  const { world, iterator, first } = await started(cluster, { signal: stop.signal });
  await first;
  stop.abort();
  await settled();
  assert.equal((await iterator.next()).done, true);
  await cluster.until(world.consumer.close());
  assert.equal(committedOf(cluster), 1);
  assert.equal(
    (await world.consumer[Symbol.asyncIterator]().next()).done,
    true,
    'it is over before it begins',
  );
});

test('before a partition goes to others its record in hand is awaited, for as long as there is time to drain', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(6));
  cluster.write(p1, texts(3));
  const { world, iterator, first } = await started(cluster, {}, p0, p1);
  const record = (await first).value!;
  let isGone = false;
  const revoked = world.membership.takeAway(p0).then(() => {
    isGone = true;
  });
  await cluster.time.advance(9_000);
  assert.deepEqual([record.partition, isGone], [0, false]);
  assert.equal((await iterator.next()).value?.partition, 1, 'nothing more of the one that goes');
  await revoked;
  assert.equal(committedOf(cluster, p0), 1);
  const overdue = world.membership.takeAway(p1);
  await cluster.time.advance(10_000);
  await overdue;
  assert.equal(committedOf(cluster, p1), 0, 'time was over: it comes again elsewhere');
  await iterator.return?.();
  await cluster.until(world.consumer.close());
});

test('a partition that was lost is not committed', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(6));
  const { world, iterator, first } = await started(cluster);
  const record = (await first).value!;
  await iterator.next();
  world.membership.lose(p0);
  await assert.rejects(world.consumer.commit(record), { code: 'NOT_ASSIGNED', partition: 0 });
  void iterator.next();
  await cluster.until(world.consumer.close());
  assert.equal(cluster.commits.length, 0);
});

test('batches have what is there, of several partitions, and are done when committed or when the next is asked for', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(4));
  cluster.write(p1, texts(4));
  const world = new FakeWorld(cluster);
  const batches = world.consumer.subscribe('t').batches({ maxRecords: 6 });
  const first = batches.next();
  await settled();
  await world.membership.give(p0, p1);
  const batch = (await first).value!;
  assert.equal(batch.length, 6);
  assert.deepEqual(
    batch.offsets.map(({ partition, offset }) => [partition, offset]),
    [
      [0, 4],
      [1, 2],
    ],
  );
  await batch.commit();
  assert.deepEqual([committedOf(cluster, p0), committedOf(cluster, p1)], [4, 2]);
  const second = (await batches.next()).value!;
  assert.deepEqual(
    second.records.map(({ offset }) => offset),
    [2, 3],
  );
  await batches.return?.();
  const again = world.consumer.batches({ maxRecords: 1 });
  assert.deepEqual(
    (await again.next()).value!.records.map((record) => (record as { offset: number }).offset),
    [2],
    'it was not done',
  );
  assert.equal((await again.next()).value!.length, 1);
  await cluster.until(world.consumer.close());
  assert.equal(committedOf(cluster, p1), 3);
});

test('a batch waits to be filled, for as long as it may', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(2));
  const world = new FakeWorld(cluster);
  const batches = world.consumer.subscribe('t').batches({ maxRecords: 4, maxWaitMs: 1_000 });
  let batch: { length: number } | undefined;
  const next = async (): Promise<void> => {
    batch = (await batches.next()).value;
  };
  const first = next();
  await settled();
  await world.membership.give(p0);
  await cluster.time.advance(999);
  assert.equal(batch, undefined);
  await cluster.time.advance(1);
  await first;
  assert.equal(batch!.length, 2);
  const second = next();
  await settled();
  cluster.write(p0, texts(9));
  await second;
  assert.equal(batch!.length, 4, 'full before the time is over');
  await cluster.until(world.consumer.close());
});

test('seek takes effect in a loop that is under way, and pause holds back what was taken', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(9));
  cluster.write(p1, texts(2));
  const { world, iterator, first } = await started(cluster, {}, p0, p1);
  const { consumer } = world;
  const next = async () => {
    const { partition, offset } = (await iterator.next()).value!;
    return [partition, offset];
  };
  await first;
  assert.equal(consumer.position(p0), 1);
  consumer.seek(p0, 7);
  assert.equal(consumer.position(p0), 7);
  assert.deepEqual(await next(), [1, 0]);
  assert.deepEqual(await next(), [1, 1]);
  assert.deepEqual(await next(), [0, 7]);
  consumer.pause([p0]);
  assert.deepEqual(consumer.paused, [p0]);
  let held: unknown;
  const waiting = next().then((found) => {
    held = found;
  });
  await settled();
  assert.equal(held, undefined);
  consumer.resume();
  await waiting;
  assert.deepEqual(held, [0, 8]);
  assert.throws(() => consumer.seek({ topic: 't', partition: 9 }, 0), { code: 'NOT_ASSIGNED' });
  await cluster.until(consumer.close());
});

test('with manual commits nothing is committed by itself; positions, records and offsets are when told', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(9));
  const { world, iterator, first } = await started(cluster, { commit: 'manual' });
  const { consumer } = world;
  await first;
  const record = (await iterator.next()).value!;
  await cluster.time.advance(60_000);
  assert.equal(cluster.commits.length, 0);
  await consumer.commit();
  assert.equal(committedOf(cluster), 1);
  await consumer.commit(record);
  assert.equal(committedOf(cluster), 2);
  await consumer.commit([{ ...p0, offset: 5, metadata: 'mine' }]);
  assert.deepEqual(await consumer.committed([p0]), [
    { ...p0, offset: 5, leaderEpoch: undefined, metadata: 'mine' },
  ]);
  void iterator.next();
  await cluster.until(consumer.close());
  assert.equal(committedOf(cluster), 5);
});

test('where to begin is asked again until it is known, and a seek before that wins', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(9));
  cluster.write(p1, texts(9));
  cluster.committed.set('0:t', { ...p0, offset: 6, leaderEpoch: 1, metadata: '' });
  cluster.committedErrors.push(new KafkaError('TIMED_OUT', 'late', { retriable: true }));
  const { world, iterator, first } = await started(cluster, {}, p0, p1);
  world.consumer.seek(p1, 3);
  await cluster.time.advance(1_000);
  const found = [(await first).value!];
  for (let count = 0; count < 8; count++) found.push((await iterator.next()).value!);
  assert.deepEqual(found.map(({ partition, offset }) => `${partition}:${offset}`).sort(), [
    '0:6',
    '0:7',
    '0:8',
    '1:3',
    '1:4',
    '1:5',
    '1:6',
    '1:7',
    '1:8',
  ]);
  await iterator.return?.();
  await cluster.until(world.consumer.close());
});

test('onAssign may say where to begin, before anything is handed out', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(9));
  cluster.committed.set('0:t', { ...p0, offset: 6, leaderEpoch: 1, metadata: '' });
  const { world, first } = await started(cluster, {
    onAssign: async (partitions: (typeof p0)[], { seek }: { seek: Seek }) => {
      await settled();
      seek(partitions, 2);
    },
  });
  assert.equal((await first).value?.offset, 2);
  await cluster.until(world.consumer.close());
});

test('what is wrong with a partition is thrown, and a new loop goes on', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(3));
  const { world, iterator, first } = await started(cluster);
  await first;
  world.fetcher.errors.push(new KafkaError('NO_POSITION', 'gone', { topic: 't', partition: 0 }));
  await iterator.next();
  await iterator.next();
  await assert.rejects(iterator.next(), { code: 'NO_POSITION' });
  assert.equal(committedOf(cluster), 3);
  const again = world.consumer[Symbol.asyncIterator]();
  const next = again.next();
  cluster.write(p0, ['more']);
  assert.equal((await next).value !== undefined, true);
  await cluster.until(world.consumer.close());
});

test('the end of the membership ends the loop with its reason', async () => {
  const cluster = new FakeCluster();
  const { world, first } = await started(cluster);
  const fenced = new KafkaError('FENCED_INSTANCE_ID', 'another one', { fatal: true });
  world.membership.host.failed(fenced);
  await assert.rejects(first, fenced);
  await cluster.until(world.consumer.close());
});

test('records of a topic are read with its serdes, and one that cannot be read is an error with its place, after which the loop goes on', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, [
    ['a', '{"n":1}'],
    ['b', '{'],
    ['c', '{"n":3}'],
  ]);
  const world = new FakeWorld(cluster);
  const numbers = topic('t', { key: string(), value: json<{ n: number }>() });
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const record of world.consumer.subscribe([numbers, /^audit-/])) {
      try {
        const { value } = record;
        seen.push(value !== null && 'n' in value ? value.n : value);
      } catch (error) {
        assert.ok(error instanceof SerializationError);
        seen.push([error.topic, error.partition, /offset 1/.test(error.message)]);
      }
      if (seen.length === 3) break;
    }
  })();
  await settled();
  await world.membership.give(p0);
  await loop;
  assert.deepEqual(seen, [1, ['t', 0, true], 3]);
  assert.deepEqual(world.membership.subscription, { topics: ['t'], patterns: [/^audit-/] });
  await cluster.until(world.consumer.close());
});

test('there is one way to consume at a time, and something to consume', async () => {
  const cluster = new FakeCluster();
  const world = new FakeWorld(cluster);
  await assert.rejects(world.consumer[Symbol.asyncIterator]().next(), /subscribe\(\) or assign\(\)/);
  void world.consumer.subscribe('t')[Symbol.asyncIterator]().next();
  await settled();
  await assert.rejects(world.consumer.run({ handler: () => {} }), { code: 'ALREADY_CONSUMING' });
  assert.throws(() => world.consumer.assign([p0]), /either subscribes/);
  await cluster.until(world.consumer.close());
  await assert.rejects(world.consumer[Symbol.asyncIterator]().next(), { code: 'CLOSED' });
});

test('partitions assigned by hand are read without a member, from the offset given or committed', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(5));
  cluster.write(p1, texts(5));
  cluster.committed.set('1:t', { ...p1, offset: 4, leaderEpoch: 1, metadata: '' });
  const world = new FakeWorld(cluster);
  const seen: number[][] = [];
  for await (const { partition, offset } of world.consumer.assign([{ ...p0, offset: 3 }, p1])) {
    seen.push([partition, offset]);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen.sort(), [
    [0, 3],
    [0, 4],
    [1, 4],
  ]);
  world.consumer.assign([p1]);
  await settled();
  assert.deepEqual(world.consumer.assignment, [p1]);
  await cluster.until(world.consumer.close());
  assert.ok((committedOf(cluster, p0) ?? 0) >= 4);
});

test('a stream hands records on as its reader takes them, and what was taken is done', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, texts(2_000));
  const world = new FakeWorld(cluster);
  const stream = world.consumer.subscribe('t').stream();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const record of stream) {
      seen.push((record as { offset: number }).offset);
      if (seen.length === 700) await cluster.time.advance(5_000);
      if (seen.length === 1_500) break;
    }
  })();
  await settled();
  await world.membership.give(p0);
  await reading;
  assert.deepEqual(
    seen,
    Array.from({ length: 1_500 }, (_, index) => index),
  );
  assert.equal(cluster.commits[0]!.offset, 699);
  assert.equal(committedOf(cluster), 1_499);
  const rest: number[] = [];
  const flowing = world.consumer.stream();
  flowing.on('data', (record: { offset: number }) => rest.push(record.offset));
  while (rest.length < 501) await settled();
  assert.equal(rest[0], 1_499);
  const ended = new Promise((resolve) => flowing.once('end', resolve));
  await cluster.until(world.consumer.close());
  await ended;
  assert.equal(committedOf(cluster), 2_000);
});
