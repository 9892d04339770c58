// Every way to send records.

import assert from 'node:assert/strict';
import {
  float64,
  json,
  type Kafka,
  KafkaError,
  notNull,
  type Serde,
  type StandardSchema,
  string,
  TransactionError,
  topic,
} from '@moldau/client';
import { type Order, orders } from './orders.ts';

export async function send(kafka: Kafka): Promise<void> {
  // #region send
  await using producer = kafka.producer();
  const { partition, offset } = await producer.send(orders, { key: 'ada', value: { id: 1, amount: 100 } });
  // #endregion
  assert.equal(offset, 0);
  assert.ok(partition < 6);
}

export async function sendSeveral(kafka: Kafka): Promise<void> {
  const producer = kafka.producer();
  // #region several
  const sent = await producer.send(orders, [
    { key: 'ada', value: { id: 1, amount: 100 } },
    { key: 'bob', value: { id: 2, amount: 30 } },
  ]);
  console.log(sent.map(({ partition, offset }) => `${partition}:${offset}`));
  // #endregion
  assert.equal(sent.length, 2);
}

export async function sendWholeRecords(kafka: Kafka): Promise<void> {
  const producer = kafka.producer();
  // #region record
  await producer.send('audit-logins', {
    key: 'ada',
    value: Buffer.from('logged in'),
    headers: { trace: '4bf92f35', tags: ['web', 'eu'], raw: Buffer.of(1, 2) },
    timestampMs: Date.parse('2026-01-31T12:00:00Z'),
    partition: 0,
  });
  await producer.send('audit-logins', { key: 'ada', value: null });
  // #endregion
}

export async function serdes(kafka: Kafka): Promise<void> {
  // Stands for a schema of zod, valibot or arktype.
  const orderSchema: StandardSchema<Order> = {
    '~standard': {
      ...{ version: 1, vendor: 'example' },
      validate: (value) =>
        typeof (value as Order).amount === 'number'
          ? { value: value as Order }
          : { issues: [{ message: 'not a number', path: ['amount'] }] },
    },
  };
  // #region serdes
  const checkedOrders = topic('orders', { key: string(), value: json(orderSchema) });
  const temperatures = topic('temperatures', { key: string(), value: float64() });

  const day: Serde<Date> = {
    name: 'day',
    serialize: (value) => value.toISOString().slice(0, 10),
    deserialize: (bytes) => new Date(String(bytes)),
  };
  const holidays = topic('holidays', { key: day, value: notNull(string()) });
  // #endregion
  const producer = kafka.producer();
  await producer.send(temperatures, { key: 'prague', value: 21.5 });
  await producer.send(holidays, { key: new Date('2026-12-24'), value: 'Christmas Eve' });
  const wrong = { id: 1, amount: 'many' } as unknown as Order;
  await assert.rejects(producer.send(checkedOrders, { value: wrong }), { code: 'SERIALIZATION_FAILED' });
}

export async function post(kafka: Kafka): Promise<void> {
  const events = Array.from({ length: 1000 }, (_, number) => ({
    user: `u${number % 7}`,
    text: `event ${number}`,
  }));
  // #region post
  await using producer = kafka.producer({
    onPostFailed: (error, { topic, key }) => console.error(`${topic} ${key}: ${error.message}`),
  });
  for (const { user, text } of events) {
    const hasRoom = producer.post('events', { key: user, value: text });
    if (!hasRoom) await producer.ready();
  }
  await producer.flush();
  // #endregion
}

export async function batching(kafka: Kafka): Promise<void> {
  // #region batching
  const producer = kafka.producer({
    lingerMs: 20,
    batchBytes: 256 * 1024,
    compression: { type: 'zstd', level: 3 },
    bufferBytes: 64 * 1024 * 1024,
  });
  // #endregion
  await producer.send('events', { value: 'x'.repeat(10_000) });
}

export async function partitioners(kafka: Kafka): Promise<void> {
  // #region partitioners
  const asLibrdkafka = kafka.producer({ partitioner: 'consistent-random' });
  const byRegion = kafka.producer({
    partitioner: ({ key, partitionCount }) => (key?.toString().startsWith('eu-') ? 0 : partitionCount - 1),
  });
  // #endregion
  await asLibrdkafka.send('events', { key: 'ada', value: '' });
  assert.equal((await byRegion.send(orders, { key: 'eu-1', value: { id: 1, amount: 1 } })).partition, 0);
  assert.equal((await byRegion.send(orders, { key: 'us-1', value: { id: 1, amount: 1 } })).partition, 5);
}

export async function bigMessages(kafka: Kafka): Promise<void> {
  const file = Buffer.alloc(5_000_000, 'moldau');
  // #region big
  await using admin = kafka.admin();
  await admin.topics.create({ name: 'files', configs: { 'max.message.bytes': 8_000_000 } });

  await using producer = kafka.producer();
  await producer.send('files', { key: 'report.pdf', value: file });
  // #endregion
}

export async function transactions(kafka: Kafka): Promise<void> {
  const order: Order = { id: 1, amount: 100 };
  // #region transaction
  await using producer = kafka.producer({ transactionalId: 'shop-1' });
  const paid = await producer.transaction(async (tx) => {
    tx.send(orders, { key: 'ada', value: order });
    tx.send('payments', { key: 'ada', value: String(order.amount) });
    return order.amount;
  });
  // #endregion
  assert.equal(paid, 100);
}

export async function transactionsByHand(kafka: Kafka): Promise<void> {
  const stock = { has: (count: number) => count < 10 };
  const count = 3;
  // #region begin
  await using producer = kafka.producer({ transactionalId: 'shop-1' });
  await using tx = await producer.begin();
  await tx.send('orders', { key: 'ada', value: 'three books' });
  if (stock.has(count)) await tx.commit();
  // Otherwise the end of the block aborts it.
  // #endregion
  assert.equal(tx.outcome, 'committed');
}

export async function failedTransactions(kafka: Kafka): Promise<void> {
  const producer = kafka.producer({ transactionalId: 'shop-1' });
  const work = async () => {};
  // #region abortable
  for (let attempt = 1; ; attempt++) {
    try {
      await producer.transaction(work);
      break;
    } catch (error) {
      const maySucceed = error instanceof TransactionError && error.abortable;
      if (!maySucceed || attempt === 3) throw error;
    }
  }
  // #endregion
}

export async function failures(kafka: Kafka): Promise<void> {
  const producer = kafka.producer();
  const order: Order = { id: 1, amount: 100 };
  // #region failures
  try {
    await producer.send(orders, { key: 'ada', value: order });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    console.error(`${error.topic} ${error.partition}: ${error.code}: ${error.message}`);
  }
  // #endregion
}
