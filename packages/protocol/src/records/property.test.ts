import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOf } from '@moldau/testing';
import { KafkaError } from '../errors.ts';
import { MalformedError } from '../malformed.ts';
import {
  batches,
  CODECS,
  compress,
  decompress,
  downConvert,
  encodeBatch,
  encodeMessageSet,
  RecordBatch,
  type RecordInput,
  readRecordSet,
  recompress,
  upConvert,
  validateBatch,
} from './mod.ts';

const seed = seedOf();
console.log(`seed ${seed}: repeat with SEED=${seed}`);

function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const random = randomFrom(seed);
const upTo = (limit: number): number => Math.floor(random() * limit);

function randomBytes(maxLength: number): Buffer {
  const kind = upTo(3);
  const bytes = Buffer.alloc(upTo(2) === 0 ? upTo(20) : upTo(maxLength));
  const period = 1 + upTo(30);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] =
      kind === 0 ? upTo(256) : kind === 1 ? i % period : i > 10 && upTo(8) > 0 ? bytes[i - 7]! : upTo(256);
  }
  return bytes;
}

function randomTimestamp(): number {
  const kind = upTo(10);
  if (kind === 0) return -1;
  if (kind === 1) return upTo(Number.MAX_SAFE_INTEGER / 2);
  return 1_700_000_000_000 + upTo(100_000);
}

function randomRecords(count: number): Required<Omit<RecordInput, 'offsetDelta'>>[] {
  return Array.from({ length: count }, () => ({
    timestamp: randomTimestamp(),
    key: upTo(4) === 0 ? null : randomBytes(40),
    value: upTo(6) === 0 ? null : randomBytes(3000),
    headers: Array.from({ length: upTo(5) === 0 ? upTo(4) : 0 }, () => ({
      key: ['', 'a', 'schlüssel', '鍵'][upTo(4)]!,
      value: upTo(3) === 0 ? null : randomBytes(60),
    })),
  }));
}

test('every codec gives back what it was given, and refuses to give one byte more than allowed', () => {
  for (let round = 0; round < 60; round++) {
    const bytes = randomBytes(round % 10 === 0 ? 300_000 : 5000);
    for (const codec of CODECS) {
      const compressed = compress(codec, bytes);
      assert.ok(decompress(codec, compressed, bytes.length).equals(bytes), `${codec}, seed ${seed}`);
      if (bytes.length < 2) continue;
      assert.throws(() => decompress(codec, compressed, bytes.length - 1), {
        name: 'DecompressedTooLargeError',
      });
    }
  }
});

test('random batches are valid and read back, in every codec and after every change of codec', () => {
  for (let round = 0; round < 40; round++) {
    const records = randomRecords(1 + upTo(60));
    const codec = CODECS[upTo(CODECS.length)]!;
    const bytes = encodeBatch({ records, compression: codec });
    const [batch] = batches(Buffer.concat([bytes, randomBytes(11).subarray(0, 11)]));
    assert.ok(batch !== undefined);
    const { maxTimestamp, maxTimestampOffsetDelta } = validateBatch(batch, {
      maxDecompressedBytes: 1 << 20,
      compacted: false,
    });
    assert.equal(maxTimestamp, Math.max(...records.map(({ timestamp }) => timestamp)));
    assert.equal(maxTimestamp, batch.maxTimestamp);
    assert.equal(
      records.findIndex(({ timestamp }) => timestamp === maxTimestamp),
      maxTimestampOffsetDelta,
    );
    batch.setBaseOffset(2 ** 40 + round);
    batch.setPartitionLeaderEpoch(3);
    const expected = records.map((record, i) => ({ offset: 2 ** 40 + round + i, ...record }));
    assert.deepEqual([...batch.records()], expected);
    const other = recompress(batch, CODECS[upTo(CODECS.length)]!);
    assert.ok(other.isCrcValid());
    assert.deepEqual(other.recordList(), expected);
  }
});

test('records survive the way down to a message set and up again, but for headers and the timestamps of magic 0', () => {
  for (let round = 0; round < 40; round++) {
    const records = randomRecords(1 + upTo(40));
    const codec = (['none', 'gzip', 'snappy', 'lz4'] as const)[upTo(4)]!;
    const bytes = encodeBatch({ baseOffset: 500, records, compression: codec });
    for (const magic of [0, 1] as const) {
      const set = downConvert(bytes, magic);
      const expected = records.map(({ timestamp, key, value }, i) => ({
        offset: 500 + i,
        timestamp: magic === 0 ? -1 : timestamp,
        key,
        value,
        headers: [],
      }));
      assert.deepEqual([...readRecordSet(set)], expected);
      if (magic === 1)
        assert.deepEqual(
          [...readRecordSet(downConvert(set, 0))],
          expected.map((r) => ({ ...r, timestamp: -1 })),
        );
      const up = new RecordBatch(upConvert(set));
      assert.deepEqual(
        up.recordList(),
        expected.map((record, i) => ({ ...record, offset: i })),
      );
      validateBatch(up, { maxDecompressedBytes: 1 << 20, compacted: false });
    }
  }
});

test('mutated batches and message sets are read or refused, never anything else', () => {
  for (let round = 0; round < 1500; round++) {
    const records = randomRecords(1 + upTo(5));
    const codec = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)[upTo(5)]!;
    const magic = upTo(3);
    const bytes =
      magic === 2
        ? encodeBatch({ records, compression: codec })
        : encodeMessageSet({
            magic: magic as 0 | 1,
            compression: codec === 'zstd' ? 'none' : codec,
            messages: records.map((record, offset) => ({ ...record, offset })),
          });
    for (let change = upTo(4); change >= 0; change--) {
      const position = upTo(3) === 0 ? upTo(Math.min(bytes.length, 80)) : upTo(bytes.length);
      bytes[position] = upTo(2) === 0 ? upTo(256) : [0, 1, 0x7f, 0x80, 0xff][upTo(5)]!;
    }
    for (const attempt of [
      () => [...readRecordSet(bytes, { maxDecompressedBytes: 1 << 20 })],
      () =>
        validateBatch(new RecordBatch(bytes), {
          maxDecompressedBytes: 1 << 20,
          compacted: upTo(2) === 0,
          checkCrc: false,
        }),
      () => upConvert(bytes, { maxDecompressedBytes: 1 << 20 }),
      () => downConvert(bytes, 0, { maxDecompressedBytes: 1 << 20 }),
    ]) {
      try {
        attempt();
      } catch (error) {
        assert.ok(
          error instanceof MalformedError || error instanceof KafkaError,
          `seed ${seed}, round ${round}: ${error}`,
        );
      }
    }
  }
});
