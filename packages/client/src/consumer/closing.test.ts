// What a consumer that is being closed still lets its application do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '@moldau/testing';
import { FakeCluster, FakeWorld } from './testing-consumer.ts';

const p0 = { topic: 't', partition: 0 };

/** A loop over batches or records that has something in hand when the signal is aborted. */
async function stopped(commit: 'auto' | 'manual') {
  const cluster = new FakeCluster();
  cluster.write(p0, ['a', 'b', 'c']);
  const stop = new AbortController();
  const world = new FakeWorld(cluster, { signal: stop.signal, commit });
  const { consumer } = world;
  return {
    ...{ cluster, consumer },
    given: async (loop: Promise<void>): Promise<void> => {
      await settled();
      await world.membership.give(p0);
      await cluster.until(loop);
      await cluster.until(consumer.close());
    },
    stop: () => stop.abort(),
    committed: () => cluster.committed.get('0:t')?.offset,
  };
}

for (const commit of ['auto', 'manual'] as const) {
  test(`what is in hand when the signal is aborted can be committed (commit: '${commit}')`, async () => {
    const { cluster, consumer, given, stop, committed } = await stopped(commit);
    let batches = 0;
    await given(
      (async () => {
        for await (const batch of consumer.subscribe('t').batches()) {
          batches++;
          stop();
          await settled();
          assert.equal(consumer.groupMetadata().groupId, 'group');
          await batch.commit();
        }
      })(),
    );
    assert.equal(batches, 1);
    assert.equal(committed(), 3);
    assert.equal(cluster.time.pendingCount, 0);
    assert.throws(() => consumer.groupMetadata(), { code: 'CLOSED' });
  });

  test(`so can a record in hand (commit: '${commit}')`, async () => {
    const { consumer, given, stop, committed } = await stopped(commit);
    await given(
      (async () => {
        for await (const record of consumer.subscribe('t')) {
          stop();
          await settled();
          await consumer.commit(record);
        }
      })(),
    );
    assert.equal(committed(), 1);
  });
}

test('a consumer whose signal was aborted before it subscribes reads nothing', async () => {
  const cluster = new FakeCluster();
  const { consumer } = new FakeWorld(cluster, { signal: AbortSignal.abort() });
  for await (const _ of consumer.subscribe('t')) assert.fail('nothing is read');
  await cluster.until(consumer.close());
});

test('a loop ends within half a minute when commits get no answer, one that was under way included', async () => {
  const cluster = new FakeCluster();
  cluster.write(p0, ['a']);
  const stop = new AbortController();
  const world = new FakeWorld(cluster, { autoCommitIntervalMs: 5_000 });
  const { time } = cluster;
  let endedMs: number | undefined;
  const loop = (async () => {
    for await (const _ of world.consumer.subscribe('t').batches({ signal: stop.signal }))
      cluster.isSilent = true;
    endedMs = time.monotonicMs();
  })();
  await settled();
  await world.membership.give(p0);
  await time.advance(6_000);
  stop.abort();
  await time.advance(30_000);
  assert.equal(endedMs, 36_000);
  cluster.isSilent = false;
  await cluster.until(loop);
  await cluster.until(world.consumer.close());
  assert.equal(cluster.committed.get('0:t')?.offset, 1);
  assert.equal(time.pendingCount, 0);
});
