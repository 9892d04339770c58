import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, encodeBatch, KafkaError, RecordBatch } from '@moldau/protocol';
import { testPartitions } from './testing-partitions.ts';
import { TransactionMarkers } from './transaction-markers.ts';

const MARKER = {
  producerId: 7,
  producerEpoch: 0,
  coordinatorEpoch: 3,
  committed: true,
  transactionVersion: 0,
};

async function start() {
  const { partitions, time, disk, image } = await testPartitions();
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  const id = 'topic-of-the-groups___';
  image.apply({ type: 'topic', id, name: '__consumer_offsets', partitions: [{ count: 50, state }] });
  const completed: number[] = [];
  const markers = new TransactionMarkers({
    partitions,
    clock: time,
    async completeTransaction(partition) {
      completed.push(partition);
      if (partition === 1) throw new KafkaError(ErrorCode.NOT_COORDINATOR);
    },
  });
  return { partitions, markers, completed, disk };
}

test('ends transactions in every partition, and answers for each', async () => {
  const { partitions, markers, completed, disk } = await start();
  const partition = partitions.get('orders', 0)!;
  await partition.log.ready();
  const records = [{ timestamp: 1, key: null, value: Buffer.from('v') }];
  const batch = new RecordBatch(
    encodeBatch({ records, producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }),
  );
  await partition.append([batch], { verification: 'waived' }).written;
  assert.equal(partition.lastStableOffset, 0);
  const answers = await markers.write({
    ...MARKER,
    partitions: [
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 9 },
      { topic: 'nothing', partition: 0 },
      { topic: '__consumer_offsets', partition: 4 },
      { topic: '__consumer_offsets', partition: 1 },
    ],
  });
  assert.deepEqual(
    answers.map(({ errorCode }) => errorCode),
    [
      ErrorCode.NONE,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.NONE,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ],
  );
  assert.deepEqual(completed, [4, 1]);
  assert.equal(partition.lastStableOffset, 2);
  assert.equal(partition.log.flushedOffset, 2);
  assert.ok((disk.counts.get('sync') ?? 0) > 0);
});

test('an older coordinator is told that it is fenced', async () => {
  const { markers } = await start();
  const partitions = [{ topic: 'orders', partition: 0 }];
  await markers.write({ ...MARKER, partitions });
  const [answer] = await markers.write({ ...MARKER, coordinatorEpoch: 2, partitions });
  assert.equal(answer?.errorCode, ErrorCode.TRANSACTION_COORDINATOR_FENCED);
});
