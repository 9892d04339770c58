// Sends three records and reads them back.

// #region all
import { json, Kafka, notNull, string, topic } from '@moldau/client';

interface Order {
  readonly id: number;
  readonly amount: number;
}

const brokers = process.env.KAFKA_BROKERS ?? 'localhost:9092';
await using kafka = new Kafka({ brokers, clientId: 'quick-start' });
const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });

const producer = kafka.producer();
for (const id of [1, 2, 3]) {
  const { partition, offset } = await producer.send(orders, { key: 'ada', value: { id, amount: id * 100 } });
  console.log(`order ${id} is at offset ${offset} of partition ${partition}`);
}

const consumer = kafka.consumer({ groupId: 'billing', autoOffsetReset: 'earliest' }).subscribe(orders);
for await (const { key, value } of consumer) {
  console.log(`${key} pays ${value.amount}`);
  if (value.id === 3) break;
}
// #endregion
