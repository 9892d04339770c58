// Reads, transforms and sends, each record once.

import assert from 'node:assert/strict';
import { type ConsumerRecord, json, type Kafka, notNull, string, topic } from '@moldau/client';
import { type Order, orders, sendOrders } from './orders.ts';

const invoices = topic('invoices', { key: string(), value: notNull(json<{ total: number }>()) });
const bill = (order: Order) => ({ total: order.amount });

export async function exactlyOnce(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 10);
  const stop = new AbortController();
  let count = 0;
  const progress = (recordCount: number) => {
    count += recordCount;
    if (count === 10) stop.abort();
  };
  // #region exactly-once
  const { transactions, records } = await kafka.exactlyOnce({
    from: orders,
    groupId: 'invoicing',
    transactionalId: 'invoicing-1',
    signal: stop.signal,
    transform(batch, tx) {
      for (const { key, value } of batch) tx.send(invoices, { key, value: bill(value) });
    },
    onCommitted: ({ recordCount }) => progress(recordCount),
    onAborted: (error) => console.warn(`tried again: ${error}`),
  });
  // #endregion
  assert.equal(records, 10);
  assert.ok(transactions >= 1);
}

export async function byHand(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 10);
  const stop = new AbortController();
  let count = 0;
  const transformed = (record: ConsumerRecord<string | null, Order>) => {
    count++;
    if (count === 10) stop.abort();
    return { key: record.key, value: bill(record.value) };
  };
  // #region by-hand
  await using producer = kafka.producer({ transactionalId: 'invoicing-1' });
  await using consumer = kafka
    .consumer({
      groupId: 'invoicing',
      autoOffsetReset: 'earliest',
      isolation: 'read-committed',
      commit: 'manual',
      signal: stop.signal,
    })
    .subscribe(orders);
  for await (const batch of consumer.batches()) {
    await producer.transaction(async (tx) => {
      for (const record of batch) tx.send(invoices, transformed(record));
      tx.sendOffsets(batch.offsets, consumer.groupMetadata());
    });
  }
  // #endregion
}
