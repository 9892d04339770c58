// What transactions leave in partitions: what readers see of it, what producers may append, and how they are ended there.

import { batchOf, LONG_AGO_MS } from '../records.ts';
import {
  DescribeProducers,
  Fetch,
  inEveryVersion,
  ListOffsets,
  Produce,
  type Scenario,
  WriteTxnMarkers,
} from '../scenario.ts';
import type { Side } from '../side.ts';
import { TransactionalProducer } from './transactional-producer.ts';

interface Topic {
  name: string;
  id: string;
}

const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
/** Markers are of now and records of long ago: they are to share a segment. */
const ONE_SEGMENT = { 'segment.ms': '3153600000000' };

async function fetch(
  side: Side,
  version: number,
  { name, id }: Topic,
  fetchOffset: number,
  fields: { isolationLevel?: number; partitionMaxBytes?: number; partition?: number } = {},
): Promise<void> {
  const { isolationLevel = 1, partitionMaxBytes = 1e6, partition = 0 } = fields;
  await side.ask(
    Fetch,
    version,
    {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1e7,
      isolationLevel,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: name, topicId: id, partitions: [{ partition, fetchOffset, partitionMaxBytes }] }],
      forgottenTopicsData: [],
    },
    `from ${fetchOffset} isolation ${isolationLevel} bytes ${partitionMaxBytes}`,
  );
}

/** 0 plain, 1-3 committed, 4-5 aborted, 6 plain, 7-8 aborted with 9 plain in between, then open from 11 on with 13 plain behind. */
async function history(
  side: Side,
  topic: Topic,
): Promise<{ one: TransactionalProducer; two: TransactionalProducer }> {
  const { name } = topic;
  const one = await new TransactionalProducer(side, 'one').init();
  const two = await new TransactionalProducer(side, 'two').init();
  await side.append(name, batchOf(['0']));
  await one.add(name);
  await one.send(name, ['1', '2']);
  await one.end(true);
  await two.add(name);
  await two.send(name, ['4']);
  await two.end(false);
  await side.append(name, batchOf(['6']));
  await one.add(name);
  await one.send(name, ['7', '8']);
  await side.append(name, batchOf(['9']));
  await one.end(false);
  await two.add(name);
  await two.send(name, ['11', '12']);
  await side.append(name, batchOf(['13']));
  return { one, two };
}

/** Kafka lists producers as its hash table has them. */
async function describe(
  side: Side,
  version: number,
  topics: { name: string; partitionIndexes: number[] }[],
  label: string,
): Promise<void> {
  const answer = await side.quietly(DescribeProducers, version, { topics });
  for (const { partitions } of answer.topics)
    for (const { activeProducers } of partitions) activeProducers.sort((a, b) => a.producerId - b.producerId);
  side.record(`DescribeProducers v${version} ${label}`, answer);
}

export const transactionalDataScenarios: readonly Scenario[] = [
  inEveryVersion(
    Fetch,
    'committed and uncommitted',
    async (side, version) => {
      const topic = await side.createTopic('a', { configs: ONE_SEGMENT });
      const { two } = await history(side, topic);
      for (const isolationLevel of [0, 1]) {
        for (const offset of [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15])
          await fetch(side, version, topic, offset, { isolationLevel });
        for (const offset of [0, 4, 6, 11])
          await fetch(side, version, topic, offset, { isolationLevel, partitionMaxBytes: 100 });
      }
      await two.end(true);
      await fetch(side, version, topic, 11);
      await fetch(side, version, topic, 14);
    },
    { from: 4 },
  ),
  inEveryVersion(
    ListOffsets,
    'committed and uncommitted',
    async (side, version) => {
      const { name, id } = await side.createTopic('a', { configs: ONE_SEGMENT });
      await history(side, { name, id });
      for (const isolationLevel of [0, 1]) {
        for (const timestamp of [-1, -2, -3, 0, LONG_AGO_MS, LONG_AGO_MS + 1000, LONG_AGO_MS + 2000]) {
          const partitions = [{ partitionIndex: 0, timestamp }];
          const query = { replicaId: -1, isolationLevel, topics: [{ name, partitions }] };
          await side.ask(ListOffsets, version, query, `${timestamp} isolation ${isolationLevel}`);
        }
      }
    },
    { from: 2 },
  ),
  inEveryVersion(
    Produce,
    'in transactions',
    async (side, version) => {
      const topic = await side.createTopic('a', { partitions: 2, configs: ONE_SEGMENT });
      const { name, id } = topic;
      const producer = await new TransactionalProducer(side, 'one').init();
      const { producerId, producerEpoch, transactionalId } = producer;
      const produce = (records: Buffer, label: string, named: string | null = transactionalId, index = 0) =>
        side.ask(
          Produce,
          version,
          {
            transactionalId: named,
            acks: -1,
            timeoutMs: 10_000,
            topicData: [{ name, topicId: id, partitionData: [{ index, records }] }],
          },
          label,
        );
      const batch = (baseSequence: number, fields: object = {}) =>
        batchOf(['a'], { producerId, producerEpoch, baseSequence, isTransactional: true, ...fields });
      await produce(batch(0), 'without a transactional id', null);
      await produce(batch(0), 'of an unknown transactional id', `${transactionalId}x`);
      await produce(batch(0, { producerId: 4_000_000 }), 'of an unknown producer');
      await produce(batch(0, { producerEpoch: 7 }), 'of an epoch to come');
      await produce(batch(0), 'first, not added', transactionalId, 1);
      await producer.add(name);
      await produce(batch(0), 'added');
      await produce(batch(0), 'again');
      await produce(batch(1), 'next');
      await produce(batch(5), 'out of order');
      await produce(batch(2, { isTransactional: false }), 'plain inside of it');
      await produce(batch(0, { producerEpoch: producerEpoch + 1 }), 'epoch to come, inside of it');
      await producer.end(true);
      await produce(batch(1), 'again, after it');
      await produce(batch(2, { isTransactional: false }), 'plain after it');
      const other = await new TransactionalProducer(side, 'two').init();
      await side.ask(
        Produce,
        version,
        {
          transactionalId,
          acks: -1,
          timeoutMs: 10_000,
          topicData: [
            {
              name,
              topicId: id,
              partitionData: [
                { index: 0, records: batch(3) },
                { index: 1, records: batch(0, { producerId: other.producerId }) },
              ],
            },
          ],
        },
        'of two producers',
      );
      await fetch(side, 4, topic, 0, { isolationLevel: 0 });
      await fetch(side, 4, topic, 0, { isolationLevel: 0, partition: 1 });
    },
    { from: 3 },
  ),
  inEveryVersion(WriteTxnMarkers, 'good and bad', async (side, version) => {
    const topic = await side.createTopic('a', { partitions: 2, configs: ONE_SEGMENT });
    const { name } = topic;
    const producer = await new TransactionalProducer(side, 'one').init();
    const { producerId } = producer;
    const write = (label: string, fields: object = {}, topics = [{ name, partitionIndexes: [0] }]) =>
      side.ask(
        WriteTxnMarkers,
        version,
        {
          markers: [
            { producerId, producerEpoch: 0, transactionResult: true, coordinatorEpoch: 0, topics, ...fields },
          ],
        },
        label,
      );

    await write('unknown', {}, [
      { name, partitionIndexes: [9] },
      { name: `${name}x`, partitionIndexes: [0] },
    ]);
    await write('of a producer that wrote nothing', { producerId: 5_000_000 });
    await producer.add(name);
    await producer.send(name, ['a']);
    await write('epoch of its own, version 2', { transactionVersion: 2 });
    await write('higher epoch, version 2', { transactionVersion: 2, producerEpoch: 1 });
    await write('again', { transactionVersion: 2, producerEpoch: 1 });
    await write('older epoch', { producerEpoch: 0 });
    await write('newer coordinator', { producerEpoch: 1, coordinatorEpoch: 5, transactionResult: false });
    await write('older coordinator', { producerEpoch: 1, coordinatorEpoch: 4 });
    await write('two partitions', { producerEpoch: 2, coordinatorEpoch: 6 }, [
      { name, partitionIndexes: [0, 1] },
    ]);
    await fetch(side, 4, topic, 0);
    await describe(side, 0, [{ name, partitionIndexes: [0, 1, 2] }], 'afterwards');
  }),
  inEveryVersion(DescribeProducers, 'of every kind', async (side, version) => {
    const topic = await side.createTopic('a', { partitions: 2, configs: ONE_SEGMENT });
    const { name } = topic;
    await history(side, topic);
    const topics = [
      { name, partitionIndexes: [0, 1, 2, -1] },
      { name: `${name}x`, partitionIndexes: [0] },
      { name: 'not/valid', partitionIndexes: [0] },
      { name: UNKNOWN_ID, partitionIndexes: [] },
    ];
    await describe(side, version, topics, '');
  }),
];
