// Owns turning one record format into another: message sets of old producers up to batches, batches down to message sets for old
// consumers, batches from one codec to another, and reading all formats alike.

import { ErrorCode, KafkaError } from '../errors.ts';
import { MalformedError } from '../malformed.ts';
import {
  ATTRIBUTES_POSITION,
  BATCH_LENGTH_POSITION,
  BATCH_OVERHEAD,
  entrySizeAt,
  LOG_OVERHEAD,
  magicAt,
  type ReadOptions,
  RecordBatch,
  type TimestampType,
} from './batch.ts';
import { type CompressionType, codecId, compress } from './codecs.ts';
import { encodeBatch, type RecordInput } from './encode-batch.ts';
import {
  encodeMessageSet,
  type MessageInput,
  messageAt,
  messages,
  shallowMessages,
  unwrap,
} from './message-set.ts';
import { writeInt32 } from './primitives.ts';
import type { Record } from './record.ts';

const NO_LIMIT_BYTES = 0x7fff_ffff;

export interface UpConvertOptions extends ReadOptions {
  /** The codec of the result. Default: that of the last compressed message, or none, as Kafka's brokers do. */
  readonly compression?: CompressionType | undefined;
}

/**
 * One batch of magic 2 with the messages of a set of magic 0 or 1, at base offset 0; no bytes for an empty set.
 * Messages of magic 0 get the timestamp -1. The batch is marked LogAppendTime when a message was. Throws MalformedError, also for a wrong checksum.
 */
export function upConvert(bytes: Buffer, options: UpConvertOptions = {}): Buffer {
  const magic = magicAt(bytes);
  let compression: CompressionType = 'none';
  for (const message of shallowMessages(bytes)) {
    if (message.magic !== magic)
      throw new MalformedError(`messages of magic ${magic} and ${message.magic} in one set`);
    if (message.compression !== 'none') compression = message.compression;
  }
  const records: RecordInput[] = [];
  let timestampType: TimestampType = 'CreateTime';
  for (const message of messages(bytes, options)) {
    records.push({ timestamp: message.timestamp, key: message.key, value: message.value });
    if (message.timestampType === 'LogAppendTime') timestampType = 'LogAppendTime';
  }
  if (records.length === 0) return Buffer.alloc(0);
  return encodeBatch({ records, timestampType, compression: options.compression ?? compression });
}

export interface DownConvertOptions extends ReadOptions {
  /** Records before it are left out where they are not compressed. Default 0. */
  readonly firstOffset?: number | undefined;
}

/**
 * Stored batches as a message set of magic 0 or 1. Headers are dropped, control batches skipped, what is old enough already is kept
 * as it is; a torn batch at the end is left out. Throws KafkaError UNSUPPORTED_COMPRESSION_TYPE for zstd; MalformedError.
 */
export function downConvert(bytes: Buffer, toMagic: 0 | 1, options: DownConvertOptions = {}): Buffer {
  const parts: Buffer[] = [];
  let position = 0;
  for (let size = entrySizeAt(bytes, 0); size > 0; size = entrySizeAt(bytes, position)) {
    const magic = magicAt(bytes, position);
    if (magic <= toMagic) parts.push(bytes.subarray(position, position + size));
    else if (magic === 1) parts.push(messageDown(bytes, position, options));
    else if (magic === 2) parts.push(batchDown(batchAt(bytes, position, size), toMagic, options));
    else throw new MalformedError(`a record batch of magic ${magic}`);
    position += size;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function batchAt(bytes: Buffer, position: number, size: number): RecordBatch {
  if (size < BATCH_OVERHEAD) throw new MalformedError(`a record batch of ${size} bytes is too small`);
  return new RecordBatch(bytes, position);
}

function batchDown(batch: RecordBatch, magic: 0 | 1, options: DownConvertOptions): Buffer {
  if (batch.isControl) return Buffer.alloc(0);
  const { compression } = batch;
  if (compression === 'zstd') {
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      'batches compressed with zstd cannot be converted for this old client: it needs a newer version',
    );
  }
  const firstOffset = compression === 'none' ? (options.firstOffset ?? 0) : 0;
  const converted: MessageInput[] = [];
  for (const record of batch.records(options)) if (record.offset >= firstOffset) converted.push(record);
  return encodeMessageSet({ magic, compression, timestampType: batch.timestampType, messages: converted });
}

/** A message of magic 1 as one of magic 0. */
function messageDown(bytes: Buffer, position: number, options: DownConvertOptions): Buffer {
  const { message } = messageAt(bytes, position)!;
  const { compression } = message;
  if (compression === 'none') {
    if (message.offset < (options.firstOffset ?? 0)) return Buffer.alloc(0);
    return encodeMessageSet({ magic: 0, messages: [message] });
  }
  const inner = unwrap(message, options.maxDecompressedBytes ?? NO_LIMIT_BYTES);
  if (compression === 'zstd') throw new MalformedError('message sets cannot be compressed with zstd');
  return encodeMessageSet({ magic: 0, compression, messages: inner.messages });
}

export interface RecompressOptions extends ReadOptions {
  readonly level?: number | undefined;
}

/**
 * The same records in a new batch with another codec; all else in the header stays. The batch itself when it has the codec already.
 * Throws MalformedError.
 */
export function recompress(
  batch: RecordBatch,
  codec: CompressionType,
  options: RecompressOptions = {},
): RecordBatch {
  if (batch.compression === codec) return batch;
  const area = batch.recordArea(options);
  const body = codec === 'none' ? area : compress(codec, area, options.level);
  const bytes = Buffer.allocUnsafe(BATCH_OVERHEAD + body.length);
  bytes.set(batch.buffer.subarray(batch.position, batch.position + BATCH_OVERHEAD));
  bytes.set(body, BATCH_OVERHEAD);
  writeInt32(bytes, bytes.length - LOG_OVERHEAD, BATCH_LENGTH_POSITION);
  bytes[ATTRIBUTES_POSITION + 1] = (bytes[ATTRIBUTES_POSITION + 1]! & ~7) | codecId(codec);
  const result = new RecordBatch(bytes);
  result.refreshCrc();
  return result;
}

/** The records in bytes of any magic, also mixed; a torn batch at the end is left out. Throws MalformedError. */
export function* readRecordSet(bytes: Buffer, options: ReadOptions = {}): Generator<Record, void> {
  let position = 0;
  for (let size = entrySizeAt(bytes, 0); size > 0; size = entrySizeAt(bytes, position)) {
    if (magicAt(bytes, position) === 2) {
      yield* batchAt(bytes, position, size).records(options);
    } else {
      for (const message of messages(bytes.subarray(position, position + size), options)) {
        const { offset, timestamp, key, value } = message;
        yield { offset, timestamp, key, value, headers: [] };
      }
    }
    position += size;
  }
}
