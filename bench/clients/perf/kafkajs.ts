// KafkaJS: the fastest way that its documentation shows, batches of some hundred records with several on their way.

import { installed } from './installed.ts';
import { perform } from './work.ts';

const BATCH_BYTES = 64 * 1024;
const BATCHES_ON_THEIR_WAY = 5;

await perform(async ({ brokers, topic, compression }) => {
  const kafkajs = await installed('kafkajs', 'kafkajs');
  const { Kafka, CompressionTypes, CompressionCodecs, logLevel, Partitioners } = kafkajs.default;
  const lz4 = (await installed('kafkajs', 'lz4-napi')).default;
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => lz4.compressFrame(buffer),
    decompress: (buffer: Buffer) => lz4.decompressFrame(buffer),
  });
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const consumer = kafka.consumer({ groupId: `${topic}-${process.pid}`, maxBytesPerPartition: 1 << 20 });
  const send = (messages: { value: Buffer }[]): Promise<unknown> =>
    producer.send({
      ...{ topic, acks: 1, messages },
      compression: compression === 'lz4' ? CompressionTypes.LZ4 : CompressionTypes.None,
    });
  return {
    async produce(values, count) {
      const batchRecords = Math.max(1, Math.floor(BATCH_BYTES / values[0]!.length));
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const from = next;
          next = Math.min(count, next + batchRecords);
          await send(
            Array.from({ length: next - from }, (_, at) => ({ value: values[(from + at) % values.length]! })),
          );
        }
      };
      await Promise.all(Array.from({ length: BATCHES_ON_THEIR_WAY }, lane));
    },
    async consume(received) {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await new Promise<void>((resolve) => {
        void consumer.run({
          eachBatch: async ({ batch }: { batch: { messages: unknown[] } }) => {
            if (!received(batch.messages.length)) resolve();
          },
        });
      });
    },
    send: (value) => send([{ value }]),
    async close() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
});
