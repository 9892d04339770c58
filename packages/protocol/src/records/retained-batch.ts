// Owns writing what compaction leaves of a batch. Base offset, last offset, producer, epoch and sequences stay what they were, so
// that positions and sequence numbers of clients stay true; only records go, and the base timestamp may become a delete horizon.

import { crc32c } from '../crc32c.ts';
import {
  ATTRIBUTES_POSITION,
  BASE_TIMESTAMP_POSITION,
  BATCH_LENGTH_POSITION,
  BATCH_OVERHEAD,
  CRC_POSITION,
  DELETE_HORIZON_FLAG,
  LOG_OVERHEAD,
  MAX_TIMESTAMP_POSITION,
  RECORD_COUNT_POSITION,
  type RecordBatch,
} from './batch.ts';
import { compress } from './codecs.ts';
import { varlongSize, writeInt32, writeInt64, writeVarint, writeVarlong } from './primitives.ts';
import { NO_TIMESTAMP } from './record.ts';
import type { RecordCursor } from './record-cursor.ts';

const CODEC_BITS = 0x07;
/** A record grows by no more than this when its timestamp's delta and its length become as long as they can be. */
const MAX_GROWTH_BYTES = 14;

/** Collects records of one batch after the other and writes each batch again. What `encode` returns is valid until the next `start`. */
export class RetainedRecords {
  #batch: RecordBatch | undefined;
  #area: Uint8Array = new Uint8Array(0);
  #baseTimestamp = 0;
  /** Start and end of each run of records kept that stand side by side. */
  #runs = new Int32Array(256);
  #runCount = 0;
  #maxTimestampDelta = Number.NEGATIVE_INFINITY;
  #scratch: Buffer = Buffer.alloc(0);
  count = 0;
  hasTombstones = false;

  start(batch: RecordBatch, area: Uint8Array): void {
    this.#batch = batch;
    this.#area = area;
    this.#baseTimestamp = batch.baseTimestamp;
    this.#runCount = 0;
    this.#maxTimestampDelta = Number.NEGATIVE_INFINITY;
    this.count = 0;
    this.hasTombstones = false;
  }

  /** Keeps the record that the cursor stands on. */
  keep(record: RecordCursor): void {
    this.count += 1;
    if (record.valueLength < 0) this.hasTombstones = true;
    if (record.timestampDelta > this.#maxTimestampDelta) this.#maxTimestampDelta = record.timestampDelta;
    const at = this.#runCount * 2;
    if (at > 0 && this.#runs[at - 1] === record.start) {
      this.#runs[at - 1] = record.end;
      return;
    }
    if (at === this.#runs.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#runs);
      this.#runs = larger;
    }
    this.#runs[at] = record.start;
    this.#runs[at + 1] = record.end;
    this.#runCount += 1;
  }

  /** The batch with the records kept, at least one. With a delete horizon (ms) that becomes the base timestamp, and deltas follow it. */
  encode(deleteHorizonMs: number | undefined, cursor: RecordCursor): Buffer {
    const batch = this.#batch!;
    let areaBytes: number;
    if (deleteHorizonMs === undefined) areaBytes = this.#copyRuns();
    else areaBytes = this.#copyRebased(cursor, this.#baseTimestamp - deleteHorizonMs);
    const codec = batch.compression;
    let bytes = this.#scratch.subarray(0, BATCH_OVERHEAD + areaBytes);
    if (codec !== 'none') {
      const compressed = compress(codec, bytes.subarray(BATCH_OVERHEAD));
      bytes = Buffer.allocUnsafe(BATCH_OVERHEAD + compressed.length);
      bytes.set(compressed, BATCH_OVERHEAD);
    }
    copyHeader(batch, bytes);
    if (deleteHorizonMs !== undefined) {
      bytes[ATTRIBUTES_POSITION + 1] = bytes[ATTRIBUTES_POSITION + 1]! | DELETE_HORIZON_FLAG;
      writeInt64(bytes, deleteHorizonMs, BASE_TIMESTAMP_POSITION);
    }
    if (batch.timestampType === 'CreateTime')
      writeInt64(bytes, this.#baseTimestamp + this.#maxTimestampDelta, MAX_TIMESTAMP_POSITION);
    finishHeader(bytes, this.count);
    return bytes;
  }

  #reserve(areaBytes: number): void {
    if (this.#scratch.length < BATCH_OVERHEAD + areaBytes)
      this.#scratch = Buffer.allocUnsafeSlow(BATCH_OVERHEAD + Math.ceil(areaBytes * 1.25));
  }

  #copyRuns(): number {
    const runs = this.#runs;
    this.#reserve(this.#area.length);
    let at = BATCH_OVERHEAD;
    for (let run = 0; run < this.#runCount * 2; run += 2) {
      this.#scratch.set(this.#area.subarray(runs[run], runs[run + 1]), at);
      at += runs[run + 1]! - runs[run]!;
    }
    return at - BATCH_OVERHEAD;
  }

  /** Each record again with a timestamp's delta that is larger by `shiftMs`. */
  #copyRebased(cursor: RecordCursor, shiftMs: number): number {
    this.#reserve(this.#area.length + this.#batch!.recordCount * MAX_GROWTH_BYTES);
    const area = this.#area;
    const target = this.#scratch;
    let at = BATCH_OVERHEAD;
    let run = 0;
    cursor.reset(area, this.#batch!.recordCount);
    while (cursor.next()) {
      while (run < this.#runCount && cursor.start >= this.#runs[run * 2 + 1]!) run += 1;
      if (run === this.#runCount) continue;
      if (cursor.start < this.#runs[run * 2]!) continue;
      const delta = cursor.timestampDelta + shiftMs;
      const restBytes = cursor.end - cursor.timestampEnd;
      at = writeVarint(target, 1 + varlongSize(delta) + restBytes, at);
      target[at++] = area[cursor.bodyStart]!;
      at = writeVarlong(target, delta, at);
      target.set(area.subarray(cursor.timestampEnd, cursor.end), at);
      at += restBytes;
    }
    return at - BATCH_OVERHEAD;
  }
}

/** The header alone: keeps a batch's offsets and its producer's sequence numbers when all its records are gone. */
export function withoutRecords(batch: RecordBatch): Buffer {
  const bytes = Buffer.alloc(BATCH_OVERHEAD);
  copyHeader(batch, bytes);
  bytes[ATTRIBUTES_POSITION + 1] = bytes[ATTRIBUTES_POSITION + 1]! & ~(CODEC_BITS | DELETE_HORIZON_FLAG);
  writeInt64(bytes, NO_TIMESTAMP, BASE_TIMESTAMP_POSITION);
  finishHeader(bytes, 0);
  return bytes;
}

function copyHeader(batch: RecordBatch, target: Buffer): void {
  target.set(batch.buffer.subarray(batch.position, batch.position + BATCH_OVERHEAD), 0);
}

function finishHeader(bytes: Buffer, recordCount: number): void {
  writeInt32(bytes, bytes.length - LOG_OVERHEAD, BATCH_LENGTH_POSITION);
  writeInt32(bytes, recordCount, RECORD_COUNT_POSITION);
  writeInt32(bytes, crc32c(bytes, ATTRIBUTES_POSITION), CRC_POSITION);
}
