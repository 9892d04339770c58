import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { AcquireRequest, LogBatch } from './share-acquisition.ts';
import {
  type Acknowledgement,
  AcknowledgeType,
  SharePartition,
  type StateChange,
} from './share-partition.ts';
import type { StateBatch } from './state-batches.ts';

const { ACCEPT, GAP, REJECT, RELEASE, RENEW } = AcknowledgeType;
const LOCK_MS = 1000;

interface Options {
  limits?: Partial<SharePartition['limits']>;
  startOffset?: number;
  stateBatches?: StateBatch[];
}

function partitionOf({ limits = {}, startOffset = 0, stateBatches = [] }: Options = {}): SharePartition {
  const all = { maxInFlightRecords: 200, maxDeliveryCount: 5, lockDurationMs: LOCK_MS, isRenewEnabled: true };
  return new SharePartition({ ...all, ...limits }, { startOffset, stateBatches });
}

/** Batches of these sizes, one after the other. */
function log(firstOffset: number, ...sizes: number[]): LogBatch[] {
  let baseOffset = firstOffset;
  return sizes.map((size) => {
    const batch = { baseOffset, lastOffset: baseOffset + size - 1 };
    baseOffset += size;
    return batch;
  });
}

function acquire(
  partition: SharePartition,
  batches: LogBatch[],
  fields: Partial<AcquireRequest> = {},
): string[] {
  const { ranges } = partition.acquire({
    ...{ memberId: 'a', nowMs: 0, fetchOffset: partition.nextFetchOffset(), batches, abortedBatches: [] },
    ...{ maxRecords: 500, batchSize: 500, isRecordLimit: false, ...fields },
  });
  return ranges.map(
    ({ firstOffset, lastOffset, deliveryCount }) => `${firstOffset}-${lastOffset}x${deliveryCount}`,
  );
}

function ack(firstOffset: number, lastOffset: number, ...types: number[]): Acknowledgement {
  return { firstOffset, lastOffset, types };
}

function acknowledge(partition: SharePartition, ...acknowledgements: Acknowledgement[]): StateChange {
  const change = partition.acknowledge('a', acknowledgements, 0);
  assert.ok(change !== null);
  partition.settle(change, true, 0);
  return change;
}

function code(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof KafkaError);
    return error.code;
  }
  return ErrorCode.NONE;
}

// Acquiring ------------------------------------------------------------------------------------------------------------

test('gives whole batches of the log until it has enough records', () => {
  const partition = partitionOf();
  assert.deepEqual(acquire(partition, log(0, 5, 5, 5), { maxRecords: 7 }), ['0-9x1']);
  assert.equal(partition.nextFetchOffset(), 10);
  assert.deepEqual(acquire(partition, log(10, 5), { maxRecords: 1 }), ['10-14x1']);
  assert.equal(partition.startOffset, 0);
  assert.equal(partition.endOffset, 14);
});

test('tells new records in parts of about the batch size', () => {
  assert.deepEqual(acquire(partitionOf(), log(0, 2, 2, 2, 2), { batchSize: 3 }), ['0-3x1', '4-7x1']);
  assert.deepEqual(acquire(partitionOf(), log(0, 9), { batchSize: 3 }), ['0-8x1']);
});

test('cuts batches at a strict limit and gives the rest to whoever asks next', () => {
  const partition = partitionOf();
  const strict = { isRecordLimit: true };
  assert.deepEqual(acquire(partition, log(0, 5, 5), { ...strict, maxRecords: 3 }), ['0-2x1']);
  assert.equal(partition.nextFetchOffset(), 3);
  assert.deepEqual(acquire(partition, log(0, 5, 5), { ...strict, maxRecords: 4, memberId: 'b' }), [
    '3-4x1',
    '5-6x1',
  ]);
});

test('gives nothing of a batch that ends before the start', () => {
  const partition = partitionOf({ startOffset: 10 });
  assert.deepEqual(acquire(partition, log(0, 5)), []);
  assert.deepEqual(acquire(partition, log(8, 5)), ['10-12x1']);
});

test('starts where the log has records', () => {
  const partition = partitionOf();
  assert.deepEqual(acquire(partition, log(7, 3)), ['7-9x1']);
  assert.equal(partition.startOffset, 7);
});

test('stops at the limit of locks, and goes on inside the window', () => {
  const partition = partitionOf({ limits: { maxInFlightRecords: 10 } });
  acquire(partition, log(0, 5, 5));
  assert.equal(partition.canAcquire(), false);
  assert.deepEqual(acquire(partition, log(10, 5), { fetchOffset: 10 }), []);
  acknowledge(partition, ack(2, 3, RELEASE));
  assert.equal(partition.canAcquire(), true);
  assert.deepEqual(acquire(partition, log(0, 5, 5, 5)), ['2-3x2']);
});

test('skips what others hold and what is being persisted', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 3), { memberId: 'b' });
  acquire(partition, log(3, 3));
  const change = partition.acknowledge('a', [ack(3, 5, RELEASE)], 0)!;
  assert.equal(partition.nextFetchOffset(), 6);
  assert.deepEqual(acquire(partition, log(0, 3, 3, 3)), ['6-8x1']);
  partition.settle(change, true, 0);
  assert.equal(partition.nextFetchOffset(), 3);
});

test('archives what the log no longer has', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 5, 5));
  acknowledge(partition, ack(0, 9, RELEASE));
  assert.deepEqual(acquire(partition, log(5, 5), { fetchOffset: 0 }), ['5-9x2']);
  acknowledge(partition, ack(5, 9, ACCEPT));
  assert.equal(partition.startOffset, 10);
});

test('never gives records of aborted transactions', () => {
  const partition = partitionOf();
  const batches = log(0, 3, 3, 3);
  assert.deepEqual(acquire(partition, batches, { abortedBatches: [batches[1]!] }), ['0-2x1', '6-8x1']);
  acknowledge(partition, ack(0, 2, ACCEPT), ack(6, 8, ACCEPT));
  assert.equal(partition.startOffset, 9);
});

test('gives what fails often in smaller portions, and alone at its last delivery', () => {
  const partition = partitionOf();
  const batches = log(0, 8, 2);
  const deliveries: string[][] = [];
  for (let delivery = 0; delivery < 6; delivery++) {
    const given = acquire(partition, batches);
    deliveries.push(given);
    for (const range of given) {
      const [first, last] = range.split('x')[0]!.split('-').map(Number);
      acknowledge(partition, ack(first!, last!, RELEASE));
    }
  }
  assert.deepEqual(deliveries, [['0-9x1'], ['0-9x2'], ['0-9x3'], ['0-4x4'], ['0-0x5'], ['1-1x5']]);
});

// Giving back ----------------------------------------------------------------------------------------------------------

test('moves its start when what is accepted at the beginning is persisted', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 5, 5), { batchSize: 5 });
  const change = partition.acknowledge('a', [ack(0, 4, ACCEPT)], 0)!;
  assert.deepEqual(change.stateBatches, [
    { firstOffset: 0, lastOffset: 4, deliveryState: 2, deliveryCount: 1 },
  ]);
  assert.equal(change.startOffset, 0);
  assert.equal(change.deliveryCompleteCount, 5);
  assert.equal(partition.startOffset, 0);
  assert.equal(partition.settle(change, true, 0), true);
  assert.equal(partition.startOffset, 5);
  assert.equal(partition.deliveryCompleteCount, 0);
});

test('takes back all of an acknowledgement when it cannot be persisted', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 5));
  const change = partition.acknowledge('a', [ack(0, 4, ACCEPT)], 0)!;
  partition.settle(change, false, 1);
  assert.equal(partition.deliveryCompleteCount, 0);
  acknowledge(partition, ack(0, 4, ACCEPT));
  assert.equal(partition.startOffset, 5);
});

test('a lock that ended while the acknowledgement failed is ended', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 5));
  const change = partition.acknowledge('a', [ack(0, 4, ACCEPT)], 0)!;
  assert.equal(partition.expireLocks(LOCK_MS), null);
  partition.settle(change, false, LOCK_MS);
  assert.deepEqual(acquire(partition, log(0, 5), { memberId: 'b' }), ['0-4x2']);
});

test('takes one type for all, or one for each', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 4, 4), { batchSize: 4 });
  const { stateBatches } = acknowledge(partition, ack(0, 3, ACCEPT, GAP, RELEASE, REJECT), ack(4, 7, REJECT));
  assert.deepEqual(
    stateBatches.map(({ firstOffset, deliveryState }) => [firstOffset, deliveryState]),
    [
      [0, 2],
      [1, 4],
      [2, 0],
      [3, 4],
      [4, 4],
    ],
  );
  assert.equal(partition.startOffset, 2);
  assert.deepEqual(acquire(partition, log(0, 4, 4)), ['2-2x2']);
});

test('acknowledges nothing when one of several is wrong', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 4, 4));
  const wrong = () => partition.acknowledge('a', [ack(0, 3, ACCEPT), ack(20, 21, ACCEPT)], 0);
  assert.equal(code(wrong), ErrorCode.INVALID_REQUEST);
  assert.equal(partition.startOffset, 0);
  acknowledge(partition, ack(0, 3, ACCEPT));
});

test('refuses what is not out, or out to somebody else', () => {
  const partition = partitionOf();
  assert.equal(
    code(() => partition.acknowledge('a', [ack(0, 0, ACCEPT)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
  acquire(partition, log(0, 4));
  assert.equal(
    code(() => partition.acknowledge('b', [ack(0, 0, ACCEPT)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
  assert.equal(
    code(() => partition.acknowledge('a', [ack(0, 0, 9)], 0)),
    ErrorCode.INVALID_REQUEST,
  );
  assert.equal(
    code(() => partition.acknowledge('a', [ack(2, 8, ACCEPT)], 0)),
    ErrorCode.INVALID_REQUEST,
  );
  assert.equal(
    code(() => partition.acknowledge('a', [ack(8, 9, ACCEPT)], 0)),
    ErrorCode.INVALID_REQUEST,
  );
  acknowledge(partition, ack(1, 1, ACCEPT));
  assert.equal(
    code(() => partition.acknowledge('a', [ack(1, 2, ACCEPT)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
});

test('has no quarrel with what was done before the start', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 4));
  acknowledge(partition, ack(0, 1, ACCEPT));
  assert.equal(partition.acknowledge('a', [ack(0, 1, ACCEPT)], 0), null);
});

test('a second acknowledgement while the first is being persisted is refused', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 4));
  partition.acknowledge('a', [ack(0, 3, ACCEPT)], 0);
  assert.equal(
    code(() => partition.acknowledge('a', [ack(0, 3, ACCEPT)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
});

test('archives what is released after its last delivery', () => {
  const partition = partitionOf({ limits: { maxDeliveryCount: 2 } });
  acquire(partition, log(0, 2));
  acknowledge(partition, ack(0, 1, RELEASE));
  assert.deepEqual(acquire(partition, log(0, 2)), ['0-1x2']);
  const { stateBatches } = acknowledge(partition, ack(0, 1, RELEASE));
  assert.equal(stateBatches[0]?.deliveryState, 4);
  assert.equal(partition.startOffset, 2);
});

test('gives back what a member holds, and only that', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 3));
  acquire(partition, log(3, 3), { memberId: 'b' });
  acknowledge(partition, ack(1, 1, ACCEPT));
  const change = partition.releaseMember('a')!;
  assert.deepEqual(
    change.stateBatches.map(({ firstOffset }) => firstOffset),
    [0, 2],
  );
  partition.settle(change, true, 0);
  assert.equal(partition.releaseMember('a'), null);
  assert.deepEqual(acquire(partition, log(0, 3, 3), { memberId: 'c' }), ['0-0x2', '2-2x2']);
});

// Locks ----------------------------------------------------------------------------------------------------------------

test('ends locks when their time is up, and says when that will be', () => {
  const partition = partitionOf();
  assert.equal(partition.nextLockEndMs(), Number.POSITIVE_INFINITY);
  acquire(partition, log(0, 3), { nowMs: 100 });
  acquire(partition, log(3, 3), { nowMs: 300 });
  assert.equal(partition.nextLockEndMs(), 100 + LOCK_MS);
  assert.equal(partition.expireLocks(99 + LOCK_MS), null);
  assert.deepEqual(partition.expireLocks(100 + LOCK_MS)!.stateBatches, [
    { firstOffset: 0, lastOffset: 2, deliveryState: 0, deliveryCount: 1 },
  ]);
  assert.equal(partition.nextLockEndMs(), 300 + LOCK_MS);
  assert.equal(
    code(() => partition.acknowledge('a', [ack(0, 2, ACCEPT)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
  assert.deepEqual(acquire(partition, log(0, 3, 3), { nowMs: 1200 }), ['0-2x2']);
});

test('renews the locks of some offsets of a batch', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 3));
  assert.equal(partition.acknowledge('a', [ack(0, 1, RENEW)], 600), null);
  assert.deepEqual(
    partition.expireLocks(LOCK_MS)!.stateBatches.map(({ firstOffset }) => firstOffset),
    [2],
  );
  assert.equal(partition.nextLockEndMs(), 600 + LOCK_MS);
  const off = partitionOf({ limits: { isRenewEnabled: false } });
  acquire(off, log(0, 3));
  assert.equal(
    code(() => off.acknowledge('a', [ack(0, 1, RENEW)], 0)),
    ErrorCode.INVALID_RECORD_STATE,
  );
});

// Loading and the log's start ------------------------------------------------------------------------------------------

test('gives out again what was out when its state was last persisted', () => {
  const stateBatches = [
    { firstOffset: 3, lastOffset: 5, deliveryState: 2, deliveryCount: 1 },
    { firstOffset: 8, lastOffset: 9, deliveryState: 0, deliveryCount: 2 },
  ];
  const partition = partitionOf({ stateBatches });
  assert.equal(partition.nextFetchOffset(), 0);
  assert.equal(partition.deliveryCompleteCount, 3);
  assert.deepEqual(acquire(partition, log(0, 10)), ['0-2x1', '6-7x1', '8-9x3']);
  assert.equal(partition.nextFetchOffset(), 10);
  acknowledge(partition, ack(0, 2, ACCEPT), ack(6, 9, ACCEPT));
  assert.equal(partition.startOffset, 10);
});

test('does not look for ever for what the log has lost', () => {
  const stateBatches = [{ firstOffset: 5, lastOffset: 9, deliveryState: 2, deliveryCount: 1 }];
  const partition = partitionOf({ stateBatches });
  assert.deepEqual(acquire(partition, log(5, 5, 5)), ['10-14x1']);
  assert.equal(partition.nextFetchOffset(), 15);
  acknowledge(partition, ack(10, 14, ACCEPT));
  assert.equal(partition.startOffset, 15);
});

test('starts behind what was done at the beginning of its persisted state', () => {
  const done = { firstOffset: 0, lastOffset: 4, deliveryState: 2, deliveryCount: 1 };
  assert.equal(partitionOf({ stateBatches: [done] }).startOffset, 5);
  assert.equal(
    code(() => partitionOf({ stateBatches: [done, done] })),
    ErrorCode.UNKNOWN_SERVER_ERROR,
  );
});

test('follows the start of the log', () => {
  const partition = partitionOf();
  acquire(partition, log(0, 4, 4));
  acknowledge(partition, ack(4, 5, ACCEPT), ack(6, 7, RELEASE));
  partition.moveLogStart(6);
  assert.equal(partition.startOffset, 6);
  assert.equal(partition.deliveryCompleteCount, 0);
  assert.deepEqual(acquire(partition, log(6, 2)), ['6-7x2']);
  acknowledge(partition, ack(0, 7, ACCEPT));
  partition.moveLogStart(3);
  partition.expireLocks(LOCK_MS);
  partition.advance();
  assert.equal(partition.startOffset, 8);
  partition.moveLogStart(20);
  assert.equal(partition.nextFetchOffset(), 20);
});
