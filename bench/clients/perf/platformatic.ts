// @platformatic/kafka: batches of some hundred records with several on their way, and its stream of messages.

import { installed } from './installed.ts';
import { perform } from './work.ts';

const BATCH_BYTES = 64 * 1024;
const BATCHES_ON_THEIR_WAY = 5;

await perform(async ({ brokers, topic, compression }) => {
  const { Producer, Consumer } = await installed('platformatic-kafka', '@platformatic/kafka');
  const base = { clientId: 'bench', bootstrapBrokers: brokers.split(',') };
  const producer = new Producer({ ...base, compression, autocreateTopics: false });
  const consumer = new Consumer({ ...base, groupId: `${topic}-${process.pid}` });
  await producer.metadata({ topics: [topic] });
  const send = (messages: { topic: string; value: Buffer }[]): Promise<unknown> =>
    producer.send({ messages, acks: 1 });
  return {
    async produce(values, count) {
      const batchRecords = Math.max(1, Math.floor(BATCH_BYTES / values[0]!.length));
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const from = next;
          next = Math.min(count, next + batchRecords);
          await send(
            Array.from({ length: next - from }, (_, at) => ({
              topic,
              value: values[(from + at) % values.length]!,
            })),
          );
        }
      };
      await Promise.all(Array.from({ length: BATCHES_ON_THEIR_WAY }, lane));
    },
    async consume(received) {
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'earliest',
        autocommit: false,
        maxWaitTime: 500,
      });
      await new Promise<void>((resolve) => {
        stream.on('data', () => {
          if (!received(1)) resolve();
        });
      });
    },
    send: (value) => send([{ topic, value }]),
    async close() {
      await consumer.close(true);
      await producer.close();
    },
  };
});
