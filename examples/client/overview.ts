// The client at a glance.

import { json, type Kafka, notNull, string, topic } from '@moldau/client';
import { type Order, stopAfter } from './orders.ts';

export async function overview(kafka: Kafka): Promise<void> {
  const { handle: charge, signal } = stopAfter<Order>(1);
  // #region all
  const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });

  await using producer = kafka.producer();
  await producer.send(orders, { key: 'ada', value: { id: 1, amount: 100 } });

  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
    .subscribe(orders);
  await consumer.run({
    concurrency: 64,
    orderBy: 'key',
    retry: { attempts: 5 },
    deadLetter: 'orders.dlq',
    signal,
    handler: ({ key, value }) => charge(value, key),
  });
  // #endregion
}

export async function processing(kafka: Kafka): Promise<void> {
  const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });
  await kafka.producer().send(orders, { key: 'ada', value: { id: 1, amount: 100 } });
  const { handle: charge, signal } = stopAfter<Order>(1);
  // #region processing
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
    .subscribe(orders);
  await consumer.run({
    concurrency: 64,
    orderBy: 'key',
    retry: { attempts: 5 },
    deadLetter: 'orders.dlq',
    signal,
    handler: ({ key, value }, { signal }) => charge(value, key, signal),
    onRevoke: (_partitions, { drain }) => drain({ timeoutMs: 10_000 }),
  });
  // #endregion
}
