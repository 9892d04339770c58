// What somebody who has installed the client writes, to be run by any runtime: sends and reads with every codec at the broker that is named.

import { strictEqual } from 'node:assert/strict';
import { json, Kafka, notNull, string, topic } from '@moldau/client';

interface Order {
  readonly id: number;
  readonly note: string;
}

const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export async function sendAndRead(kafka: Kafka, groupId: string): Promise<void> {
  for (const [id, compression] of CODECS.entries()) {
    await using producer = kafka.producer({ compression });
    await producer.send(orders, { key: compression, value: { id, note: compression.repeat(200) } });
  }
  await using consumer = kafka.consumer({ groupId, autoOffsetReset: 'earliest' });
  const found = new Set<string | null>();
  for await (const { key, value } of consumer.subscribe(orders)) {
    strictEqual(value.note, key?.repeat(200));
    found.add(key);
    if (found.size === CODECS.length) break;
  }
}

if (import.meta.main) {
  const [brokers, groupId] = process.argv.slice(2) as [string, string];
  await using kafka = new Kafka({ brokers });
  await sendAndRead(kafka, groupId);
}
