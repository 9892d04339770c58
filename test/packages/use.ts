// What somebody who has installed the packages writes. Compiled as strictly as TypeScript can, with the declarations that were installed,
// and run: it sends and reads with every codec at the broker that is named, and starts one of its own.

import { strictEqual } from 'node:assert/strict';
import { loadConfig, startBroker } from '@moldau/broker';
import { json, Kafka, notNull, string, topic } from '@moldau/client';
import { nodeClock } from '@moldau/io';
import * as log from '@moldau/log';
import * as metadata from '@moldau/metadata';
import { crc32c } from '@moldau/protocol';
import * as apis from '@moldau/protocol/apis';
import { TestKafka } from '@moldau/testing';

interface Order {
  readonly id: number;
  readonly note: string;
}

const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

async function sendAndRead(kafka: Kafka): Promise<void> {
  for (const [id, compression] of CODECS.entries()) {
    await using producer = kafka.producer({ compression });
    await producer.send(orders, { key: compression, value: { id, note: compression.repeat(200) } });
  }
  await using consumer = kafka.consumer({ groupId: 'billing', autoOffsetReset: 'earliest' });
  const found = new Set<string | null>();
  for await (const { key, value } of consumer.subscribe(orders)) {
    strictEqual(value.note, key?.repeat(200));
    found.add(key);
    if (found.size === CODECS.length) break;
  }
}

await using kafka = new Kafka({ brokers: process.argv[2]! });
await sendAndRead(kafka);

await using test = await TestKafka.start({ topics: ['orders'] });
await sendAndRead(test.client());

const parts = [
  loadConfig,
  startBroker,
  nodeClock.wallMs,
  crc32c,
  ...Object.values({ ...log, ...metadata, ...apis }),
];
console.log(`sent and read with ${CODECS.join(', ')}; ${parts.length} exports of the parts are there`);
