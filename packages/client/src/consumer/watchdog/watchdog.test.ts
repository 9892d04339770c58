import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '@moldau/testing';
import type { ConsumerOptions } from '../options/consumer-options.ts';
import { FakeCluster, FakeWorld } from '../testing-consumer.ts';
import type { StallReport } from './watchdog.ts';

const p0 = { topic: 't', partition: 0 };

async function watched(cluster: FakeCluster, options: ConsumerOptions = {}) {
  const reports: StallReport[] = [];
  const world = new FakeWorld(cluster, { ...options, onStall: (report) => reports.push(report) });
  const iterator = world.consumer.subscribe('t')[Symbol.asyncIterator]();
  const first = iterator.next();
  await settled();
  await world.membership.give(p0);
  return { world, reports, iterator, first };
}

test('records that are there and do not come are reported, fetched anew, and then the group is joined again', async () => {
  const cluster = new FakeCluster();
  const { world, reports, first } = await watched(cluster);
  world.fetcher.stuck.add('0:t');
  await cluster.time.advance(200_000);
  assert.equal(reports.length, 0, 'nothing is there: all is well');
  cluster.write(p0, ['v']);
  await cluster.time.advance(75_000);
  assert.equal(reports.map(({ kind }) => kind).join(), 'fetch');
  const { kind, topic, partition, offset, lag, action } = reports[0]!;
  assert.deepEqual(
    { kind, topic, partition, offset, lag, action },
    { kind: 'fetch', ...p0, offset: 0, lag: 1, action: 'refetch' },
  );
  assert.deepEqual(
    world.reconnects.map((each) => each.length),
    [1],
  );
  await cluster.time.advance(75_000);
  assert.deepEqual([reports.at(-1)!.action, world.membership.rejoins.length], ['rejoin', 1]);
  world.fetcher.stuck.clear();
  world.fetcher.wake();
  assert.equal((await first).value?.offset, 0);
  await cluster.until(world.consumer.close());
  assert.equal(cluster.time.pendingCount, 0);
});

test('a record that the application has for long is reported once, with its place, and it keeps its partition', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, ['v', 'w']);
  const { world, reports, iterator, first } = await watched(cluster);
  await first;
  const pokes = world.membership.pokes;
  await cluster.time.advance(1_000_000);
  assert.deepEqual(
    reports.map(({ kind, topic, partition, offset }) => [kind, topic, partition, offset]),
    [['handler', 't', 0, 0]],
  );
  assert.ok(world.membership.pokes > pokes + 5, 'the group is told that it is alive');
  assert.deepEqual(world.consumer.assignment, [p0]);
  assert.equal((await iterator.next()).value?.offset, 1);
  await cluster.until(world.consumer.close());
});

test('partitions that are paused, or that nobody asks for, are left in peace', async () => {
  const cluster = new FakeCluster();
  const { world, reports } = await watched(cluster);
  world.consumer.pause();
  cluster.write(p0, ['v']);
  await cluster.time.advance(500_000);
  assert.deepEqual(reports, []);
  await cluster.until(world.consumer.close());
});

test('a partition of which nobody says where to begin is reported', async () => {
  const cluster = new FakeCluster();
  cluster.offsets.committed = () => new Promise(() => {});
  const { world, reports } = await watched(cluster);
  await cluster.time.advance(80_000);
  assert.deepEqual(
    reports.map(({ kind, action }) => [kind, action]),
    [['position', 'refetch']],
  );
  await cluster.until(world.consumer.close());
});
