import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { ErrorCode, errorName, KafkaError } from '../errors.ts';
import {
  encodeBatch,
  RecordBatch,
  type RecordInput,
  RecordValidationError,
  recompress,
  type ValidateOptions,
  validateBatch,
} from './mod.ts';

const NOW_MS = 1_700_000_000_000;
const OPTIONS: ValidateOptions = { maxDecompressedBytes: 1 << 20, compacted: false };

function record(fields: Partial<RecordInput> = {}): RecordInput {
  return { timestamp: NOW_MS, key: Buffer.from('k'), value: Buffer.from('value'), ...fields };
}

const two = [record(), record()];

/** A batch whose bytes are changed after it was written, with the right checksum unless asked otherwise. */
function changed(change: (bytes: Buffer) => void, bytes = encodeBatch({ records: two })): RecordBatch {
  change(bytes);
  const batch = new RecordBatch(bytes);
  batch.refreshCrc();
  return batch;
}

/** A batch with a record area of these bytes. */
function withArea(area: Buffer, recordCount: number, attributes = 0): RecordBatch {
  const bytes = Buffer.concat([encodeBatch({ records: [] }), area]);
  return changed((target) => {
    target.writeInt32BE(bytes.length - 12, 8);
    target.writeInt16BE(attributes, 21);
    target.writeInt32BE(recordCount - 1, 23);
    target.writeInt32BE(recordCount, 57);
  }, bytes);
}

function refusedWith(code: number, batch: RecordBatch, options: Partial<ValidateOptions> = {}): KafkaError {
  try {
    validateBatch(batch, { ...OPTIONS, ...options });
  } catch (error) {
    assert.ok(error instanceof KafkaError, String(error));
    assert.equal(errorName(error.code), errorName(code), error.message);
    return error;
  }
  assert.fail('the batch was accepted');
}

const hostile: [title: string, batch: () => RecordBatch, code: number, options?: Partial<ValidateOptions>][] =
  [
    [
      'a wrong checksum',
      () => new RecordBatch(flip(encodeBatch({ records: two }), 70)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'a length of -1',
      () => new RecordBatch(write32(encodeBatch({ records: two }), -1, 8)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'a length of 2^31-1',
      () => new RecordBatch(write32(encodeBatch({ records: two }), 0x7fffffff, 8)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'a length of less than a header',
      () => new RecordBatch(write32(encodeBatch({ records: two }), 48, 8)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'fewer bytes than a header',
      () => new RecordBatch(encodeBatch({ records: [] }).subarray(0, 60)),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    ['magic 3', () => changed((bytes) => bytes.writeInt8(3, 16)), ErrorCode.CORRUPT_MESSAGE],
    [
      'more than max.message.bytes',
      () => changed(() => {}),
      ErrorCode.MESSAGE_TOO_LARGE,
      { maxMessageBytes: 80 },
    ],
    [
      '2^31-1 records in 61 bytes',
      () => changed((b) => claim(b, 0x7fffffff), encodeBatch({ records: [] })),
      ErrorCode.INVALID_RECORD,
    ],
    ['no records', () => new RecordBatch(encodeBatch({ records: [] })), ErrorCode.INVALID_RECORD],
    ['-1 records', () => changed((b) => claim(b, -1)), ErrorCode.INVALID_RECORD],
    ['a count that is not the offsets', () => changed((b) => write32(b, 3, 57)), ErrorCode.INVALID_RECORD],
    ['more records than there are', () => changed((b) => claim(b, 3)), ErrorCode.INVALID_RECORD],
    ['fewer records than there are', () => changed((b) => claim(b, 1)), ErrorCode.INVALID_RECORD],
    ['a base offset', () => changed((b) => b.writeInt32BE(5, 4)), ErrorCode.INVALID_RECORD],
    [
      'a producer id of 2^60',
      () => changed((b) => b.writeBigInt64BE(2n ** 60n, 43)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a producer id of -2^60',
      () => changed((b) => b.writeBigInt64BE(-(2n ** 60n), 43)),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a base offset of 2^63-1',
      () => changed((b) => b.fill(0xff, 1, 8).writeInt8(0x7f, 0)),
      ErrorCode.INVALID_RECORD,
    ],
    ['codec 5', () => changed((b) => b.writeInt8(5, 22)), ErrorCode.INVALID_RECORD],
    [
      'zstd where it is not allowed',
      () =>
        recompress(
          changed(() => {}),
          'zstd',
        ),
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      { allowZstd: false },
    ],
    [
      'a control batch',
      () => new RecordBatch(encodeBatch({ records: two, isControl: true })),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a producer id without sequence',
      () => new RecordBatch(encodeBatch({ records: two, producerId: 1, producerEpoch: 0 })),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a producer id without epoch',
      () => new RecordBatch(encodeBatch({ records: two, producerId: 1, baseSequence: 0 })),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a transaction without producer id',
      () => new RecordBatch(encodeBatch({ records: two, isTransactional: true })),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'offset deltas with a gap',
      () =>
        new RecordBatch(encodeBatch({ records: [record(), record({ offsetDelta: 2 })], lastOffsetDelta: 1 })),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a base timestamp out of all bounds',
      () => changed((b) => b.fill(0x7f, 27, 35)),
      ErrorCode.INVALID_TIMESTAMP,
    ],
    [
      'LogAppendTime from a client',
      () => new RecordBatch(encodeBatch({ records: two, timestampType: 'LogAppendTime' })),
      ErrorCode.INVALID_TIMESTAMP,
      { timestampType: 'LogAppendTime' },
    ],
    [
      'a record length beyond the batch',
      () => withArea(Buffer.from([0x7e, 0, 0, 0, 1, 1, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a record length of -1',
      () => withArea(Buffer.from([0x01, 0, 0, 0, 1, 1, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'an overlong varint as length',
      () => withArea(Buffer.from([0x8c, 0x80, 0x80, 0x80, 0x80, 0, 0, 0, 0, 1, 1, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a key length beyond the record',
      () => withArea(Buffer.from([12, 0, 0, 0, 0x7e, 1, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    ['a key length of -2', () => withArea(Buffer.from([12, 0, 0, 0, 3, 1, 0]), 1), ErrorCode.INVALID_RECORD],
    [
      'a value length of -2',
      () => withArea(Buffer.from([12, 0, 0, 0, 1, 3, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a header count of 2^31-1',
      () => withArea(Buffer.from([20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a header count of -1',
      () => withArea(Buffer.from([12, 0, 0, 0, 1, 1, 1]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a header without key',
      () => withArea(Buffer.from([16, 0, 0, 0, 1, 1, 2, 1, 1]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'bytes behind the fields of a record',
      () => withArea(Buffer.from([16, 0, 0, 0, 1, 1, 0, 0, 0]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'bytes behind the last record',
      () => withArea(Buffer.from([12, 0, 0, 0, 1, 1, 0, 0xff]), 1),
      ErrorCode.INVALID_RECORD,
    ],
    ['gzip data that is none', () => withArea(Buffer.alloc(20, 7), 1, 1), ErrorCode.CORRUPT_MESSAGE],
    ['snappy data that is none', () => withArea(Buffer.alloc(20, 7), 1, 2), ErrorCode.CORRUPT_MESSAGE],
    ['lz4 data that is none', () => withArea(Buffer.alloc(20, 7), 1, 3), ErrorCode.CORRUPT_MESSAGE],
    ['zstd data that is none', () => withArea(Buffer.alloc(20, 7), 1, 4), ErrorCode.CORRUPT_MESSAGE],
    ['no compressed data at all', () => withArea(Buffer.alloc(0), 1, 1), ErrorCode.CORRUPT_MESSAGE],
    ['a gzip bomb', () => withArea(gzipSync(Buffer.alloc(64 << 20)), 1, 1), ErrorCode.MESSAGE_TOO_LARGE],
    [
      'a zstd bomb',
      () => withArea(zstdCompressSync(Buffer.alloc(64 << 20)), 1, 4),
      ErrorCode.MESSAGE_TOO_LARGE,
    ],
    ['an lz4 bomb', () => withArea(lz4Bomb(), 1, 3), ErrorCode.MESSAGE_TOO_LARGE],
    ['a zstd window of 128 MiB', () => withArea(zstdWindow128MiB(), 1, 4), ErrorCode.CORRUPT_MESSAGE],
    [
      'a snappy length of 2^32-1',
      () => withArea(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]), 1, 2),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'a xerial block length of 2^31-1',
      () => withArea(Buffer.from('82534e415050590000000001000000017fffffff00', 'hex'), 1, 2),
      ErrorCode.CORRUPT_MESSAGE,
    ],
    [
      'snappy over the limit',
      () =>
        recompress(
          new RecordBatch(encodeBatch({ records: [record({ value: Buffer.alloc(2 << 20) })] })),
          'snappy',
        ),
      ErrorCode.MESSAGE_TOO_LARGE,
    ],
  ];

for (const [title, batch, code, options] of hostile) {
  test(`refuses ${title} with ${errorName(code)}`, () => {
    refusedWith(code, batch(), options);
  });
}

function flip(bytes: Buffer, position: number): Buffer {
  bytes[position]! ^= 0x40;
  return bytes;
}

function write32(bytes: Buffer, value: number, position: number): Buffer {
  bytes.writeInt32BE(value, position);
  return bytes;
}

/** Count and last offset delta that agree. */
function claim(bytes: Buffer, count: number): void {
  bytes.writeInt32BE(count - 1, 23);
  bytes.writeInt32BE(count, 57);
}

/** Blocks of 64 KiB that each consist of one match as long as their bytes can say. */
function lz4Bomb(): Buffer {
  const block = Buffer.concat([
    Buffer.from([0x1f, 0, 1, 0]),
    Buffer.alloc(60_000, 0xff),
    Buffer.from([0, 0x10, 0]),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), length, block, Buffer.alloc(4)]);
}

/** A frame of a few bytes whose header asks for a window of 128 MiB. */
function zstdWindow128MiB(): Buffer {
  const frame = zstdCompressSync(Buffer.from('hello'), {
    params: { [constants.ZSTD_c_contentSizeFlag]: 0, [constants.ZSTD_c_compressionLevel]: 1 },
  });
  assert.equal(frame[4]! & 0x20, 0, 'the frame has a window descriptor');
  frame[5] = (27 - 10) << 3;
  return frame;
}

test('accepts what is right, and says the highest timestamp and whose it is', () => {
  const records = [
    record(),
    record({ timestamp: NOW_MS + 9 }),
    record({ timestamp: NOW_MS + 9 }),
    record({ timestamp: -1 }),
  ];
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const batch = new RecordBatch(encodeBatch({ records, compression: codec, maxTimestamp: 2 ** 45 }));
    const validated = validateBatch(batch, OPTIONS);
    assert.deepEqual(validated, { maxTimestamp: NOW_MS + 9, maxTimestampOffsetDelta: 1 });
    batch.setTimestamps({ type: 'CreateTime', maxTimestamp: validated.maxTimestamp });
    assert.ok(batch.isCrcValid());
    assert.equal(batch.maxTimestamp, NOW_MS + 9);
  }
});

test('names the records without key that a compacted topic refuses', () => {
  const batch = new RecordBatch(
    encodeBatch({ records: [record(), record({ key: null }), record(), record({ key: null })] }),
  );
  validateBatch(batch, OPTIONS);
  const error = refusedWith(ErrorCode.INVALID_RECORD, batch, { compacted: true });
  assert.ok(error instanceof RecordValidationError);
  assert.deepEqual(
    error.recordErrors.map(({ batchIndex }) => batchIndex),
    [1, 3],
  );
});

test('holds timestamps to the bounds of the topic, to the millisecond', () => {
  const bounds = { nowMs: NOW_MS, timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 };
  const at = (timestamp: number) =>
    new RecordBatch(encodeBatch({ records: [record(), record({ timestamp })] }));
  for (const timestamp of [NOW_MS - 1000, NOW_MS + 500, -1])
    validateBatch(at(timestamp), { ...OPTIONS, ...bounds });
  for (const timestamp of [NOW_MS - 1001, NOW_MS + 501, 0]) {
    const error = refusedWith(ErrorCode.INVALID_TIMESTAMP, at(timestamp), bounds);
    assert.ok(error instanceof RecordValidationError);
    assert.deepEqual(
      error.recordErrors.map(({ batchIndex }) => batchIndex),
      [1],
    );
    const bound = timestamp > NOW_MS ? `later than .* ${NOW_MS + 500}` : `earlier than .* ${NOW_MS - 1000}`;
    assert.match(error.message, new RegExp(`${timestamp}, which is ${bound}`));
    validateBatch(at(timestamp), { ...OPTIONS, ...bounds, timestampType: 'LogAppendTime' });
  }
});

test('lets a coordinator write control batches at its offsets', () => {
  const batch = new RecordBatch(
    encodeBatch({
      baseOffset: 7,
      records: two,
      isControl: true,
      isTransactional: true,
      producerId: 1,
      producerEpoch: 0,
    }),
  );
  validateBatch(batch, { ...OPTIONS, origin: 'coordinator' });
});

test('grants a zstd window as large as the output may be', () => {
  const batch = new RecordBatch(
    encodeBatch({
      records: [record({ value: Buffer.alloc(40 << 20, 'abc') })],
      compression: 'zstd',
      compressionLevel: 1,
    }),
  );
  validateBatch(batch, { ...OPTIONS, maxDecompressedBytes: 64 << 20 });
});
