// Keeping the log under share state short.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import { testPartitions } from '../../replication/testing-partitions.ts';
import { PartitionLogs } from '../runtime/partition-logs.ts';
import { ShareCoordinator } from './share-coordinator.ts';
import type { ShareKey } from './share-state-records.ts';

const KEYS: readonly ShareKey[] = [0, 1, 2].map((partition) => ({
  ...{ groupId: 'workers', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition },
}));

async function fixture(durability = 'replicated') {
  const configs = { 'segment.bytes': '1048576', 'moldau.durability': durability };
  const { time, partitions, disk } = await testPartitions(configs);
  const partition = partitions.get('orders', 0)!;
  await partition.log.ready();
  const coordinator = () =>
    new ShareCoordinator({
      ...{ clock: time, timers: time, logger: silentLogger },
      logs: new PartitionLogs({
        partitionCount: () => 1,
        partitionsOnDisk: () => [0],
        partition: async () => partition,
      }),
      log: () => partition.log,
      partitionExists: () => true,
      updatesPerSnapshot: () => 500,
    });
  return { time, disk, log: partition.log, coordinator };
}

/** What a promise comes to while time goes on. */
async function within<T>(time: { advance(ms: number): Promise<void> }, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  while (!isDone) await time.advance(1);
  return done;
}

/** Moves the start of each key's share partition on, again and again. */
async function writeAll(coordinator: ShareCoordinator, rounds: number): Promise<void> {
  const written: Promise<{ errorCode: number }>[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const key of KEYS) {
      written.push(
        coordinator.write(key, {
          ...{ stateEpoch: 1, leaderEpoch: 0, startOffset: round, deliveryCompleteCount: 1 },
          stateBatches: [
            { firstOffset: round + 1, lastOffset: round + 1, deliveryState: 2, deliveryCount: 1 },
          ],
        }),
      );
    }
  }
  for (const { errorCode } of await Promise.all(written)) assert.equal(errorCode, ErrorCode.NONE);
}

async function statesOf(coordinator: ShareCoordinator): Promise<unknown[]> {
  return Promise.all(KEYS.map((key) => coordinator.read(key, 0)));
}

async function started(it: Awaited<ReturnType<typeof fixture>>): Promise<ShareCoordinator> {
  const coordinator = it.coordinator();
  for (const key of KEYS) {
    const { errorCode } = await within(
      it.time,
      coordinator.initialize(key, { stateEpoch: 1, startOffset: 0 }),
    );
    assert.equal(errorCode, ErrorCode.NONE);
  }
  return coordinator;
}

test('a long log is replaced by one snapshot of each share partition, which a restart reads', async () => {
  const it = await fixture();
  const { time, log } = it;
  const coordinator = await started(it);
  await within(time, writeAll(coordinator, 3400));
  const before = await within(time, statesOf(coordinator));
  const endOffset = log.logEndOffset;
  assert.ok(endOffset >= 10_200);
  await within(time, coordinator.prune());
  assert.equal(log.logStartOffset, endOffset);
  assert.equal(log.logEndOffset, endOffset + KEYS.length);
  assert.deepEqual(await within(time, statesOf(it.coordinator())), before);
  await within(time, writeAll(coordinator, 10));
  const later = await within(time, statesOf(coordinator));
  assert.deepEqual(await within(time, statesOf(it.coordinator())), later);
  await within(time, coordinator.prune());
  assert.equal(log.logStartOffset, endOffset, 'a short log is left alone');
});

test('what was written while a log was pruned is not lost', async () => {
  const it = await fixture();
  const { time, log } = it;
  const coordinator = await started(it);
  await within(time, writeAll(coordinator, 3400));
  const pruning = coordinator.prune();
  const writing = writeAll(coordinator, 3500);
  await within(time, Promise.all([pruning, writing]));
  assert.ok(log.logStartOffset > 0);
  const states = await within(time, statesOf(coordinator));
  assert.deepEqual(await within(time, statesOf(it.coordinator())), states);
});

test('nothing is deleted when the snapshots could not be written', async () => {
  const it = await fixture();
  const { time, log, disk } = it;
  const coordinator = await started(it);
  await within(time, writeAll(coordinator, 3400));
  disk.fail({ operation: 'sync', path: '/data/orders-0', code: 'EIO' });
  await within(time, coordinator.prune());
  assert.equal(log.logStartOffset, 0);
});

test('where a group starts is on the disk when that is answered, and what was acknowledged need not be', async () => {
  const it = await fixture();
  const { time, log } = it;
  const coordinator = await started(it);
  assert.equal(log.flushedOffset, KEYS.length);
  await within(time, writeAll(coordinator, 1));
  assert.equal(log.flushedOffset, KEYS.length);
  assert.equal(log.logEndOffset, 2 * KEYS.length);
});

test('records that say what a snapshot says are deleted when the snapshot is on the disk', async () => {
  const it = await fixture();
  const { time, log } = it;
  const coordinator = await started(it);
  await within(time, writeAll(coordinator, 3400));
  await within(time, coordinator.prune());
  assert.ok(log.logStartOffset > 0);
  assert.equal(log.flushedOffset, log.logEndOffset);
});

test('an initialization that cannot be made durable is answered with an error', async () => {
  const it = await fixture();
  it.disk.fail({ operation: 'sync', path: '/data/orders-0', code: 'EIO' });
  const wanted = { stateEpoch: 1, startOffset: 0 };
  const { errorCode } = await within(it.time, it.coordinator().initialize(KEYS[0]!, wanted));
  assert.equal(errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
});
