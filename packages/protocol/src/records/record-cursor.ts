// Owns stepping through a record area without making an object per record, for who looks at every record of a log: compaction, and consumers. The
// entry '@moldau/protocol/record-cursor', apart from the main entry, because a broker starts without it.
//
// One cursor serves many areas. It checks that lengths stay inside the record and the record inside the area, as
// `walkRecords` does; headers are stepped over unread.

import { MalformedError } from '../malformed.ts';
import { cursor, readVarint, readVarlong } from './primitives.ts';
import { checkRecordCount, MIN_RECORD_BYTES } from './record.ts';

const NONE: Uint8Array = new Uint8Array(0);

export class RecordCursor {
  area: Uint8Array = NONE;
  /** Where the record starts, its length included, and where it ends. */
  start = 0;
  end = 0;
  /** Behind the length: the record's attributes. */
  bodyStart = 0;
  timestampDelta = 0;
  /** Behind the timestamp's delta: what does not depend on the batch's base timestamp. */
  timestampEnd = 0;
  offsetDelta = 0;
  keyStart = 0;
  /** -1 when there is no key. */
  keyLength = -1;
  valueStart = 0;
  /** -1 when there is no value: a tombstone. */
  valueLength = -1;
  #left = 0;

  /** Starts before the first record of a decompressed area. Throws MalformedError for a count that cannot be true. */
  reset(area: Uint8Array, count: number): void {
    checkRecordCount(count, area.length);
    this.area = area;
    this.end = 0;
    this.#left = count;
  }

  /** Forgets the area, so that its memory may go. */
  clear(): void {
    this.area = NONE;
    this.#left = 0;
    this.end = 0;
  }

  /** Moves to the next record; false behind the last one. Throws MalformedError where the bytes make no sense. */
  next(): boolean {
    const { area } = this;
    const start = this.end;
    if (this.#left === 0) {
      if (start !== area.length)
        throw new MalformedError(`${area.length - start} bytes stand behind the batch's last record`);
      return false;
    }
    this.#left -= 1;
    const length = readVarint(area, start, area.length);
    const bodyStart = cursor;
    const end = bodyStart + length;
    if (length < MIN_RECORD_BYTES - 1 || end > area.length)
      throw new MalformedError(`a record claims ${length} bytes where ${area.length - bodyStart} are left`);
    this.start = start;
    this.bodyStart = bodyStart;
    this.end = end;
    this.timestampDelta = readVarlong(area, bodyStart + 1, end);
    this.timestampEnd = cursor;
    this.offsetDelta = readVarint(area, cursor, end);
    const keyLength = readVarint(area, cursor, end);
    this.keyLength = keyLength;
    this.keyStart = cursor;
    const keyEnd = keyLength > 0 ? cursor + keyLength : cursor;
    if (keyLength < -1 || keyEnd > end)
      throw new MalformedError(`a record has a key of ${keyLength} bytes where ${end - cursor} are left`);
    const valueLength = readVarint(area, keyEnd, end);
    this.valueStart = cursor;
    this.valueLength = valueLength;
    if (valueLength < -1 || valueLength > end - cursor)
      throw new MalformedError(`a record has a value of ${valueLength} bytes where ${end - cursor} are left`);
    return true;
  }
}
