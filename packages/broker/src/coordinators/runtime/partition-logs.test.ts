import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPartitions } from '../../replication/testing-partitions.ts';
import { PartitionLogs } from './partition-logs.ts';

test('what was appended is replayed in its order, transactions and their ends included', async () => {
  const { partitions, time } = await testPartitions();
  const partition = partitions.get('orders', 0)!;
  const logs = new PartitionLogs({
    partitionCount: () => 2,
    partitionsOnDisk: () => [],
    partition: async () => partition,
  });
  const log = await logs.open(0);
  const record = (key: string) => ({ key: Buffer.from(key), value: Buffer.from('v') });
  const marker = { producerId: 7, producerEpoch: 1, coordinatorEpoch: 3 };
  await log.append(
    [
      { records: [record('a'), record('b')], transaction: null },
      { records: [record('c')], transaction: { producerId: 7, producerEpoch: 1 } },
      { marker: { ...marker, committed: false, transactionVersion: 1 } },
      { records: [record('d')], transaction: { producerId: 7, producerEpoch: 1 } },
      { marker: { ...marker, committed: true, transactionVersion: 1 } },
    ],
    time.wallMs(),
  );
  const seen: string[] = [];
  await log.replay({
    record: ({ key, offset }, { producerId, producerEpoch, isTransactional }) =>
      seen.push(`${offset} ${key} ${producerId}/${producerEpoch} ${isTransactional}`),
    marker: ({ producerId, producerEpoch, coordinatorEpoch, committed }) =>
      seen.push(`marker ${producerId}/${producerEpoch} ${coordinatorEpoch} ${committed}`),
  });
  assert.deepEqual(seen, [
    '0 a -1/-1 false',
    '1 b -1/-1 false',
    '2 c 7/1 true',
    'marker 7/1 3 false',
    '4 d 7/1 true',
    'marker 7/1 3 true',
  ]);
});
