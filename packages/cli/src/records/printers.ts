// How records are written: as values one per line, in one of the JSON shapes, as hex, or by a format string.

import { isUtf8 } from 'node:buffer';
import type { ConsumerRecord, RecordHeaders } from '@moldau/client';
import { UsageError } from '../command-line/errors.ts';
import type { BlockWriter } from './block-writer.ts';
import { type Decoder, decodedText } from './decoders.ts';
import { jsonText } from './json.ts';
import { template } from './template.ts';

export const OUTPUT_NAMES = ['value', 'envelope', 'ndjson', 'json', 'hex'] as const;

/** Writes one record; `index` counts them from 1. @throws Error when key or value is not what it was said to be */
export type Print = (record: ConsumerRecord, out: BlockWriter, index: number) => void;

/** How keys and values are read, and written where they stand alone. */
export interface Reading {
  readonly keyDecoder: Decoder | undefined;
  readonly valueDecoder: Decoder | undefined;
  readonly writeKey: (record: ConsumerRecord, out: BlockWriter) => void;
  readonly writeValue: (record: ConsumerRecord, out: BlockWriter) => void;
}

export interface PrinterOptions {
  /** A name of OUTPUT_NAMES, or a format string. */
  readonly format: string;
  readonly keyDecoder: Decoder | undefined;
  readonly valueDecoder: Decoder | undefined;
  /** Keys are shown as well, and this behind each. */
  readonly keyDelimiter: Buffer | undefined;
  /** Behind each record. */
  readonly delimiter: Buffer;
  /** In place of a key or value that is null. */
  readonly nullText: string;
}

/** @throws UsageError */
export function printerOf(options: PrinterOptions): Print {
  const { format } = options;
  const reading = readingOf(options);
  if (/[%\\]/.test(format)) return template(format, reading);
  switch (format) {
    case 'value':
      return linePrinter(options, reading);
    case 'envelope':
      return jsonPrinter(options, (record) => JSON_SHAPES.envelope(record, reading));
    case 'ndjson':
      return jsonPrinter(options, (record) => JSON_SHAPES.plain(record, reading));
    case 'json':
      return jsonPrinter(options, (record) => JSON_SHAPES.plain(record, reading), 2);
    case 'hex':
      return hexPrinter;
    default:
      throw new UsageError(
        `--format: expected one of ${OUTPUT_NAMES.join(', ')}, or a string with % in it as in '%k %v\\n', not ${format}`,
      );
  }
}

function readingOf({ keyDecoder, valueDecoder, nullText }: PrinterOptions): Reading {
  const writer = (decoder: Decoder | undefined, part: 'keyBytes' | 'valueBytes') => {
    return (record: ConsumerRecord, out: BlockWriter): void => {
      const bytes = record[part];
      if (bytes === null) out.text(nullText);
      else if (decoder === undefined) out.bytes(bytes);
      else out.text(decodedText(decoder(bytes, record), decoder));
    };
  };
  return {
    ...{ keyDecoder, valueDecoder },
    writeKey: writer(keyDecoder, 'keyBytes'),
    writeValue: writer(valueDecoder, 'valueBytes'),
  };
}

function linePrinter(
  { keyDelimiter, delimiter, nullText, valueDecoder }: PrinterOptions,
  reading: Reading,
): Print {
  const { writeKey, writeValue } = reading;
  const end = delimiter.length === 1 ? delimiter[0]! : undefined;
  if (keyDelimiter === undefined && valueDecoder === undefined && end !== undefined && nullText === '') {
    // What most people want, and with the most records.
    return ({ valueBytes }, out) => {
      if (valueBytes !== null) out.bytes(valueBytes);
      out.byte(end);
    };
  }
  return (record, out) => {
    if (keyDelimiter !== undefined) {
      writeKey(record, out);
      out.bytes(keyDelimiter);
    }
    writeValue(record, out);
    out.bytes(delimiter);
  };
}

function jsonPrinter(
  { delimiter, keyDecoder, valueDecoder }: PrinterOptions,
  shape: (record: ConsumerRecord) => object,
  indent?: number,
): Print {
  // Some of what was decoded may be nothing that JSON has, and looking for that takes long.
  const isPlain = [keyDecoder, valueDecoder].every((decoder) => decoder === undefined || decoder.givesJson);
  return (record, out) => {
    const shaped = shape(record);
    out.text(isPlain ? JSON.stringify(shaped, undefined, indent) : jsonText(shaped, indent));
    out.bytes(delimiter);
  };
}

const JSON_SHAPES = {
  /** kcat's. */
  envelope(record: ConsumerRecord, { keyDecoder, valueDecoder }: Reading): object {
    const { topic, partition, offset, timestampMs, timestampType, brokerId, headers } = record;
    return {
      ...{ topic, partition, offset },
      ...(timestampMs < 0 ? {} : { tstype: timestampType, ts: timestampMs }),
      broker: brokerId,
      ...envelopeHeaders(headers),
      ...jsonPart('key', record.keyBytes, keyDecoder, record),
      ...jsonPart('payload', record.valueBytes, valueDecoder, record),
    };
  },
  plain(record: ConsumerRecord, { keyDecoder, valueDecoder }: Reading): object {
    const { topic, partition, offset, timestampMs, headers } = record;
    return {
      ...{ topic, partition, offset, timestamp: timestampMs },
      headers: headers.entries.map(([name, value]) => ({
        name,
        ...jsonPart('value', value, undefined, record),
      })),
      ...jsonPart('key', record.keyBytes, keyDecoder, record),
      ...jsonPart('value', record.valueBytes, valueDecoder, record),
    };
  },
};

/** Names and values in turn, as kcat has them. */
function envelopeHeaders(headers: RecordHeaders): object {
  if (headers.size === 0) return {};
  const isText = headers.entries.every(([, value]) => value === null || isUtf8(value));
  const encoding = isText ? 'utf8' : 'base64';
  const list = headers.entries.flatMap(([name, value]) => [name, value?.toString(encoding) ?? null]);
  return isText ? { headers: list } : { headers: list, headers_encoding: encoding };
}

/** Texts as they are; other bytes as base64, and said to be. */
function jsonPart(
  name: string,
  bytes: Buffer | null,
  decoder: Decoder | undefined,
  record: ConsumerRecord,
): Record<string, unknown> {
  if (bytes === null) return { [name]: null };
  if (decoder !== undefined) return { [name]: decoder(bytes, record) };
  if (isUtf8(bytes)) return { [name]: bytes.toString('utf8') };
  return { [name]: bytes.toString('base64'), [`${name}_encoding`]: 'base64' };
}

const ROW_BYTES = 16;

/** A title, and the bytes in rows of 16, with the texts that they may be. */
function hexPrinter(
  { topic, partition, offset, keyBytes, valueBytes }: ConsumerRecord,
  out: BlockWriter,
): void {
  const key = keyBytes === null ? 'no key' : `key ${keyBytes.toString('hex')}`;
  const size = valueBytes === null ? 'no value' : `${valueBytes.length} bytes`;
  out.text(`${topic} ${partition} ${offset}: ${key}, ${size}\n`);
  for (let at = 0; at < (valueBytes?.length ?? 0); at += ROW_BYTES) {
    const row = valueBytes!.subarray(at, at + ROW_BYTES);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    out.text(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW_BYTES * 3)} ${text}\n`);
  }
}
