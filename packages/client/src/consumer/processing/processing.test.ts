// run() on fakes: order, bounds, retries, dead letters, and what a crash at any moment leaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf, settled } from '@moldau/testing';
import { KafkaError } from '../../errors/kafka-error.ts';
import { json } from '../../serdes/json.ts';
import { topic } from '../../topic.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import { FakeCluster, FakeWorld } from '../testing-consumer.ts';
import type { RunOptions } from './run-options.ts';

const seed = seedOf();
console.log(`seed ${seed}: repeat with SEED=${seed}`);

const p0 = { topic: 't', partition: 0 };
const p1 = { topic: 't', partition: 1 };
const places = [p0, p1];

/** A run that has been given partitions. */
async function running(
  cluster: FakeCluster,
  options: RunOptions<ConsumerRecord>,
  consumerOptions: ConstructorParameters<typeof FakeWorld>[1] = {},
  partitions = places,
) {
  const world = new FakeWorld(cluster, consumerOptions);
  const run = world.consumer.subscribe('t').run(options);
  run.catch(() => {});
  await settled();
  await world.membership.give(...partitions);
  return { world, run };
}

function writeKeyed(cluster: FakeCluster, random: SeededRandom, count: number): void {
  for (const place of places)
    cluster.write(
      place,
      Array.from({ length: count }, (_, index) => [`k${random.below(12)}`, `${index}`] as const),
    );
}

const pass = (cluster: FakeCluster, ms: number): Promise<void> =>
  new Promise((resolve) => cluster.time.after(ms, resolve));

for (const orderBy of ['key', 'partition', 'none'] as const) {
  test(`ordered by ${orderBy}: with random handler times and failures each keeps its order, within the concurrency`, async () => {
    const cluster = new FakeCluster(seed);
    const random = new SeededRandom(seed);
    writeKeyed(cluster, random, 150);
    const stop = new AbortController();
    const inWork = new Set<string>();
    const lastDone = new Map<string, number>();
    let doneCount = 0;
    let most = 0;
    const laneOf = ({ partition, key, offset }: ConsumerRecord): string =>
      orderBy === 'key'
        ? `${partition}:${key}`
        : orderBy === 'partition'
          ? `${partition}`
          : `${partition}:${offset}`;
    const { world, run } = await running(cluster, {
      ...{ orderBy, concurrency: 8, retry: { attempts: 10, delayMs: 5 }, signal: stop.signal },
      async handler(record) {
        const lane = laneOf(record);
        assert.ok(!inWork.has(lane), 'one of a lane at a time');
        inWork.add(lane);
        most = Math.max(most, inWork.size);
        await pass(cluster, random.below(30));
        inWork.delete(lane);
        if (random.chance(0.1)) throw new Error('try again');
        assert.ok(record.offset > (lastDone.get(lane) ?? -1));
        lastDone.set(lane, record.offset);
        if (++doneCount === 300) stop.abort();
      },
    });
    await cluster.until(run);
    assert.equal(doneCount, 300);
    assert.ok(most <= 8 && most > (orderBy === 'partition' ? 1 : 4), `${most} at once`);
    assert.deepEqual(
      places.map(({ partition }) => cluster.committed.get(`${partition}:t`)?.offset),
      [150, 150],
    );
    await world.consumer.close();
    assert.equal(cluster.time.pendingCount, 0);
  });
}

test('a crash at any moment loses nothing, and repeats only what was not committed as done', async () => {
  const cluster = new FakeCluster(seed);
  const random = new SeededRandom(seed);
  writeKeyed(cluster, random, 300);
  const done = new Map<string, number>();
  let crashes = 0;
  for (; done.size < 600; crashes++) {
    const committedAsDone = new Set(done.keys());
    const handled = new Set<string>();
    const stop = new AbortController();
    let isCrashed = false;
    const { world, run } = await running(cluster, {
      ...{ orderBy: 'key', concurrency: 16, signal: stop.signal },
      async handler({ partition, offset }) {
        const place = `${partition}:${offset}`;
        assert.ok(!committedAsDone.has(place), `${place} was committed as done`);
        await pass(cluster, random.chance(0.05) ? 400 : random.below(20));
        if (!isCrashed) handled.add(place);
      },
    });
    await cluster.time.advance(20 + random.below(200));
    // All that is done now is in the commit, and nothing else.
    await world.consumer.commit();
    for (const place of handled) done.set(place, (done.get(place) ?? 0) + 1);
    isCrashed = true;
    world.fetcher.partitions.clear();
    stop.abort();
    const { committed } = cluster;
    const left = new Map(committed);
    await cluster.until(run);
    // What it committed after its death does not count.
    committed.clear();
    for (const [place, offset] of left) committed.set(place, offset);
  }
  assert.ok(
    [...done.values()].every((count) => count === 1),
    'each once',
  );
  console.log(`${crashes} crashes`);
  assert.ok(crashes > 3);
});

test('a record that waits for its next attempt holds up its key alone', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, [
    ['bad', '0'],
    ['bad', '1'],
    ['good', '2'],
    ['good', '3'],
  ]);
  const seen: string[] = [];
  const { world } = await running(
    cluster,
    {
      ...{ orderBy: 'key', concurrency: 1, retry: { attempts: 3, delayMs: 1_000 } },
      handler(record, { attempt }) {
        seen.push(`${record.offset}/${attempt}`);
        if (record.offset === 0 && attempt < 3) throw new Error('not yet');
      },
    },
    {},
    [p0],
  );
  await settled();
  assert.deepEqual(seen, ['0/1', '2/1', '3/1']);
  await cluster.time.advance(5_000);
  assert.deepEqual(seen, ['0/1', '2/1', '3/1', '0/2', '0/3', '1/1']);
  assert.deepEqual(
    cluster.commits.map(({ offset }) => offset),
    [4],
  );
  await world.consumer.close();
});

test('dead letters have the record and say where from and why; what cannot be read goes there at once', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, [
    ['a', '{"n":1}'],
    ['b', '{'],
    ['c', '{"n":3}'],
  ]);
  const world = new FakeWorld(cluster);
  const numbers = topic('t', { value: json<{ n: number }>() });
  const attempts: number[] = [];
  const run = world.consumer.subscribe(numbers).run({
    ...{ retry: { attempts: 2, delayMs: 10 }, deadLetter: 't.dead' },
    handler(record, { attempt }) {
      attempts.push(attempt);
      if (record.value?.n === 3) throw new Error('three');
    },
  });
  await settled();
  await world.membership.give(p0);
  await cluster.time.advance(1_000);
  await world.consumer.close();
  await run;
  assert.deepEqual(attempts, [1, 1, 1, 2]);
  assert.equal(cluster.committed.get('0:t')?.offset, 3);
  const [unreadable, three] = cluster.deadLetters.map(({ topic, record }) => ({
    ...{ topic, key: String(record.key), value: String(record.value) },
    headers: Object.fromEntries(record.headers as Iterable<[string, unknown]>),
  }));
  assert.deepEqual([unreadable!.topic, unreadable!.key, unreadable!.value], ['t.dead', 'b', '{']);
  assert.match(String(unreadable!.headers['dead-letter.error']), /is no JSON/);
  assert.deepEqual(three!.headers, {
    'dead-letter.topic': 't',
    'dead-letter.partition': '0',
    'dead-letter.offset': '2',
    'dead-letter.timestamp-ms': '2',
    'dead-letter.group-id': 'group',
    'dead-letter.error': 'three',
    'dead-letter.error-name': 'Error',
    'dead-letter.attempts': '2',
  });
});

test('without a place for it a failure ends run() with the record’s place; the others are committed, and it comes again', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, [
    ['a', '0'],
    ['b', '1'],
    ['c', '2'],
    ['d', '3'],
  ]);
  const seen: number[] = [];
  const { world, run } = await running(
    cluster,
    {
      ...{ orderBy: 'key', concurrency: 4 },
      async handler({ offset }) {
        seen.push(offset);
        await pass(cluster, offset);
        if (offset === 1) throw new Error('mine');
      },
    },
    {},
    [p0],
  );
  await assert.rejects(cluster.until(run), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'HANDLER_FAILED');
    assert.match(error.message, /partition 0, offset 1: the handler failed, at last with: mine/);
    return (error.cause as Error).message === 'mine';
  });
  assert.equal(cluster.committed.get('0:t')?.offset, 1);
  const stop = new AbortController();
  const again = world.consumer.run({
    signal: stop.signal,
    handler(record) {
      seen.push((record as { offset: number }).offset);
      stop.abort();
    },
  });
  await cluster.until(again);
  assert.deepEqual(seen, [0, 1, 2, 3, 1], 'only what was not done comes again');
  assert.equal(cluster.committed.get('0:t')?.offset, 4);
  await world.consumer.close();
});

test('on revoke what is in work is awaited and the rest left to others, with callbacks; past the time to drain the signal is aborted', async () => {
  const cluster = new FakeCluster();
  for (const place of places)
    cluster.write(
      place,
      Array.from({ length: 20 }, (_, index) => `${index}`),
    );
  const told: unknown[] = [];
  const aborted: string[] = [];
  const inWork = new Set<number>();
  const { world, run } = await running(cluster, {
    ...{ orderBy: 'none', concurrency: 6 },
    onAssign: (partitions) => told.push(['assign', partitions.length]),
    onRevoke: async (partitions, { drain }) =>
      told.push(['revoke', partitions.length, await drain({ timeoutMs: 100 })]),
    onLost: (partitions) => told.push(['lost', partitions.length]),
    async handler({ partition, offset }, { signal }) {
      if (partition === 0) inWork.add(offset);
      signal.addEventListener('abort', () => aborted.push(`${partition}:${offset}`));
      await pass(cluster, partition === 0 ? 50 : 1_000);
    },
  });
  await cluster.time.advance(10);
  const gone = world.membership.takeAway(p0);
  await cluster.until(gone);
  const { offset, metadata } = cluster.committed.get('0:t')!;
  assert.ok(offset >= 3 && offset <= 6, `${offset} are done`);
  assert.equal(metadata, '');
  await cluster.time.advance(2_000);
  const slow = world.membership.takeAway(p1);
  await cluster.until(slow);
  assert.ok(aborted.length > 0 && aborted.every((place) => place.startsWith('1:')), aborted.join(' '));
  await world.membership.give(p0);
  for (inWork.clear(); inWork.size === 0; ) await cluster.time.advance(10);
  world.membership.lose(p0);
  assert.deepEqual(told, [
    ['assign', 2],
    ['revoke', 1, true],
    ['revoke', 1, false],
    ['assign', 1],
    ['lost', 1],
  ]);
  assert.ok(
    aborted.some((place) => place.startsWith('0:')),
    'lost: at once',
  );
  await cluster.until(world.consumer.close());
  await cluster.until(run);
});

test('what waits is bounded in bytes for each partition, and one that is stuck does not stop the others', async () => {
  const cluster = new FakeCluster();
  const big = 'x'.repeat(1_000);
  for (const place of places)
    cluster.write(
      place,
      Array.from({ length: 3_000 }, () => big),
    );
  const seen = [0, 0];
  const { world, run } = await running(
    cluster,
    {
      ...{ orderBy: 'partition', concurrency: 4, maxBufferedBytes: 200_000 },
      async handler({ partition }) {
        seen[partition]!++;
        if (partition === 0) await pass(cluster, 1_000_000);
        else if (seen[1]! % 100 === 0) await settled();
      },
    },
    { drainTimeoutMs: 10 },
  );
  while (seen[1]! < 3_000) await settled();
  assert.equal(seen[0], 1);
  assert.ok(world.fetcher.position(p0)!.offset <= 600, `${world.fetcher.position(p0)!.offset} were taken`);
  await cluster.until(world.consumer.close());
  await cluster.until(run);
  assert.equal(cluster.committed.get('1:t')?.offset, 3_000);
});

test('stopping awaits what is in work for so long, and then its signal is aborted', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, ['0', '1', '2']);
  const stop = new AbortController();
  let reason: unknown;
  const { run, world } = await running(
    cluster,
    {
      ...{ orderBy: 'none', concurrency: 2, signal: stop.signal },
      async handler({ offset }, { signal }) {
        if (offset === 0)
          await new Promise((resolve) => signal.addEventListener('abort', resolve)).then(() => {
            reason = signal.reason;
            throw reason;
          });
      },
    },
    { drainTimeoutMs: 3_000 },
    [p0],
  );
  await settled();
  stop.abort();
  const startedMs = cluster.time.monotonicMs();
  await cluster.until(run);
  assert.equal(cluster.time.monotonicMs() - startedMs, 3_000);
  assert.equal((reason as { code?: string }).code, 'TIMED_OUT');
  assert.equal(cluster.committed.get('0:t')?.offset, 0);
  await world.consumer.close();
});

test('a partition that is paused gets no handler, not even for what was taken before', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, ['0', '1', '2', '3']);
  const seen: number[] = [];
  const { world, run } = await running(
    cluster,
    {
      handler({ offset }) {
        seen.push(offset);
        if (offset === 1) world.consumer.pause();
      },
    },
    {},
    [p0],
  );
  await settled();
  assert.deepEqual(seen, [0, 1]);
  world.consumer.resume();
  await settled();
  assert.deepEqual(seen, [0, 1, 2, 3]);
  await world.consumer.close();
  await run;
  assert.equal(cluster.committed.get('0:t')?.offset, 4);
});

test('a broker that takes no metadata gets the offsets alone', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, ['0', '1', '2', '3']);
  cluster.commitErrors.push(new KafkaError('OFFSET_METADATA_TOO_LARGE', 'too large'));
  const { world } = await running(
    cluster,
    { orderBy: 'none', handler: ({ offset }) => (offset === 1 ? new Promise(() => {}) : undefined) },
    { drainTimeoutMs: 10 },
    [p0],
  );
  await cluster.time.advance(5_000);
  const { offset, metadata } = cluster.committed.get('0:t')!;
  assert.deepEqual([offset, metadata], [1, '']);
  await cluster.until(world.consumer.close());
});

test('a partition that waits for room may go to others meanwhile', async () => {
  const cluster = new FakeCluster();
  cluster.write(
    p0,
    Array.from({ length: 600 }, () => 'x'.repeat(100)),
  );
  const { world, run } = await running(
    cluster,
    { maxBufferedBytes: 1_000, handler: () => pass(cluster, 10) },
    {},
    [p0],
  );
  await cluster.time.advance(100);
  assert.equal(world.fetcher.paused().length, 1);
  await cluster.until(world.membership.takeAway(p0));
  await world.membership.give(p0);
  await cluster.time.advance(7_000);
  await cluster.until(world.consumer.close());
  await run;
  assert.equal(cluster.committed.get('0:t')?.offset, 600);
});
