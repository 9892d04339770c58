// Owns the record batch of magic 2: where its fields are, reading them on demand, patching them in place.
//
// A RecordBatch is a view. It holds no copy, reads a field when asked, and believes nothing that a reader of it did not check:
// `validateBatch` decides what is accepted from others. The base offset and the partition leader epoch lie outside the checksum,
// so a broker sets them without touching it.

import { crc32c } from '../crc32c.ts';
import { MalformedError } from '../malformed.ts';
import { type CompressionType, codecOf, decompress } from './codecs.ts';
import { readInt16, readInt32, readInt64, writeInt32, writeInt64 } from './primitives.ts';
import { iterateRecords, type Record, type RecordContext, readRecords } from './record.ts';

/** Base offset and length: what stands before the bytes that the length counts. */
export const LOG_OVERHEAD = 12;
/** The header of a batch. */
export const BATCH_OVERHEAD = 61;
/** The smallest message of magic 0, so the smallest length that anything in a log can have. */
export const MIN_MESSAGE_BYTES = 14;
/** Where the magic byte is, in all three formats. */
export const MAGIC_POSITION = 16;

export const BATCH_LENGTH_POSITION = 8;
export const LEADER_EPOCH_POSITION = 12;
export const CRC_POSITION = 17;
export const ATTRIBUTES_POSITION = 21;
export const LAST_OFFSET_DELTA_POSITION = 23;
export const BASE_TIMESTAMP_POSITION = 27;
export const MAX_TIMESTAMP_POSITION = 35;
export const PRODUCER_ID_POSITION = 43;
export const PRODUCER_EPOCH_POSITION = 51;
export const BASE_SEQUENCE_POSITION = 53;
export const RECORD_COUNT_POSITION = 57;

export const LOG_APPEND_TIME_FLAG = 0x08;
export const TRANSACTIONAL_FLAG = 0x10;
export const CONTROL_FLAG = 0x20;
export const DELETE_HORIZON_FLAG = 0x40;

export type TimestampType = 'CreateTime' | 'LogAppendTime';

export interface ReadOptions {
  /** The most that compressed records may decompress to. Without it 2 GiB. */
  readonly maxDecompressedBytes?: number | undefined;
}

const NO_LIMIT_BYTES = 0x7fff_ffff;

/** A batch of magic 2 over somebody's bytes. */
export class RecordBatch {
  readonly buffer: Buffer;
  /** Where the batch starts in `buffer`. */
  readonly position: number;

  /** The caller has seen to it that a header's 61 bytes are there; `batches` does. */
  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer;
    this.position = position;
  }

  get baseOffset(): number {
    return readInt64(this.buffer, this.position);
  }

  /** The whole batch, its header included. */
  get sizeBytes(): number {
    return LOG_OVERHEAD + readInt32(this.buffer, this.position + BATCH_LENGTH_POSITION);
  }

  get partitionLeaderEpoch(): number {
    return readInt32(this.buffer, this.position + LEADER_EPOCH_POSITION);
  }

  get magic(): number {
    return (this.buffer[this.position + MAGIC_POSITION]! << 24) >> 24;
  }

  get crc(): number {
    return readInt32(this.buffer, this.position + CRC_POSITION) >>> 0;
  }

  get attributes(): number {
    return readInt16(this.buffer, this.position + ATTRIBUTES_POSITION);
  }

  /** Throws MalformedError for a number that no codec has. */
  get compression(): CompressionType {
    return codecOf(this.buffer[this.position + ATTRIBUTES_POSITION + 1]!);
  }

  get timestampType(): TimestampType {
    return this.#has(LOG_APPEND_TIME_FLAG) ? 'LogAppendTime' : 'CreateTime';
  }

  get isTransactional(): boolean {
    return this.#has(TRANSACTIONAL_FLAG);
  }

  get isControl(): boolean {
    return this.#has(CONTROL_FLAG);
  }

  /** Whether the base timestamp is the time at which compaction may drop the batch's tombstones and markers. */
  get hasDeleteHorizon(): boolean {
    return this.#has(DELETE_HORIZON_FLAG);
  }

  get lastOffsetDelta(): number {
    return readInt32(this.buffer, this.position + LAST_OFFSET_DELTA_POSITION);
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  get baseTimestamp(): number {
    return readInt64(this.buffer, this.position + BASE_TIMESTAMP_POSITION);
  }

  get maxTimestamp(): number {
    return readInt64(this.buffer, this.position + MAX_TIMESTAMP_POSITION);
  }

  get producerId(): number {
    return readInt64(this.buffer, this.position + PRODUCER_ID_POSITION);
  }

  get hasProducerId(): boolean {
    return readInt32(this.buffer, this.position + PRODUCER_ID_POSITION) >= 0;
  }

  get producerEpoch(): number {
    return readInt16(this.buffer, this.position + PRODUCER_EPOCH_POSITION);
  }

  get baseSequence(): number {
    return readInt32(this.buffer, this.position + BASE_SEQUENCE_POSITION);
  }

  /** The sequence of the last record; after 2^31-1 comes 0. -1 when the batch has none. */
  get lastSequence(): number {
    const base = this.baseSequence;
    return base < 0 ? -1 : (base + this.lastOffsetDelta) % 0x8000_0000;
  }

  get recordCount(): number {
    return readInt32(this.buffer, this.position + RECORD_COUNT_POSITION);
  }

  isCrcValid(): boolean {
    return this.crc === this.#computeCrc();
  }

  setBaseOffset(offset: number): void {
    writeInt64(this.buffer, offset, this.position);
  }

  setPartitionLeaderEpoch(epoch: number): void {
    writeInt32(this.buffer, epoch, this.position + LEADER_EPOCH_POSITION);
  }

  /**
   * Sets type and highest timestamp in place, whatever was there. The checksum is computed again only when one of them changes.
   * With 'LogAppendTime' every record's timestamp reads as `maxTimestamp`.
   */
  setTimestamps(timestamps: { type: TimestampType; maxTimestamp: number }): void {
    const flags = this.buffer[this.position + ATTRIBUTES_POSITION + 1]!;
    const newFlags =
      timestamps.type === 'LogAppendTime' ? flags | LOG_APPEND_TIME_FLAG : flags & ~LOG_APPEND_TIME_FLAG;
    const position = this.position + MAX_TIMESTAMP_POSITION;
    const high = readInt32(this.buffer, position);
    const low = readInt32(this.buffer, position + 4);
    writeInt64(this.buffer, timestamps.maxTimestamp, position);
    if (
      flags === newFlags &&
      high === readInt32(this.buffer, position) &&
      low === readInt32(this.buffer, position + 4)
    ) {
      return;
    }
    this.buffer[this.position + ATTRIBUTES_POSITION + 1] = newFlags;
    this.refreshCrc();
  }

  /** Sets the producer's fields in place and computes the checksum again. */
  setProducer(producer: { id: number; epoch: number; baseSequence: number }): void {
    writeInt64(this.buffer, producer.id, this.position + PRODUCER_ID_POSITION);
    this.buffer.writeInt16BE(producer.epoch, this.position + PRODUCER_EPOCH_POSITION);
    writeInt32(this.buffer, producer.baseSequence, this.position + BASE_SEQUENCE_POSITION);
    this.refreshCrc();
  }

  /** Makes the checksum right after somebody changed what it covers. */
  refreshCrc(): void {
    writeInt32(this.buffer, this.#computeCrc(), this.position + CRC_POSITION);
  }

  /** The batch's own bytes, a view. */
  bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.sizeBytes);
  }

  /** The records' bytes, decompressed; a view of the batch when they are not compressed. Throws MalformedError. */
  recordArea(options: ReadOptions = {}): Buffer {
    const area = this.buffer.subarray(this.position + BATCH_OVERHEAD, this.position + this.sizeBytes);
    const codec = this.compression;
    return codec === 'none' ? area : decompress(codec, area, options.maxDecompressedBytes ?? NO_LIMIT_BYTES);
  }

  /** The records one by one. Throws MalformedError where the bytes stop making sense. */
  records(options: ReadOptions = {}): Iterable<Record> {
    return iterateRecords(this.recordArea(options), this.recordCount, this.#context());
  }

  /** All records at once. */
  recordList(options: ReadOptions = {}): Record[] {
    return readRecords(this.recordArea(options), this.recordCount, this.#context());
  }

  #context(): RecordContext {
    return {
      baseOffset: this.baseOffset,
      baseTimestamp: this.baseTimestamp,
      logAppendTime: this.#has(LOG_APPEND_TIME_FLAG) ? this.maxTimestamp : undefined,
    };
  }

  #has(flag: number): boolean {
    return (this.buffer[this.position + ATTRIBUTES_POSITION + 1]! & flag) !== 0;
  }

  #computeCrc(): number {
    return crc32c(this.buffer, this.position + ATTRIBUTES_POSITION, this.position + this.sizeBytes);
  }
}

/**
 * The size of the batch or message at `position`, its offset and length included; 0 when fewer bytes than that are there.
 * Throws MalformedError for a length that none can have, in any of the three formats.
 */
export function entrySizeAt(bytes: Uint8Array, position: number): number {
  if (position + LOG_OVERHEAD > bytes.length) return 0;
  const length = readInt32(bytes, position + BATCH_LENGTH_POSITION);
  if (length < MIN_MESSAGE_BYTES) throw new MalformedError(`a batch or message claims the length ${length}`);
  if (position + LOG_OVERHEAD + length > bytes.length) return 0;
  return LOG_OVERHEAD + length;
}

/** The magic of the batch or message at `position`, or -1 when the bytes end before it. */
export function magicAt(bytes: Uint8Array, position = 0): number {
  return position + MAGIC_POSITION < bytes.length ? (bytes[position + MAGIC_POSITION]! << 24) >> 24 : -1;
}

/**
 * The complete batches in bytes; a torn one at the end is left out.
 * Throws MalformedError for a size that cannot be, and for a magic other than 2.
 */
export function* batches(bytes: Buffer): Generator<RecordBatch, void> {
  let position = 0;
  for (;;) {
    const size = entrySizeAt(bytes, position);
    if (size === 0) return;
    const magic = magicAt(bytes, position);
    if (magic !== 2) throw new MalformedError(`a record batch of magic ${magic} where 2 is expected`);
    if (size < BATCH_OVERHEAD) throw new MalformedError(`a record batch of ${size} bytes is too small`);
    yield new RecordBatch(bytes, position);
    position += size;
  }
}
