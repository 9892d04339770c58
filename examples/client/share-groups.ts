// Share groups: queues on topics.

import assert from 'node:assert/strict';
import type { Kafka } from '@moldau/client';
import { type Order, orders, sendOrders, stopAfter } from './orders.ts';

const fromTheBeginning = (kafka: Kafka) =>
  kafka.admin().configs.alter({
    resource: { type: 'group', name: 'emails' },
    set: { 'share.auto.offset.reset': 'earliest' },
  });

export async function oneByOne(kafka: Kafka): Promise<void> {
  await fromTheBeginning(kafka);
  await sendOrders(kafka, 3);
  const { signal, handle: email } = stopAfter<Order>(3);
  // #region loop
  await using consumer = kafka.shareConsumer({ groupId: 'emails', signal }).subscribe(orders);
  for await (const record of consumer) {
    await email(record.value);
  }
  // #endregion
}

export async function explicitly(kafka: Kafka): Promise<void> {
  await fromTheBeginning(kafka);
  await sendOrders(kafka, 3);
  const { signal, seen, handle } = stopAfter<Order>(4);
  const isMailServerDown = () => seen.length === 1;
  const email = async (order: Order) => {
    await handle(order);
    if (seen.length === 1) throw new Error('try later');
  };
  // #region explicit
  await using consumer = kafka
    .shareConsumer({ groupId: 'emails', acknowledge: 'explicit', signal })
    .subscribe(orders);
  for await (const record of consumer) {
    try {
      await email(record.value);
      record.accept();
    } catch {
      if (isMailServerDown() && record.deliveryCount < 5) record.release();
      else record.reject();
    }
  }
  // #endregion
  assert.equal(seen.length, 4);
}

export async function run(kafka: Kafka): Promise<void> {
  await fromTheBeginning(kafka);
  await sendOrders(kafka, 10);
  const { signal, handle: email } = stopAfter<Order>(10);
  // #region run
  await using consumer = kafka.shareConsumer({ groupId: 'emails' }).subscribe(orders);
  await consumer.run({
    concurrency: 16,
    retry: { attempts: 3 },
    signal,
    handler: (record, { signal }) => email(record.value, signal),
    onFailed: (error, { offset }, { isRejected }) =>
      console.warn(`${offset}: ${error}${isRejected ? ', given up' : ''}`),
  });
  // #endregion
}

export async function batches(kafka: Kafka): Promise<void> {
  await fromTheBeginning(kafka);
  await sendOrders(kafka, 6);
  const { signal, seen, handle } = stopAfter<Order>(6);
  const emailAll = async (values: readonly Order[]) => {
    for (const value of values) await handle(value);
  };
  // #region batches
  await using consumer = kafka.shareConsumer({ groupId: 'emails', signal }).subscribe(orders);
  for await (const batch of consumer.batches({ maxRecords: 100 })) {
    await emailAll(batch.records.map(({ value }) => value));
    await batch.commit();
  }
  // #endregion
  assert.equal(seen.length, 6);
}
