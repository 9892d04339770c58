// Records appended, and refused.

import { type BatchFields, crc32c, encodeBatch } from '@moldau/protocol';
import { batchOf, LONG_AGO_MS } from '../records.ts';
import { Fetch, InitProducerId, inEveryVersion, Produce, type Scenario } from '../scenario.ts';
import type { Side } from '../side.ts';
import { untilCoordinated } from './group-requests.ts';

const CRC_POSITION = 17;
const ATTRIBUTES_POSITION = 21;
const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';

interface Topic {
  name: string;
  id: string;
}

function produce(
  side: Side,
  version: number,
  { name, id }: Topic,
  records: Buffer | null,
  label: string,
  fields: { acks?: number; index?: number; timeoutMs?: number; transactionalId?: string } = {},
) {
  const { acks = -1, index = 0, timeoutMs = 10_000, transactionalId = null } = fields;
  return side.ask(
    Produce,
    version,
    {
      transactionalId,
      acks,
      timeoutMs,
      topicData: [{ name, topicId: id, partitionData: [{ index, records }] }],
    },
    label,
  );
}

async function showAll(side: Side, { name }: Topic): Promise<void> {
  await side.ask(
    Fetch,
    11,
    {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e7 }] }],
      forgottenTopicsData: [],
    },
    'what is there',
  );
}

/** Changes bytes of a batch and makes the crc fit again. */
function changed(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  change(batch);
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_POSITION)), CRC_POSITION);
  return batch;
}

export const produceScenarios: readonly Scenario[] = [
  inEveryVersion(
    Produce,
    'right and wrong',
    async (side, version) => {
      const topic = await side.createTopic('a');
      const send = (records: Buffer | null, label: string, fields = {}) =>
        produce(side, version, topic, records, label, fields);
      await send(batchOf(['one', 'two']), 'acks all');
      await send(batchOf(['three']), 'acks 1', { acks: 1 });
      await send(batchOf(['four']), 'acks 2', { acks: 2 });
      await send(batchOf(['four']), 'acks -2', { acks: -2 });
      await send(batchOf(['five']), 'no time', { timeoutMs: 0 });
      await send(batchOf(['x']), 'unknown partition', { index: 7 });
      await send(batchOf(['x']), 'negative partition', { index: -1 });
      await produce(
        side,
        version,
        { name: `${topic.name}x`, id: UNKNOWN_ID },
        batchOf(['x']),
        'unknown topic',
      );
      await produce(side, version, { name: '', id: 'AAAAAAAAAAAAAAAAAAAAAA' }, batchOf(['x']), 'no topic');
      await produce(side, version, { name: 'a/b', id: UNKNOWN_ID }, batchOf(['x']), 'bad name');
      // Kafka never answers: once is enough.
      if (version === 13) await send(null, 'null records');
      await send(Buffer.alloc(0), 'no bytes');
      await send(batchOf(['x']).subarray(0, 40), 'a torn batch');
      await send(batchOf(['x']).subarray(0, 70), 'a batch torn later');
      await send(Buffer.concat([batchOf(['x']), batchOf(['y'])]), 'two batches');
      await send(Buffer.concat([batchOf(['x']), Buffer.alloc(5)]), 'bytes behind');
      await send(changedByte(batchOf(['x']), 70), 'wrong crc');
      await send(changedMagic(3), 'magic 3');
      await send(changedMagic(1), 'magic 1');
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt32BE(2, 57)),
        'too many records counted',
      );
      await send(
        changed(batchOf(['x', 'y']), (batch) => batch.writeInt32BE(1, 57)),
        'too few records counted',
      );
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt32BE(0, 57)),
        'no records counted',
      );
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt32BE(-1, 57)),
        'minus one record',
      );
      await send(
        changed(batchOf(['x', 'y']), (batch) => batch.writeInt32BE(5, 23)),
        'last offset delta too high',
      );
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt16BE(7, 21)),
        'unknown codec',
      );
      await send(batchOf(['x'], { baseOffset: 77 }), 'base offset 77');
      await send(batchOf(['x'], { partitionLeaderEpoch: 5 }), 'leader epoch 5');
      await send(batchOf(['x'], { isControl: true }), 'a control batch');
      await send(batchOf([]), 'an empty batch');
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt16BE(0x40, 21)),
        'delete horizon',
      );
      await send(
        changed(batchOf(['x']), (batch) => batch.writeInt16BE(8, 21)),
        'marked LogAppendTime',
      );
      await send(batchOf(['x'], { isTransactional: true }), 'transactional without id');
      await showAll(side, topic);
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'without answer',
    async (side, version) => {
      const { name, id } = await side.createTopic('a');
      const data = (records: Buffer, index = 0) => ({
        acks: 0,
        timeoutMs: 1000,
        topicData: [{ name, topicId: id, partitionData: [{ index, records }] }],
      });
      await side.tell(Produce, version, data(batchOf(['one'])), 'good');
      await side.tell(Produce, version, data(batchOf(['one']), 7), 'unknown partition');
      await side.tell(Produce, version, data(changedByte(batchOf(['x']), 70)), 'wrong crc');
      await showAll(side, { name, id });
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'several partitions',
    async (side, version) => {
      const a = await side.createTopic('a', { partitions: 2 });
      const b = await side.createTopic('b');
      const partition = (index: number, records: Buffer | null) => ({ index, records });
      await side.ask(Produce, version, {
        acks: -1,
        timeoutMs: 10_000,
        topicData: [
          {
            name: a.name,
            topicId: a.id,
            partitionData: [partition(1, batchOf(['x'])), partition(0, changedByte(batchOf(['y']), 70))],
          },
          {
            name: b.name,
            topicId: b.id,
            partitionData: [partition(0, batchOf(['x'])), partition(9, batchOf(['x']))],
          },
        ],
      });
      await side.ask(Produce, version, { acks: -1, timeoutMs: 10_000, topicData: [] }, 'nothing');
      const sameTwice = { name: b.name, topicId: b.id, partitionData: [partition(0, batchOf(['z']))] };
      await side.ask(
        Produce,
        version,
        { acks: -1, timeoutMs: 10_000, topicData: [sameTwice, sameTwice] },
        'twice',
      );
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'idempotence',
    async (side, version) => {
      const topic = await side.createTopic('a');
      const ids = await side.quietly(InitProducerId, 4, {
        transactionalId: null,
        transactionTimeoutMs: 1000,
      });
      const { producerId } = ids;
      const batch = (baseSequence: number, values: string[], producerEpoch = 0, fields: BatchFields = {}) =>
        batchOf(values, { producerId, producerEpoch, baseSequence, ...fields });
      const send = (records: Buffer, label: string) => produce(side, version, topic, records, label);
      await send(batch(0, ['a', 'b']), '0-1');
      await send(batch(2, ['c']), '2');
      await send(batch(2, ['c']), '2 again');
      await send(batch(0, ['a', 'b']), '0-1 again');
      await send(batch(0, ['a']), 'a part of 0-1');
      await send(batch(1, ['a', 'b']), 'across batches');
      await send(batch(5, ['x']), 'a gap');
      await send(batch(3, ['d']), '3');
      for (let sequence = 4; sequence < 9; sequence++) await send(batch(sequence, ['e']), `${sequence}`);
      await send(batch(2, ['c']), '2, out of the window');
      await send(batch(4, ['e']), '4, still in the window');
      await send(batch(0, ['x'], 1), 'epoch 1 from 0');
      await send(batch(1, ['x'], 0), 'epoch 0 again');
      await send(batch(1, ['x'], 1), 'epoch 1 goes on');
      await send(batch(3, ['x'], 2), 'epoch 2 not from 0');
      await send(batch(0, ['x'], 2), 'epoch 2 from 0');
      await send(batch(-1, ['x'], 2), 'no sequence');
      await send(batchOf(['x'], { producerId, producerEpoch: -1, baseSequence: 1 }), 'no epoch');
      await send(batchOf(['x'], { producerId: -1, producerEpoch: 0, baseSequence: 0 }), 'no id');
      await send(Buffer.concat([batch(1, ['x'], 2), batch(2, ['x'], 2)]), 'two batches');
      await showAll(side, topic);
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'a producer that is not known',
    async (side, version) => {
      const topic = await side.createTopic('a');
      const batch = (producerId: number, baseSequence: number, values: string[], producerEpoch = 0) =>
        batchOf(values, { producerId, producerEpoch, baseSequence });
      const send = (records: Buffer, label: string) => produce(side, version, topic, records, label);
      await send(batch(900_001, 7, ['a']), 'sequence 7 first');
      await send(batch(900_001, 8, ['a']), 'then 8');
      await send(batch(900_002, 0x7fff_fffe, ['a', 'b']), 'up to the end');
      await send(batch(900_002, 0, ['c']), 'round to 0');
      await send(batch(900_003, 0x7fff_fffe, ['a', 'b', 'c', 'd']), 'across the end');
      await send(batch(900_003, 0x7fff_fffe, ['a', 'b', 'c', 'd']), 'the same again');
      await send(batch(900_003, 2, ['e']), 'and on');
      await send(batch(900_004, 0, ['a'], 5), 'epoch 5 first');
      await send(batch(900_004, 0, ['a'], 4), 'then 4');
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'times',
    async (side, version) => {
      const strict = await side.createTopic('a', {
        configs: {
          'message.timestamp.before.max.ms': '1000000',
          'message.timestamp.after.max.ms': '1000000',
        },
      });
      const appended = await side.createTopic('b', {
        configs: { 'message.timestamp.type': 'LogAppendTime' },
      });
      const send = (topic: Topic, records: Buffer, label: string) =>
        produce(side, version, topic, records, label);
      await send(strict, batchOf(['x']), 'too old');
      await send(strict, batchOf(['x'], { fromMs: Date.now() + 10_000_000 }), 'too young');
      await send(strict, batchOf(['x'], { fromMs: Date.now() }), 'now');
      await send(strict, batchOf(['x'], { fromMs: -1 }), 'none');
      const mixed = [Date.now(), LONG_AGO_MS, Date.now(), LONG_AGO_MS];
      const records = mixed.map((timestamp) => ({ timestamp, key: null, value: Buffer.from('x') }));
      await send(strict, encodeBatch({ records }), 'some too old');
      await send(appended, batchOf(['x', 'y']), 'append time');
      await send(appended, batchOf(['x', 'y'], { compression: 'gzip' }), 'append time, compressed');
      await send(
        appended,
        changed(batchOf(['x']), (batch) => batch.writeInt16BE(8, 21)),
        'marked',
      );
      await showAll(side, appended);
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'keys that compaction needs',
    async (side, version) => {
      const topic = await side.createTopic('a', { configs: { 'cleanup.policy': 'compact' } });
      await produce(side, version, topic, batchOf(['x'], { key: 'k' }), 'with key');
      await produce(side, version, topic, batchOf(['x', 'y']), 'without key');
      const mixed = ['k', undefined, 'k', undefined].map((key) => ({
        timestamp: LONG_AGO_MS,
        key: key === undefined ? null : Buffer.from(key),
        value: Buffer.from('v'),
      }));
      await produce(side, version, topic, encodeBatch({ records: mixed }), 'some without');
      await showAll(side, topic);
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'sizes, codecs and replicas',
    async (side, version) => {
      const small = await side.createTopic('a', { configs: { 'max.message.bytes': '200' } });
      await produce(side, version, small, batchOf(['x'.repeat(300)]), 'too large');
      await produce(side, version, small, batchOf(['x'.repeat(100)]), 'small enough');
      await produce(
        side,
        version,
        small,
        batchOf(['x'.repeat(100_000)], { compression: 'gzip' }),
        'small when compressed',
      );
      const safe = await side.createTopic('b', { configs: { 'min.insync.replicas': '2' } });
      await produce(side, version, safe, batchOf(['x']), 'acks all');
      await produce(side, version, safe, batchOf(['x']), 'acks 1', { acks: 1 });
      const text = 'abcdefgh'.repeat(50);
      for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
        await produce(side, version, safe, batchOf([text, text], { compression }), compression, { acks: 1 });
      await showAll(side, safe);
      for (const type of ['gzip', 'uncompressed', 'zstd']) {
        const topic = await side.createTopic(`c-${type}`, { configs: { 'compression.type': type } });
        await produce(side, version, topic, batchOf([text, text]), `${type} from none`);
        await produce(
          side,
          version,
          topic,
          batchOf([text, text], { compression: 'snappy' }),
          `${type} from snappy`,
        );
        await showAll(side, topic);
      }
      for (const codec of [1, 2, 3, 4])
        await produce(
          side,
          version,
          small,
          changed(batchOf(['no such compressed bytes']), (batch) => batch.writeInt16BE(codec, 21)),
          `bad bytes of codec ${codec}`,
        );
    },
    { from: 3 },
  ),
  inEveryVersion(
    Produce,
    'to internal topics',
    async (side, version) => {
      await untilCoordinated(side, 'g');
      await produce(
        side,
        version,
        { name: '__consumer_offsets', id: UNKNOWN_ID },
        batchOf(['x'], { key: 'k' }),
        'to offsets',
      );
    },
    { from: 3, to: 12 },
  ),
];

function changedByte(batch: Buffer, position: number): Buffer {
  batch[Math.min(position, batch.length - 1)]! ^= 0xff;
  return batch;
}

function changedMagic(magic: number): Buffer {
  const batch = batchOf(['x']);
  batch[16] = magic;
  return batch;
}
