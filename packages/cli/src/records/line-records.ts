// From the bytes of a line, or of a whole file, to a record.

import type { OutgoingRecord } from '@moldau/client';
import { parsed, readEnvelope } from './envelope.ts';

export type LineFormat = 'lines' | 'ndjson' | 'envelope';

export interface LineOptions {
  readonly keyDelimiter: Buffer | undefined;
  readonly emptyIsNull: boolean;
  readonly keepsPartition: boolean;
  /** Fields of all records; those of the line win. */
  readonly common: Partial<OutgoingRecord>;
}

export type RecordReader = (bytes: Buffer) => OutgoingRecord;

/** What reads throws an Error for what is no record. */
export function recordReader(format: LineFormat, options: LineOptions): RecordReader {
  const { keyDelimiter, emptyIsNull, keepsPartition, common } = options;
  if (format === 'envelope')
    return (bytes) => ({ ...common, ...defined(readEnvelope(bytes.toString('utf8'), keepsPartition)) });
  const check =
    format === 'ndjson' ? (value: Buffer) => void parsed(value.toString('utf8')) : (_value: Buffer) => {};
  const orNull = (bytes: Buffer): Buffer | null => (emptyIsNull && bytes.length === 0 ? null : bytes);
  if (keyDelimiter === undefined) {
    return (bytes) => {
      const value = orNull(bytes);
      if (value !== null) check(value);
      return { ...common, value };
    };
  }
  return (bytes) => {
    const at = bytes.indexOf(keyDelimiter);
    if (at < 0) {
      check(bytes);
      return { ...common, value: orNull(bytes) };
    }
    const value = orNull(bytes.subarray(at + keyDelimiter.length));
    if (value !== null) check(value);
    return { ...common, key: orNull(bytes.subarray(0, at)), value };
  };
}

/** What a line says nothing of does not hide what was said for all. */
function defined(record: OutgoingRecord): OutgoingRecord {
  const { key, ...rest } = record;
  return key === null ? rest : record;
}
