// Headers of records that cannot be put into a batch at once, for their topic has to be learned first.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { startTestBroker } from '@moldau/testing';
import { Kafka } from '../kafka.ts';

it('records that wait for their topic keep their own headers', async () => {
  await using broker = await startTestBroker();
  await using kafka = new Kafka({ brokers: `127.0.0.1:${broker.port}` });
  const topic = `headers-${randomUUID()}`;
  await kafka.admin().topics.create({ name: topic, partitions: 1 });
  const producer = kafka.producer();
  const texts = ['first', 'second', 'third'];
  await producer.send(
    topic,
    texts.map((text) => ({ value: text, headers: { text } })),
  );
  const consumer = kafka.consumer();
  const seen: unknown[] = [];
  consumer.assign([{ topic, partition: 0 }]);
  consumer.seek({ topic, partition: 0 }, 'earliest');
  for await (const record of consumer) {
    const { headers } = record as { headers: { text(name: string): unknown } };
    if (seen.push(headers.text('text')) === 3) break;
  }
  assert.deepEqual(seen, texts);
});
