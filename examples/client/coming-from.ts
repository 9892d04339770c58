// What programs for other clients become.

import assert from 'node:assert/strict';
import { Kafka, type PartitionerInput } from '@moldau/client';
import { sendOrders, stopAfter } from './orders.ts';

export async function producer(kafka: Kafka): Promise<void> {
  // #region producer
  await using producer = kafka.producer({ compression: 'gzip' });
  await producer.send('orders', [
    { key: 'ada', value: 'a book' },
    { key: 'bob', value: 'two pens' },
  ]);
  // #endregion
}

export async function consumer(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const { handle, signal } = stopAfter(3);
  // #region consumer
  const consumer = kafka.consumer({ groupId: 'billing', autoOffsetReset: 'earliest' }).subscribe('orders');
  await consumer.run({
    signal,
    handler: ({ topic, partition, offset, key, value }) =>
      handle(value, key, `${topic}-${partition}@${offset}`),
  });
  await consumer.close();
  // #endregion
}

export async function legacyPartitioner(kafka: Kafka): Promise<void> {
  const legacyHash = ({ key, partitionCount }: PartitionerInput) =>
    key === null ? 0 : key.length % partitionCount;
  // #region partitioner
  const producer = kafka.producer({ partitioner: (input) => legacyHash(input) });
  // #endregion
  assert.equal((await producer.send('orders', { key: 'ada', value: '' })).partition, 3);
}

export async function librdkafkaSettings(): Promise<void> {
  // #region settings
  const kafka = new Kafka({
    properties: {
      'metadata.broker.list': 'kafka-1:9092,kafka-2:9092',
      'client.id': 'billing',
      'statistics.interval.ms': 5_000,
    },
  });
  const producer = kafka.producer({
    properties: {
      'queue.buffering.max.ms': 20,
      'compression.codec': 'lz4',
      partitioner: 'consistent_random',
    },
  });
  const consumer = kafka.consumer({
    properties: {
      'group.id': 'billing',
      'auto.offset.reset': 'smallest',
      'isolation.level': 'read_committed',
    },
  });
  // #endregion
  await Promise.all([producer.close(), consumer.close()]);
  await kafka.close();
}
