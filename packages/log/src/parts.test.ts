// The parts of a log that stand alone: indexes, epochs, producer snapshots, checkpoint files, the tail cache, file handles.

import assert from 'node:assert/strict';
import test from 'node:test';
import { batches, type RecordBatch } from '@moldau/protocol';
import { MemoryDisk } from '@moldau/testing';
import {
  decodeCleanStop,
  decodeMetaProperties,
  decodeOffsetCheckpoint,
  decodePartitionMetadata,
  encodeCleanStop,
  encodeMetaProperties,
  encodeOffsetCheckpoint,
  encodePartitionMetadata,
} from './checkpoint-files.ts';
import { FileHandles, FileSlot } from './file-handles.ts';
import {
  asideDirectoryName,
  isDeletedDirectory,
  parsePartitionDirectory,
  segmentFileName,
} from './file-names.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import { OffsetIndex } from './offset-index.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerStates } from './producer-state.ts';
import { LogTail, TailCache } from './tail-cache.ts';
import { decodeTailStates, encodeTailStates } from './tail-states.ts';
import { batchOf, settle, TOPIC_ID } from './testing-logs.ts';
import { TimeIndex } from './time-index.ts';
import { decodeTransactionIndex, encodeTransactionIndex } from './transaction-index.ts';

function batchAt(offset: number, bytes: Buffer): RecordBatch {
  const [batch] = batches(bytes);
  batch!.setBaseOffset(offset);
  return batch!;
}

test('the offset index finds the last batch that ends at the offset or before it, and has the file format of Kafka', () => {
  const index = new OffsetIndex(100);
  for (let entry = 1; entry <= 50; entry++) index.append(100 + entry * 10, entry * 1000);
  assert.equal(index.lookup(100), 0);
  assert.equal(index.lookup(110), 1000);
  assert.equal(index.lookup(119), 1000);
  assert.equal(index.lookup(9999), 50_000);
  assert.equal(index.bytes().subarray(0, 8).toString('hex'), '0000000a000003e8');
  assert.equal(new OffsetIndex(100, Buffer.concat([index.bytes(), Buffer.from([1])])).count, 50);
  index.truncateTo(120);
  assert.equal(index.lastOffset, 110);
  assert.equal(index.isSane(2000), true);
  assert.equal(index.isSane(900), false);
  assert.equal(index.isFull(8), true);
});

test('the time index rises, and finds where to start for a time', () => {
  const index = new TimeIndex(100);
  index.maybeAppend(5_000_000_000_000, 110);
  index.maybeAppend(4_999_999_999_999, 120);
  index.maybeAppend(5_000_000_000_010, 130);
  assert.equal(index.count, 2);
  assert.equal(index.lookup(1), 100);
  assert.equal(index.lookup(5_000_000_000_000), 100);
  assert.equal(index.lookup(5_000_000_000_001), 110);
  assert.equal(index.bytes().subarray(0, 12).toString('hex'), '0000048c273950000000000a');
  index.truncateTo(130);
  assert.equal(index.lastTimestampMs, 5_000_000_000_000);
});

test('leader epochs know where each ended, cut from both sides, and survive their file', () => {
  const epochs = new LeaderEpochs();
  assert.equal(epochs.assign(1, 0), true);
  assert.equal(epochs.assign(1, 5), false);
  epochs.assign(3, 10);
  epochs.assign(4, 20);
  assert.deepEqual(epochs.endOffset(1, 30), { leaderEpoch: 1, endOffset: 10 });
  assert.deepEqual(epochs.endOffset(2, 30), { leaderEpoch: 1, endOffset: 10 });
  assert.deepEqual(epochs.endOffset(0, 30), { leaderEpoch: 0, endOffset: 0 });
  assert.deepEqual(epochs.endOffset(4, 30), { leaderEpoch: 4, endOffset: 30 });
  assert.equal(epochs.epochOf(15), 3);
  const text = epochs.encode().toString();
  assert.equal(text, '0\n3\n1 0\n3 10\n4 20\n');
  assert.equal(LeaderEpochs.decode(Buffer.from(text))?.encode().toString(), text);
  assert.equal(LeaderEpochs.decode(Buffer.from('0\n3\n1 0\n')), undefined);
  assert.equal(LeaderEpochs.decode(Buffer.alloc(0)), undefined);
  epochs.truncateFromStart(12);
  epochs.truncateFromEnd(20);
  assert.equal(epochs.encode().toString(), '0\n1\n3 12\n');
});

test('producer snapshots keep the last batch of each producer and refuse damaged bytes', () => {
  const states = new ProducerStates();
  for (let sequence = 0; sequence < 8; sequence += 2) {
    const bytes = batchOf(['a', 'b'], { producerId: 4000, producerEpoch: 2, baseSequence: sequence });
    states.apply(batchAt(100 + sequence, bytes));
  }
  const bytes = encodeProducerSnapshot(states);
  const decoded = decodeProducerSnapshot(bytes);
  assert.deepEqual(decoded?.describe(), states.describe());
  assert.deepEqual(
    decoded?.get(4000)?.batches.map((batch) => [batch.lastSequence, batch.lastOffset]),
    [[7, 107]],
  );
  bytes[20]! ^= 1;
  assert.equal(decodeProducerSnapshot(bytes), undefined);
  assert.equal(decodeProducerSnapshot(Buffer.alloc(3)), undefined);
});

test('sequences go on at 0 after 2^31-1', () => {
  const states = new ProducerStates();
  states.apply(
    batchAt(0, batchOf(['a', 'b'], { producerId: 1, producerEpoch: 0, baseSequence: 0x7fff_fffe })),
  );
  states.check([batchAt(2, batchOf(['c'], { producerId: 1, producerEpoch: 0, baseSequence: 0 }))]);
  const wrapping = batchAt(
    2,
    batchOf(['x', 'y'], { producerId: 2, producerEpoch: 0, baseSequence: 0x7fff_ffff }),
  );
  states.apply(wrapping);
  assert.equal(states.findDuplicate(wrapping)?.lastOffset, 3);
});

test('silent producers are forgotten, save those with an open transaction', () => {
  const states = new ProducerStates();
  states.apply(
    batchAt(0, batchOf(['a'], { producerId: 1, producerEpoch: 0, baseSequence: 0, timestampMs: 1000 })),
  );
  const open = { producerId: 2, producerEpoch: 0, baseSequence: 0, timestampMs: 1000, isTransactional: true };
  states.apply(batchAt(1, batchOf(['a'], open)));
  assert.equal(states.expire(5000, 3000), 1);
  assert.equal(states.firstOpenTransactionOffset(), 1);
});

test('checkpoint files read back what they wrote, and nothing else', () => {
  const offsets = new Map([
    ['a-b-0', 5],
    ['topic-12', 0],
  ]);
  assert.equal(encodeOffsetCheckpoint(offsets).toString(), '0\n2\na-b 0 5\ntopic 12 0\n');
  assert.deepEqual(decodeOffsetCheckpoint(encodeOffsetCheckpoint(offsets)), offsets);
  assert.equal(decodeOffsetCheckpoint(Buffer.from('0\n2\na 0 5\n')), undefined);
  assert.equal(decodePartitionMetadata(encodePartitionMetadata(TOPIC_ID)), TOPIC_ID);
  assert.equal(decodePartitionMetadata(Buffer.alloc(0)), undefined);
  const properties = { clusterId: 'c', nodeId: 3, directoryId: 'd' };
  assert.deepEqual(decodeMetaProperties(encodeMetaProperties(properties)), properties);
  assert.equal(decodeMetaProperties(Buffer.from('#\nversion=0\nbroker.id=2\n'))?.nodeId, 2);
  assert.equal(encodeCleanStop(7).toString(), '{"version":0,"brokerEpoch":7}');
  assert.equal(decodeCleanStop(encodeCleanStop(7)), 7);
  assert.equal(decodeCleanStop(Buffer.alloc(0)), -1);
  const tail = {
    segmentBaseOffset: 5,
    sizeBytes: 100,
    endOffset: 9,
    firstTimestampMs: 1,
    maxTimestampMs: 3,
    maxTimestampOffset: 8,
    topicId: '',
    onlyEpoch: -1,
    hasProducers: true,
    needsRecovery: false,
    indexesMayBeLost: false,
  };
  const states = { bootId: 'b', stamp: 4, logs: new Map([['t-0', tail]]) };
  assert.deepEqual(decodeTailStates(encodeTailStates(states)), states);
  assert.equal(decodeTailStates(encodeTailStates(states).subarray(0, 20)), undefined);
});

test('the transaction index has the file format of Kafka', () => {
  const entries = [{ producerId: 1, firstOffset: 2, lastOffset: 3, lastStableOffset: 4 }];
  const bytes = encodeTransactionIndex(entries);
  assert.equal(bytes.length, 34);
  assert.deepEqual(decodeTransactionIndex(bytes), entries);
  assert.equal(decodeTransactionIndex(bytes.subarray(1)), undefined);
  const torn = Buffer.concat([bytes, Buffer.alloc(34)]);
  assert.equal(decodeTransactionIndex(torn), undefined, 'zeros that a power cut left');
});

test('folder names: partitions, deleted ones, and names near the limit', () => {
  assert.deepEqual(parsePartitionDirectory('my-topic-12'), { topic: 'my-topic', partition: 12 });
  assert.equal(parsePartitionDirectory('topic'), undefined);
  const long = `${'x'.repeat(249)}-9`;
  const aside = asideDirectoryName(long, 'ab'.repeat(16), 'delete');
  assert.ok(aside.length <= 255);
  assert.equal(isDeletedDirectory(aside), true);
  assert.equal(parsePartitionDirectory(aside), undefined);
  assert.equal(segmentFileName(42, 'log'), '00000000000000000042.log');
});

test('the tail cache stays within its bytes over all logs, oldest first', () => {
  const cache = new TailCache(10_000);
  const one = new LogTail(cache);
  const two = new LogTail(cache);
  for (let offset = 0; offset < 100; offset++) {
    const bytes = batchOf(['v'.repeat(300)]);
    batchAt(offset, bytes);
    (offset % 2 === 0 ? one : two).add(bytes, offset, offset + 1);
  }
  assert.ok(cache.usedBytes <= 10_000);
  assert.ok(one.firstOffset > 60 && Math.abs(one.firstOffset - two.firstOffset) === 1);
  one.clear();
  two.clear();
  assert.equal(cache.usedBytes, 0);
});

test('a small batch in the cache does not keep the large frame it came in', () => {
  const cache = new TailCache(1_000_000);
  const tail = new LogTail(cache);
  const frame = Buffer.alloc(500_000);
  const bytes = batchOf(['v']);
  bytes.copy(frame, 1000);
  tail.add(frame.subarray(1000, 1000 + bytes.length), 0, 1);
  const chunks: Buffer[] = [];
  tail.read({ fromOffset: 0, upToOffset: 1, maxBytes: 1000, minOneBatch: true }, chunks);
  assert.ok(chunks[0]!.buffer.byteLength < 100_000);
  assert.deepEqual(chunks[0], bytes);
});

test('who wants one file more than may be open waits for another to be released', async () => {
  const disk = new MemoryDisk();
  const handles = new FileHandles(disk, 2);
  const slots = ['/a', '/b', '/c'].map((path) => new FileSlot(path, 'write'));
  await handles.acquire(slots[0]!);
  await handles.acquire(slots[1]!);
  let isOpen = false;
  const third = Promise.resolve(handles.acquire(slots[2]!)).then(() => {
    isOpen = true;
  });
  await settle();
  assert.equal(isOpen, false);
  handles.release(slots[0]!);
  await third;
  assert.equal(disk.openFileCount, 2);
  handles.release(slots[1]!);
  handles.release(slots[2]!);
  handles.sweep();
  handles.sweep();
  await settle();
  assert.equal(disk.openFileCount, 0);
  assert.equal(handles.openCount, 0);
});
