import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { murmur2, partitionOf } from '../murmur2.ts';
import {
  batches,
  type CompressionType,
  downConvert,
  encodeBatch,
  encodeMessageSet,
  magicAt,
  type Record,
  readRecordSet,
  recompress,
  upConvert,
  walkRecords,
} from './mod.ts';

interface GoldenRecord {
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
}

interface GoldenBatch {
  kind: 'batch';
  magic: 0 | 1 | 2;
  codec: CompressionType;
  transactional: boolean;
  control: boolean;
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  records: GoldenRecord[];
  hex: string;
}

interface GoldenHash {
  kind: 'murmur2';
  key: string;
  hash: number;
  partitionOf12: number;
}

const FIXTURE = new URL('../../fixtures/golden-batches.jsonl.gz', import.meta.url);

const lines = gunzipSync(readFileSync(FIXTURE))
  .toString()
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as GoldenBatch | GoldenHash);
const goldenBatches = lines.filter((line) => line.kind === 'batch');

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}

function printable(record: Record): GoldenRecord {
  const { offset, timestamp, key, value, headers } = record;
  return {
    offset,
    timestamp,
    key: hex(key),
    value: hex(value),
    headers: headers.map((header) => [header.key, hex(header.value)]),
  };
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'hex');
}

function inputs(golden: GoldenBatch) {
  return golden.records.map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([name, text]) => ({ key: name, value: bytesOf(text) })),
  }));
}

function encodeLike(golden: GoldenBatch, batchAttributes: { partitionLeaderEpoch: number }): Buffer {
  const messages = inputs(golden);
  if (golden.magic < 2) {
    assert.notEqual(golden.codec, 'zstd');
    return encodeMessageSet({ magic: golden.magic as 0 | 1, compression: golden.codec as 'gzip', messages });
  }
  return encodeBatch({
    ...batchAttributes,
    baseOffset: golden.records[0]!.offset,
    compression: golden.codec,
    producerId: golden.producerId,
    producerEpoch: golden.producerEpoch,
    baseSequence: golden.baseSequence,
    isTransactional: golden.transactional,
    isControl: golden.control,
    records: messages,
  });
}

for (const [index, golden] of goldenBatches.entries()) {
  const title = `Kafka's batch ${index} of magic ${golden.magic}, ${golden.codec}`;
  const bytes = Buffer.from(golden.hex, 'hex');

  test(`${title}: reads as Kafka reads it`, () => {
    assert.deepEqual([...readRecordSet(bytes)].map(printable), golden.records);
    if (golden.magic !== 2) return;
    const [batch] = batches(bytes);
    assert.ok(batch !== undefined);
    assert.ok(batch.isCrcValid());
    assert.equal(batch.isTransactional, golden.transactional);
    assert.equal(batch.isControl, golden.control);
    assert.equal(batch.producerId, golden.producerId);
    assert.equal(batch.producerEpoch, golden.producerEpoch);
    assert.equal(batch.baseSequence, golden.baseSequence);
    assert.equal(batch.compression, golden.codec);
    assert.equal(batch.maxTimestamp, Math.max(...golden.records.map(({ timestamp }) => timestamp)));
    assert.equal(walkRecords(batch.recordArea(), batch.recordCount).firstOutOfSequence, -1);
  });

  test(`${title}: is written as Kafka writes it`, () => {
    const partitionLeaderEpoch = golden.magic === 2 ? bytes.readInt32BE(12) : -1;
    const ours = encodeLike(golden, { partitionLeaderEpoch });
    if (golden.codec === 'none') assert.equal(ours.toString('hex'), golden.hex);
    assert.deepEqual([...readRecordSet(ours)].map(printable), golden.records);
  });

  if (golden.magic < 2) {
    test(`${title}: becomes a batch with the same records`, () => {
      const [batch] = batches(upConvert(bytes));
      assert.equal(batch?.compression, golden.codec);
      assert.deepEqual(
        batch.recordList().map(printable),
        golden.records.map((record, i) => ({ ...record, offset: i })),
      );
    });
  } else if (!golden.control && golden.codec !== 'zstd') {
    test(`${title}: becomes message sets without headers`, () => {
      for (const magic of [0, 1] as const) {
        const set = downConvert(bytes, magic);
        assert.equal(magicAt(set), magic);
        assert.deepEqual(
          [...readRecordSet(set)].map(printable),
          golden.records.map((record) => ({
            ...record,
            timestamp: magic === 0 ? -1 : record.timestamp,
            headers: [],
          })),
        );
      }
    });
  }

  if (golden.magic === 2) {
    test(`${title}: changes its codec and keeps everything else`, () => {
      const [batch] = batches(bytes);
      for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
        const changed = recompress(batch!, codec);
        assert.ok(changed.isCrcValid());
        assert.equal(changed.compression, codec);
        assert.deepEqual(changed.recordList().map(printable), golden.records);
        assert.equal(changed.producerEpoch, golden.producerEpoch);
        assert.equal(changed.isTransactional, golden.transactional);
      }
    });
  }
}

test("hashes keys as Kafka's partitioner does", () => {
  for (const line of lines) {
    if (line.kind !== 'murmur2') continue;
    const key = Buffer.from(line.key, 'hex');
    assert.equal(murmur2(key), line.hash);
    assert.equal(partitionOf(key, 12), line.partitionOf12);
  }
});
