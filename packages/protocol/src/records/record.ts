// Owns the records inside a batch of magic 2, once decompressed: reading them, and walking over them without reading.
//
// Both check the same things: no length reaches beyond the bytes left, every record ends where its length says, the
// count is the true one and nothing stands behind the last record.

import { MalformedError } from '../malformed.ts';
import { cursor, readVarint, readVarlong, skipBytes } from './primitives.ts';

/** The timestamp of a record that has none. */
export const NO_TIMESTAMP = -1;
/** A record's length byte, attributes, timestamp and offset delta, key and value length, header count. */
export const MIN_RECORD_BYTES = 7;

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record as a consumer sees it: absolute offset, timestamp in ms (-1 for none), and views of the batch's bytes. */
export interface Record {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** What a record's position and deltas become absolute with. */
export interface RecordContext {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** Every record's timestamp when the broker's clock set it, else undefined. */
  readonly logAppendTime: number | undefined;
}

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);

/** Throws when the count cannot be true, before anything is allocated by it. */
export function checkRecordCount(count: number, bytesLeft: number): void {
  if (count < 0) throw new MalformedError(`the batch claims ${count} records`);
  if (count * MIN_RECORD_BYTES > bytesLeft) {
    throw new MalformedError(`the batch claims ${count} records in ${bytesLeft} bytes`);
  }
}

/** The records of an uncompressed record area, one by one. */
export function* iterateRecords(
  area: Buffer,
  count: number,
  context: RecordContext,
): Generator<Record, void> {
  checkRecordCount(count, area.length);
  let position = 0;
  for (let index = 0; index < count; index++) {
    const length = readVarint(area, position, area.length);
    const start = cursor;
    const end = recordEnd(start, length, area.length, index);
    yield readRecord(area, start, end, context);
    position = end;
  }
  checkNothingLeft(position, area.length);
}

/** The same records as an array, which is quicker than the generator when all of them are wanted. */
export function readRecords(area: Buffer, count: number, context: RecordContext): Record[] {
  checkRecordCount(count, area.length);
  const records: Record[] = new Array(count);
  let position = 0;
  for (let index = 0; index < count; index++) {
    const length = readVarint(area, position, area.length);
    const start = cursor;
    const end = recordEnd(start, length, area.length, index);
    records[index] = readRecord(area, start, end, context);
    position = end;
  }
  checkNothingLeft(position, area.length);
  return records;
}

function recordEnd(start: number, length: number, end: number, index: number): number {
  if (length < MIN_RECORD_BYTES - 1 || length > end - start) {
    throw new MalformedError(`record ${index} claims ${length} bytes where ${end - start} are left`);
  }
  return start + length;
}

function checkNothingLeft(position: number, end: number): void {
  if (position !== end)
    throw new MalformedError(`${end - position} bytes stand behind the batch's last record`);
}

function readRecord(area: Buffer, start: number, end: number, context: RecordContext): Record {
  const timestampDelta = readVarlong(area, start + 1, end);
  const offsetDelta = readVarint(area, cursor, end);
  const key = readBytes(area, cursor, end);
  const value = readBytes(area, cursor, end);
  const headerCount = readVarint(area, cursor, end);
  const headers = headerCount === 0 ? NO_HEADERS : readHeaders(area, cursor, end, headerCount);
  if (cursor !== end)
    throw new MalformedError(`a record's fields end ${end - cursor} bytes before the record does`);
  return {
    offset: context.baseOffset + offsetDelta,
    timestamp: context.logAppendTime ?? context.baseTimestamp + timestampDelta,
    key,
    value,
    headers,
  };
}

function readBytes(area: Buffer, position: number, end: number): Buffer | null {
  const length = readVarint(area, position, end);
  if (length < 0) {
    if (length !== -1) throw new MalformedError(`a length of ${length} in a record`);
    return null;
  }
  const start = skipBytes(length, end);
  return area.subarray(start, start + length);
}

function readHeaders(area: Buffer, position: number, end: number, count: number): RecordHeader[] {
  if (count < 0 || count * 2 > end - position) {
    throw new MalformedError(`a record claims ${count} headers in ${end - position} bytes`);
  }
  const headers: RecordHeader[] = new Array(count);
  for (let i = 0; i < count; i++) {
    const keyLength = readVarint(area, cursor, end);
    if (keyLength < 0) throw new MalformedError(`a header's key has the length ${keyLength}`);
    const keyStart = skipBytes(keyLength, end);
    const key = readKey(area, keyStart, keyLength);
    headers[i] = { key, value: readBytes(area, cursor, end) };
  }
  return headers;
}

const SHORT_KEY_BYTES = 24;

/** A header's key. Short ASCII, which they are as a rule, is put together here: a native call costs several times as much. */
function readKey(area: Buffer, start: number, length: number): string {
  const end = start + length;
  if (length > SHORT_KEY_BYTES) return area.toString('utf8', start, end);
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = area[i]!;
    if (byte >= 0x80) return area.toString('utf8', start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** What `walkRecords` found out. Indexes are those of the first record concerned, or -1. */
export interface RecordsSummary {
  /** In ms relative to the batch's base timestamp; 0 when there are no records. */
  readonly maxTimestampDelta: number;
  /** The offset delta of the first record that has the highest timestamp. */
  readonly maxTimestampOffsetDelta: number;
  readonly minTimestampDelta: number;
  readonly firstWithoutKey: number;
  /** The first record whose offset delta is not its index. */
  readonly firstOutOfSequence: number;
}

/**
 * Walks over all records without allocating, and checks that they are whole. Throws MalformedError.
 * The area is the batch's record area, decompressed.
 */
export function walkRecords(area: Uint8Array, count: number): RecordsSummary {
  const areaEnd = area.length;
  checkRecordCount(count, areaEnd);
  let position = 0;
  let maxDelta = count === 0 ? 0 : Number.NEGATIVE_INFINITY;
  let maxDeltaOffset = 0;
  let minDelta = count === 0 ? 0 : Number.POSITIVE_INFINITY;
  let firstWithoutKey = -1;
  let firstOutOfSequence = -1;
  for (let index = 0; index < count; index++) {
    const length = readVarint(area, position, areaEnd);
    const end = recordEnd(cursor, length, areaEnd, index);
    const timestampDelta = readVarlong(area, cursor + 1, end);
    const offsetDelta = readVarint(area, cursor, end);
    const keyLength = readVarint(area, cursor, end);
    if (keyLength >= 0) skipBytes(keyLength, end);
    else if (keyLength !== -1) throw new MalformedError(`record ${index} has a key of ${keyLength} bytes`);
    else if (firstWithoutKey < 0) firstWithoutKey = index;
    const valueLength = readVarint(area, cursor, end);
    if (valueLength >= 0) skipBytes(valueLength, end);
    else if (valueLength !== -1)
      throw new MalformedError(`record ${index} has a value of ${valueLength} bytes`);
    const headerCount = readVarint(area, cursor, end);
    if (headerCount !== 0) walkHeaders(area, headerCount, end);
    if (cursor !== end) {
      throw new MalformedError(
        `the fields of record ${index} end ${end - cursor} bytes before the record does`,
      );
    }
    if (timestampDelta > maxDelta) {
      maxDelta = timestampDelta;
      maxDeltaOffset = offsetDelta;
    }
    if (timestampDelta < minDelta) minDelta = timestampDelta;
    if (offsetDelta !== index && firstOutOfSequence < 0) firstOutOfSequence = index;
    position = end;
  }
  checkNothingLeft(position, areaEnd);
  return {
    maxTimestampDelta: maxDelta,
    maxTimestampOffsetDelta: maxDeltaOffset,
    minTimestampDelta: minDelta,
    firstWithoutKey,
    firstOutOfSequence,
  };
}

function walkHeaders(area: Uint8Array, count: number, end: number): void {
  if (count < 0 || count * 2 > end - cursor) {
    throw new MalformedError(`a record claims ${count} headers in ${end - cursor} bytes`);
  }
  for (let i = 0; i < count; i++) {
    const keyLength = readVarint(area, cursor, end);
    if (keyLength < 0) throw new MalformedError(`a header's key has the length ${keyLength}`);
    skipBytes(keyLength, end);
    const valueLength = readVarint(area, cursor, end);
    if (valueLength < -1) throw new MalformedError(`a header's value has the length ${valueLength}`);
    if (valueLength > 0) skipBytes(valueLength, end);
  }
}
