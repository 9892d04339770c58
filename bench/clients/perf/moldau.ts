// @moldau/client as the bench drives it.

import { Kafka } from '@moldau/client';
import type { PerfClient, Work } from './work.ts';

/** How many records are sent between two waits when each has a promise. */
const WINDOW_RECORDS = 5_000;

export async function openMoldau(work: Work, way: 'post' | 'send'): Promise<PerfClient> {
  const { brokers, topic, compression } = work;
  const kafka = new Kafka({ brokers });
  const producer = kafka.producer({ acks: 1, compression });
  return {
    async produce(values, count) {
      if (way === 'post') {
        for (let at = 0; at < count; at++)
          if (!producer.post(topic, { value: values[at % values.length]! })) await producer.ready();
        await producer.flush();
        return;
      }
      let former: Promise<unknown> = Promise.resolve();
      for (let at = 0; at < count; at += WINDOW_RECORDS) {
        const window: Promise<unknown>[] = [];
        for (let next = at; next < Math.min(count, at + WINDOW_RECORDS); next++)
          window.push(producer.send(topic, { value: values[next % values.length]! }));
        // One window is on its way while the next is made.
        await former;
        former = Promise.all(window);
      }
      await former;
    },
    async consume(received) {
      const consumer = kafka.consumer({ groupId: `${topic}-${process.pid}`, autoOffsetReset: 'earliest' });
      consumer.subscribe(topic);
      for await (const batch of consumer.batches({ maxRecords: 5_000 })) {
        let bytes = 0;
        for (const record of batch) bytes += record.valueBytes?.length ?? 0;
        if (bytes === 0 || !received(batch.records.length)) break;
      }
    },
    send: (value) => producer.send(topic, { value }),
    close: () => kafka.close(),
  };
}
