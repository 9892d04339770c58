import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
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
  const producer = { producerId: 7, producerEpoch: 1 };
  const marker = { producerId: 7, producerEpoch: 1, coordinatorEpoch: 3 };
  await log.append(
    [
      { records: [record('a'), record('b')], transaction: null },
      { records: [record('c')], transaction: { ...producer, verification: 'waived' } },
      { marker: { ...marker, producerId: 8, committed: false, transactionVersion: 1 } },
    ],
    time.wallMs(),
  );
  await log.append([{ marker: { ...marker, committed: false, transactionVersion: 1 } }], time.wallMs());
  const verification = log.beginVerification({ ...producer, baseSequence: -1, supportsEpochBump: false });
  const refused = await log.append(
    [
      { records: [record('d')], transaction: producer },
      { records: [record('e')], transaction: { producerId: 9, producerEpoch: 1, verification: 'waived' } },
    ],
    time.wallMs(),
  );
  assert.deepEqual(
    refused.map((error) => error?.code ?? 0),
    [ErrorCode.INVALID_TXN_STATE, 0],
  );
  await log.append([{ records: [record('f')], transaction: { ...producer, verification } }], time.wallMs());
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
    'marker 8/1 3 false',
    'marker 7/1 3 false',
    '5 e 9/1 true',
    '6 f 7/1 true',
  ]);
});
