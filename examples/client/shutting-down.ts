// Ends in good order when the process is asked to.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Kafka } from '@moldau/client';
import { type Order, orders, sendOrders } from './orders.ts';

export async function onSignal(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 10);
  const process = new EventEmitter();
  const charged: Order[] = [];
  const charge = async (order: Order) => {
    charged.push(order);
    if (charged.length === 5) process.emit('SIGTERM');
  };
  // #region shutdown
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());

  await using producer = kafka.producer();
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', drainTimeoutMs: 8_000 })
    .subscribe(orders);
  await consumer.run({
    signal: stop.signal,
    handler: async ({ key, value }) => {
      await charge(value);
      await producer.send('payments', { key, value: String(value.amount) });
    },
  });
  // #endregion
  await consumer.close();
  const offsets = await kafka.admin().groupOffsets.lag('billing');
  const done = offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  assert.equal(done, 10 - charged.length);
}
