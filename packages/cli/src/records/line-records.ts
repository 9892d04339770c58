// From the bytes of a line, or of a whole file, to a record.

import type { OutgoingRecord } from '@moldau/client';
import type { Encoder } from './encoders.ts';
import { readEnvelope } from './envelope.ts';
import { checkJson } from './json.ts';
import { lineTemplate } from './line-template.ts';
import { isSized, sizedTemplate } from './sized-template.ts';

export type LineFormat = 'lines' | 'ndjson' | 'envelope' | TemplateFormat;

/** A format string: '%k %v'. */
export interface TemplateFormat {
  readonly template: string;
}

export interface LineOptions {
  readonly keyDelimiter: Buffer | undefined;
  readonly emptyIsNull: boolean;
  readonly keepsPartition: boolean;
  /** Undefined: bytes are sent as they are. */
  readonly keyEncoder?: Encoder | undefined;
  readonly valueEncoder?: Encoder | undefined;
  /** Fields of all records; those of the line win. */
  readonly common: Partial<OutgoingRecord>;
}

/** `nowMs`: of records that have no other time. What it gives is valid until the next call. */
export type RecordReader = (bytes: Buffer, nowMs: number) => OutgoingRecord;

/** What reads throws an Error for what is no record. */
export function recordReader(format: LineFormat, options: LineOptions): RecordReader {
  const { keyDelimiter, emptyIsNull, keepsPartition, keyEncoder, valueEncoder, common } = options;
  if (format === 'envelope')
    return (bytes, nowMs) => ({
      ...{ timestampMs: nowMs, ...common },
      ...defined(readEnvelope(bytes.toString('utf8'), { keepsPartition, keyEncoder, valueEncoder })),
    });
  if (typeof format === 'object') return templateReader(format, options);
  const isChecked = format === 'ndjson';
  // One object for all of them: there are millions, and each lives for a moment.
  const { key = null, headers, partition, timestampMs } = common;
  const record: Writable<OutgoingRecord> = { key, value: null, headers, partition, timestampMs };
  return (bytes, nowMs) => {
    const at = keyDelimiter === undefined ? -1 : bytes.indexOf(keyDelimiter);
    const value = at < 0 ? bytes : bytes.subarray(at + keyDelimiter!.length);
    record.key = at < 0 ? key : encoded(nonEmpty(bytes.subarray(0, at), emptyIsNull), keyEncoder, 'the key');
    record.value = encoded(nonEmpty(value, emptyIsNull), valueEncoder, 'the value');
    record.timestampMs = timestampMs ?? nowMs;
    if (isChecked && record.value !== null) checkJson(value.toString('utf8'));
    return record;
  };
}

function templateReader(
  { template }: TemplateFormat,
  { emptyIsNull, keyEncoder, valueEncoder, common }: LineOptions,
): RecordReader {
  const read = isSized(template) ? sizedTemplate(template) : lineTemplate(template);
  return (bytes, nowMs) => {
    const { key, value, ...rest } = read(bytes);
    return {
      ...{ timestampMs: nowMs, ...common, ...rest },
      key:
        key === undefined ? (common.key ?? null) : encoded(nonEmpty(key, emptyIsNull), keyEncoder, 'the key'),
      value: value === undefined ? null : encoded(nonEmpty(value, emptyIsNull), valueEncoder, 'the value'),
    };
  };
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

function nonEmpty(bytes: Buffer | null, emptyIsNull: boolean): Buffer | null {
  return emptyIsNull && bytes?.length === 0 ? null : bytes;
}

/** @throws Error saying what cannot be */
function encoded(bytes: Buffer | null, encoder: Encoder | undefined, what: string): Buffer | null {
  if (bytes === null || encoder === undefined) return bytes;
  try {
    return encoder.ofText(bytes.toString('utf8'));
  } catch (error) {
    throw new Error(`${what} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** What a line says nothing of does not hide what was said for all. */
function defined(record: OutgoingRecord): OutgoingRecord {
  const { key, ...rest } = record;
  return key === null ? rest : record;
}
