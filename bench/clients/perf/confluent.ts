// @confluentinc/kafka-javascript: librdkafka with the calls of node-rdkafka, which are its fast ones.

import { join, resolve } from 'node:path';
import { installed } from './installed.ts';
import { perform } from './work.ts';

const ROOT = resolve(import.meta.dirname, '../../../test/interop/.cache');
const POLL_MS = 5;

await perform(async ({ brokers, topic, compression, kind }) => {
  const rdkafka = (await installed('confluent-javascript', '@confluentinc/kafka-javascript', join(ROOT)))
    .default;
  const base = { 'bootstrap.servers': brokers };
  const lingering = kind === 'latency' ? { 'linger.ms': 0 } : {};
  const producer = new rdkafka.Producer(
    {
      ...base,
      ...lingering,
      'compression.codec': compression,
      dr_cb: true,
      'queue.buffering.max.kbytes': 65_536,
    },
    { acks: 1 },
  );
  await new Promise((done) => producer.connect({}, done));
  producer.setPollInterval(POLL_MS);
  const waiting = new Map<number, () => void>();
  let delivered = 0;
  let nextId = 0;
  producer.on('delivery-report', (error: Error | null, report: { opaque?: number }) => {
    if (error) throw error;
    delivered += 1;
    waiting.get(report.opaque ?? -1)?.();
  });
  return {
    async produce(values, count) {
      for (let at = 0; at < count; ) {
        try {
          producer.produce(topic, null, values[at % values.length], null);
          at += 1;
        } catch {
          // Its queue is full.
          producer.poll();
          await new Promise((done) => setTimeout(done, 1));
        }
      }
      while (delivered < count) {
        producer.poll();
        await new Promise((done) => setTimeout(done, 1));
      }
    },
    async consume(received) {
      const consumer = new rdkafka.KafkaConsumer(
        { ...base, 'group.id': `${topic}-${process.pid}`, 'enable.auto.commit': false },
        { 'auto.offset.reset': 'earliest' },
      );
      await new Promise((done) => consumer.connect({}, done));
      consumer.subscribe([topic]);
      for (let isWanted = true; isWanted; ) {
        const messages = await new Promise<unknown[]>((done) =>
          consumer.consume(1_000, (_: unknown, found: unknown[]) => done(found ?? [])),
        );
        if (messages.length > 0) isWanted = received(messages.length);
      }
    },
    send(value) {
      nextId += 1;
      const id = nextId;
      producer.produce(topic, null, value, null, null, id);
      return new Promise<void>((done) => {
        waiting.set(id, () => {
          waiting.delete(id);
          done();
        });
      });
    },
    close: () => new Promise((done) => producer.disconnect(() => done())),
  };
});
