// Owns writing batches of magic 2. Records are measured first, then written once into a buffer of exactly that size, so that
// uncompressed data is copied once.

import { crc32c } from '../crc32c.ts';
import {
  ATTRIBUTES_POSITION,
  BASE_SEQUENCE_POSITION,
  BASE_TIMESTAMP_POSITION,
  BATCH_LENGTH_POSITION,
  BATCH_OVERHEAD,
  CONTROL_FLAG,
  CRC_POSITION,
  DELETE_HORIZON_FLAG,
  LAST_OFFSET_DELTA_POSITION,
  LEADER_EPOCH_POSITION,
  LOG_APPEND_TIME_FLAG,
  LOG_OVERHEAD,
  MAGIC_POSITION,
  MAX_TIMESTAMP_POSITION,
  PRODUCER_EPOCH_POSITION,
  PRODUCER_ID_POSITION,
  RECORD_COUNT_POSITION,
  type TimestampType,
  TRANSACTIONAL_FLAG,
} from './batch.ts';
import { type CompressionType, codecId, compress } from './codecs.ts';
import {
  varintSize,
  varlongSize,
  writeInt16,
  writeInt32,
  writeInt64,
  writeVarint,
  writeVarlong,
} from './primitives.ts';
import { NO_TIMESTAMP } from './record.ts';

/** A record to be written. `timestamp` in ms, -1 for none. */
export interface RecordInput {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[] | undefined;
  /** Only where offsets have gaps, as in compacted batches: relative to the batch's base offset, else the record's index. */
  readonly offsetDelta?: number | undefined;
}

export interface BatchFields {
  readonly baseOffset?: number | undefined;
  /** Default 'none'. */
  readonly compression?: CompressionType | undefined;
  readonly compressionLevel?: number | undefined;
  readonly partitionLeaderEpoch?: number | undefined;
  readonly producerId?: number | undefined;
  readonly producerEpoch?: number | undefined;
  readonly baseSequence?: number | undefined;
  readonly isTransactional?: boolean | undefined;
  readonly isControl?: boolean | undefined;
  /** 'LogAppendTime' needs `maxTimestamp`, the time of the append. */
  readonly timestampType?: TimestampType | undefined;
  /** Default: the highest of the records. */
  readonly maxTimestamp?: number | undefined;
  /** Default: the first record's. */
  readonly baseTimestamp?: number | undefined;
  /** Sets the flag that makes the base timestamp a delete horizon. */
  readonly hasDeleteHorizon?: boolean | undefined;
  /** Default: the last record's. Higher where compaction removed the last ones. */
  readonly lastOffsetDelta?: number | undefined;
}

export interface BatchInput extends BatchFields {
  readonly records: readonly RecordInput[];
}

/** Below this many bytes a loop is quicker than a native copy. */
const LOOP_COPY_BYTES = 48;

let bodySizes = new Int32Array(1024);

/** Writes one batch. */
export function encodeBatch(input: BatchInput): Buffer {
  const { records } = input;
  const baseTimestamp = input.baseTimestamp ?? records[0]?.timestamp ?? NO_TIMESTAMP;
  const areaBytes = measure(records, baseTimestamp);
  const codec = input.compression ?? 'none';
  let batch: Buffer;
  if (codec === 'none') {
    batch = Buffer.allocUnsafe(BATCH_OVERHEAD + areaBytes);
    writeRecords(batch, BATCH_OVERHEAD, records, baseTimestamp);
  } else {
    const area = Buffer.allocUnsafe(areaBytes);
    writeRecords(area, 0, records, baseTimestamp);
    const compressed = compress(codec, area, input.compressionLevel);
    batch = Buffer.allocUnsafe(BATCH_OVERHEAD + compressed.length);
    batch.set(compressed, BATCH_OVERHEAD);
  }
  const last = records.at(-1);
  writeHeader(batch, {
    ...input,
    baseTimestamp,
    compression: codec,
    maxTimestamp: input.maxTimestamp ?? highestTimestamp(records),
    lastOffsetDelta: input.lastOffsetDelta ?? last?.offsetDelta ?? records.length - 1,
    recordCount: records.length,
  });
  return batch;
}

function writeHeader(batch: Buffer, fields: BatchFields & { readonly recordCount: number }): void {
  const attributes =
    codecId(fields.compression ?? 'none') |
    (fields.timestampType === 'LogAppendTime' ? LOG_APPEND_TIME_FLAG : 0) |
    (fields.isTransactional ? TRANSACTIONAL_FLAG : 0) |
    (fields.isControl ? CONTROL_FLAG : 0) |
    (fields.hasDeleteHorizon ? DELETE_HORIZON_FLAG : 0);
  writeInt64(batch, fields.baseOffset ?? 0, 0);
  writeInt32(batch, batch.length - LOG_OVERHEAD, BATCH_LENGTH_POSITION);
  writeInt32(batch, fields.partitionLeaderEpoch ?? -1, LEADER_EPOCH_POSITION);
  batch[MAGIC_POSITION] = 2;
  writeInt16(batch, attributes, ATTRIBUTES_POSITION);
  writeInt32(batch, fields.lastOffsetDelta ?? fields.recordCount - 1, LAST_OFFSET_DELTA_POSITION);
  writeInt64(batch, fields.baseTimestamp ?? NO_TIMESTAMP, BASE_TIMESTAMP_POSITION);
  writeInt64(batch, fields.maxTimestamp ?? NO_TIMESTAMP, MAX_TIMESTAMP_POSITION);
  writeInt64(batch, fields.producerId ?? -1, PRODUCER_ID_POSITION);
  writeInt16(batch, fields.producerEpoch ?? -1, PRODUCER_EPOCH_POSITION);
  writeInt32(batch, fields.baseSequence ?? -1, BASE_SEQUENCE_POSITION);
  writeInt32(batch, fields.recordCount, RECORD_COUNT_POSITION);
  writeInt32(batch, crc32c(batch, ATTRIBUTES_POSITION), CRC_POSITION);
}

function highestTimestamp(records: readonly RecordInput[]): number {
  let highest = NO_TIMESTAMP;
  for (const record of records) if (record.timestamp > highest) highest = record.timestamp;
  return highest;
}

/** Fills `bodySizes` and returns the bytes of all records. */
function measure(records: readonly RecordInput[], baseTimestamp: number): number {
  if (bodySizes.length < records.length) bodySizes = new Int32Array(records.length * 2);
  let total = 0;
  for (let index = 0; index < records.length; index++) {
    const size = bodySize(records[index]!, index, baseTimestamp);
    bodySizes[index] = size;
    total += varintSize(size) + size;
  }
  return total;
}

function bodySize(record: RecordInput, index: number, baseTimestamp: number): number {
  const { key, value, headers } = record;
  let size = 1 + varlongSize(record.timestamp - baseTimestamp) + varintSize(record.offsetDelta ?? index);
  size += key === null ? 1 : varintSize(key.length) + key.length;
  size += value === null ? 1 : varintSize(value.length) + value.length;
  if (headers === undefined) return size + 1;
  size += varintSize(headers.length);
  for (const header of headers) {
    const keyBytes = utf8Size(header.key);
    size += varintSize(keyBytes) + keyBytes;
    size += header.value === null ? 1 : varintSize(header.value.length) + header.value.length;
  }
  return size;
}

function writeRecords(
  target: Buffer,
  start: number,
  records: readonly RecordInput[],
  baseTimestamp: number,
): void {
  let position = start;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    position = writeVarint(target, bodySizes[index]!, position);
    target[position++] = 0;
    position = writeVarlong(target, record.timestamp - baseTimestamp, position);
    position = writeVarint(target, record.offsetDelta ?? index, position);
    position = writeBytes(target, record.key, position);
    position = writeBytes(target, record.value, position);
    const { headers } = record;
    if (headers === undefined) target[position++] = 0;
    else position = writeHeaders(target, headers, position);
  }
}

function writeHeaders(target: Buffer, headers: NonNullable<RecordInput['headers']>, start: number): number {
  let position = writeVarint(target, headers.length, start);
  for (const header of headers) {
    const keyBytes = utf8Size(header.key);
    position = writeVarint(target, keyBytes, position);
    position = writeText(target, header.key, keyBytes, position);
    position = writeBytes(target, header.value, position);
  }
  return position;
}

/** As Buffer.byteLength, without leaving JavaScript for the short ASCII names that header keys are. */
function utf8Size(text: string): number {
  if (text.length > LOOP_COPY_BYTES) return Buffer.byteLength(text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text);
  return text.length;
}

function writeText(target: Buffer, text: string, sizeBytes: number, position: number): number {
  const isShortAscii = sizeBytes === text.length && sizeBytes <= LOOP_COPY_BYTES;
  if (isShortAscii) for (let i = 0; i < sizeBytes; i++) target[position + i] = text.charCodeAt(i);
  else target.write(text, position);
  return position + sizeBytes;
}

function writeBytes(target: Buffer, bytes: Uint8Array | null, start: number): number {
  if (bytes === null) {
    target[start] = 1;
    return start + 1;
  }
  const position = writeVarint(target, bytes.length, start);
  if (bytes.length > LOOP_COPY_BYTES) target.set(bytes, position);
  else for (let i = 0; i < bytes.length; i++) target[position + i] = bytes[i]!;
  return position + bytes.length;
}
