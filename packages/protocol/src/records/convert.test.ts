import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { ErrorCode } from '../errors.ts';
import { MalformedError } from '../malformed.ts';
import {
  batches,
  compress,
  decompress,
  downConvert,
  encodeBatch,
  encodeMessageSet,
  legacyMessages,
  RecordBatch,
  readRecordSet,
  upConvert,
  validateBatch,
} from './mod.ts';

const NOW_MS = 1_700_000_000_000;

function message(offset: number, text = `value ${offset}`) {
  return { offset, timestamp: NOW_MS + offset, key: null, value: Buffer.from(text) };
}

function offsets(bytes: Buffer): number[] {
  return [...readRecordSet(bytes)].map(({ offset }) => offset);
}

/** Writes a message's checksum again. */
function resealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

test('offsets inside a wrapper of magic 1 count from the wrapper, and from 0 when that says 0 as librdkafka does', () => {
  const set = encodeMessageSet({
    magic: 1,
    compression: 'gzip',
    messages: [message(70), message(71), message(75)],
  });
  assert.deepEqual(offsets(set), [70, 71, 75]);
  set.writeInt32BE(0, 4);
  assert.deepEqual(offsets(set), [0, 1, 5]);
  set.writeInt32BE(4, 4);
  assert.throws(() => offsets(set), MalformedError);
});

test('a LogAppendTime wrapper gives its time to all messages inside', () => {
  const set = encodeMessageSet({
    magic: 1,
    compression: 'snappy',
    timestampType: 'LogAppendTime',
    messages: [message(1), message(2)],
  });
  assert.deepEqual(
    [...legacyMessages(set)].map(({ timestamp }) => timestamp),
    [NOW_MS + 2, NOW_MS + 2],
  );
  const batch = new RecordBatch(upConvert(set));
  assert.equal(batch.timestampType, 'LogAppendTime');
  assert.throws(
    () =>
      validateBatch(batch, { maxDecompressedBytes: 1000, compacted: false, timestampType: 'LogAppendTime' }),
    {
      code: ErrorCode.INVALID_TIMESTAMP,
    },
  );
});

test('magic 0 has the lz4 header checksum that Kafka gives it, and the right one is read as well', () => {
  const set = encodeMessageSet({ magic: 0, compression: 'lz4', messages: [message(0)] });
  const frame = set.indexOf(Buffer.from('04224d186040', 'hex'));
  assert.equal(set[frame + 6], 0x1a);
  set[frame + 6] = 0x82;
  assert.deepEqual(offsets(resealed(set)), [0]);
  set[frame + 6] = 0x83;
  assert.throws(() => offsets(resealed(set)), MalformedError);
});

test('a set torn at its end gives the messages before; one torn inside a wrapper is refused', () => {
  const set = encodeMessageSet({ magic: 1, messages: [message(0), message(1)] });
  assert.deepEqual(offsets(set.subarray(0, set.length - 1)), [0]);
  const inner = compress('gzip', set.subarray(0, set.length - 1));
  const wrapper = encodeMessageSet({ magic: 1, messages: [{ ...message(1), value: inner }] });
  wrapper[17] = 1;
  assert.throws(() => offsets(resealed(wrapper)), MalformedError);
});

const malformed: [title: string, bytes: () => Buffer][] = [
  [
    'a wrong checksum',
    () => Buffer.from(encodeMessageSet({ magic: 1, messages: [message(0)] })).fill(0x21, 40),
  ],
  ['a length below the smallest message', () => Buffer.alloc(40)],
  ['a negative key length', () => changed((bytes) => bytes.writeInt32BE(-2, 26))],
  ['a key beyond the message', () => changed((bytes) => bytes.writeInt32BE(1000, 26))],
  ['a value that ends early', () => changed((bytes) => bytes.writeInt32BE(1, 30))],
  ['codec 6', () => changed((bytes) => bytes.writeInt8(6, 17))],
  ['zstd', () => changed((bytes) => bytes.writeInt8(4, 17))],
  ['a wrapper without value', () => wrapped(null)],
  ['an empty wrapper', () => wrapped(compress('gzip', Buffer.alloc(0)))],
  ['a wrapper in a wrapper', () => wrapped(compress('gzip', wrapped(compress('gzip', Buffer.alloc(10)))))],
  [
    'magic 0 inside magic 1',
    () => wrapped(compress('gzip', encodeMessageSet({ magic: 0, messages: [message(0)] }))),
  ],
  [
    'sets of two magics',
    () =>
      Buffer.concat(
        [0, 1].map((magic) => encodeMessageSet({ magic: magic as 0 | 1, messages: [message(0)] })),
      ),
  ],
  [
    'more than may be decompressed',
    () => encodeMessageSet({ magic: 1, compression: 'gzip', messages: [message(0, 'x'.repeat(70_000))] }),
  ],
  [
    'more than may be decompressed over all wrappers',
    () =>
      Buffer.concat(
        [0, 1].map((offset) =>
          encodeMessageSet({ magic: 1, compression: 'lz4', messages: [message(offset, 'x'.repeat(40_000))] }),
        ),
      ),
  ],
];

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = encodeMessageSet({ magic: 1, messages: [message(0)] });
  change(bytes);
  return resealed(bytes);
}

function wrapped(value: Buffer | null): Buffer {
  const bytes = encodeMessageSet({ magic: 1, messages: [{ ...message(0), value }] });
  bytes[17] = 1;
  return resealed(bytes);
}

for (const [title, bytes] of malformed) {
  test(`a message set with ${title} is refused`, () => {
    assert.throws(() => upConvert(bytes(), { maxDecompressedBytes: 65_536 }), MalformedError);
  });
}

test('going up makes one batch of all messages with the codec of the last compressed one', () => {
  const set = Buffer.concat([
    encodeMessageSet({ magic: 1, compression: 'gzip', messages: [message(0), message(1)] }),
    encodeMessageSet({ magic: 1, compression: 'lz4', messages: [message(2)] }),
    encodeMessageSet({ magic: 1, messages: [message(3)] }),
  ]);
  const found = [...batches(upConvert(set))];
  assert.equal(found.length, 1);
  assert.equal(found[0]!.compression, 'lz4');
  assert.deepEqual(
    found[0]!.recordList().map(({ timestamp }) => timestamp - NOW_MS),
    [0, 1, 2, 3],
  );
  assert.equal(new RecordBatch(upConvert(set, { compression: 'zstd' })).compression, 'zstd');
  assert.equal(upConvert(Buffer.alloc(0)).length, 0);
});

test('going down skips control batches, starts at the offset wanted, keeps what is old enough, refuses zstd', () => {
  const records = [message(0), message(1), message(2)];
  const stored = Buffer.concat([
    encodeMessageSet({ magic: 0, messages: [message(4)] }),
    encodeBatch({ baseOffset: 5, records: [message(5)], isControl: true }),
    encodeBatch({ baseOffset: 6, records, compression: 'snappy' }),
    encodeBatch({ baseOffset: 9, records }),
    encodeBatch({ baseOffset: 12, records }).subarray(0, 70),
  ]);
  assert.deepEqual(offsets(downConvert(stored, 1)), [4, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual(offsets(downConvert(stored, 1, { firstOffset: 10 })), [4, 6, 7, 8, 10, 11]);
  assert.deepEqual(
    offsets(downConvert(encodeMessageSet({ magic: 1, messages: records }), 0, { firstOffset: 2 })),
    [2],
  );
  assert.throws(() => downConvert(encodeBatch({ records, compression: 'zstd' }), 1), {
    code: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  });
});

test('going down, LogAppendTime stays the time of every message', () => {
  const batch = encodeBatch({
    records: [message(0), message(1)],
    timestampType: 'LogAppendTime',
    maxTimestamp: NOW_MS + 500,
  });
  for (const { timestamp, timestampType } of legacyMessages(downConvert(batch, 1))) {
    assert.equal(timestamp, NOW_MS + 500);
    assert.equal(timestampType, 'LogAppendTime');
  }
});

test('snappy is read raw as well as framed', () => {
  // Raw snappy: the length 5, then a literal of 5 bytes.
  const raw = Buffer.from([5, 16, ...Buffer.from('hello')]);
  assert.equal(decompress('snappy', raw, 5).toString(), 'hello');
  assert.throws(() => decompress('snappy', raw, 4), { name: 'DecompressedTooLargeError' });
});

test('lz4 blocks may reach back into the blocks before them, but not before the frame', () => {
  const frame = (distance: number) =>
    Buffer.concat([
      Buffer.from('04224d184040c0', 'hex'),
      Buffer.from([9, 0, 0, 0, 0x80, ...Buffer.from('abcdefgh')]),
      Buffer.from([5, 0, 0, 0, 0x04, distance, 0, 0x10, 0x2e]),
      Buffer.alloc(4),
    ]);
  assert.equal(decompress('lz4', frame(8), 100).toString(), 'abcdefghabcdefgh.');
  assert.throws(() => decompress('lz4', frame(9), 100), MalformedError);
});

test('a batch marked LogAppendTime by its client counts by its own timestamps where the topic has CreateTime', () => {
  const batch = new RecordBatch(
    encodeBatch({
      records: [message(0), message(9)],
      timestampType: 'LogAppendTime',
      maxTimestamp: NOW_MS - 1e9,
    }),
  );
  const bounds = { nowMs: NOW_MS, timestampAfterMaxMs: 1000, timestampBeforeMaxMs: 1000 };
  const { maxTimestamp } = validateBatch(batch, { maxDecompressedBytes: 1000, compacted: false, ...bounds });
  assert.equal(maxTimestamp, NOW_MS + 9);
  batch.setTimestamps({ type: 'CreateTime', maxTimestamp });
  assert.ok(batch.isCrcValid());
  assert.equal(batch.timestampType, 'CreateTime');
});
