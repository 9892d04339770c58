// Lines of kafka-console-producer's input as records: headers, key and value, as the reader's properties say.

import type { OutgoingRecord } from '@moldau/client';
import { JavaError } from './java-errors.ts';

/** What it gives is valid until the next call. @throws JavaError for a line that is no record */
export type ReadLine = (line: Buffer, number: number, nowMs: number) => OutgoingRecord;

export const LINE_READER = 'org.apache.kafka.tools.LineMessageReader';

interface Settings {
  readonly keySeparator: Buffer | undefined;
  /** Undefined: lines have no headers. */
  readonly headersDelimiter: Buffer | undefined;
  readonly headersSeparator: RegExp;
  readonly headersKeySeparator: string;
  readonly nullMarker: Buffer | undefined;
  readonly ignoresErrors: boolean;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** @throws JavaError when properties contradict each other */
export function lineReader(properties: Readonly<Record<string, string>>): ReadLine {
  const settings = settingsOf(properties);
  const { keySeparator, headersDelimiter, nullMarker } = settings;
  // One object for all of them: there are millions, and each lives for a moment.
  const record: Writable<OutgoingRecord> = { key: null, value: null, headers: undefined, timestampMs: 0 };
  if (keySeparator === undefined && headersDelimiter === undefined && nullMarker === undefined) {
    return (line, _number, nowMs) => {
      record.value = line;
      record.timestampMs = nowMs;
      return record;
    };
  }
  const nullable = (bytes: Buffer): Buffer | null => (nullMarker?.equals(bytes) === true ? null : bytes);
  return (line, number, nowMs) => {
    let start = 0;
    /** Up to the separator; undefined: there is none, and that is no error. */
    const part = (separator: Buffer | undefined, name: string): Buffer | undefined => {
      if (separator === undefined) return undefined;
      const at = line.indexOf(separator, start);
      if (at < 0 && settings.ignoresErrors) return undefined;
      if (at < 0) throw problem(`No ${name} found on line number ${number}: '${line}'`);
      const found = line.subarray(start, at);
      start = at + separator.length;
      return found;
    };
    const headers = part(headersDelimiter, 'headers delimiter');
    const key = part(keySeparator, 'key separator');
    record.headers =
      headers === undefined || nullable(headers) === null
        ? undefined
        : headersOf(headers.toString('utf8'), number, settings);
    record.key = key === undefined ? null : nullable(key);
    record.value = nullable(line.subarray(start));
    record.timestampMs = nowMs;
    return record;
  };
}

function headersOf(
  text: string,
  number: number,
  { headersSeparator, headersKeySeparator, nullMarker, ignoresErrors }: Settings,
): readonly (readonly [name: string, value: string | null])[] {
  const marker = nullMarker?.toString('utf8');
  const pairs = text.split(headersSeparator);
  while (pairs.length > 1 && pairs.at(-1) === '') pairs.pop();
  return pairs.map((pair) => {
    const at = pair.indexOf(headersKeySeparator);
    if (at < 0) {
      if (ignoresErrors) return [pair, null];
      throw problem(`No header key separator found in pair '${pair}' on line number ${number}`);
    }
    const name = pair.slice(0, at);
    if (name === marker)
      throw problem(`Header keys should not be equal to the null marker '${marker}' as they can't be null`);
    const value = pair.slice(at + headersKeySeparator.length);
    return [name, value === marker ? null : value];
  });
}

function settingsOf(properties: Readonly<Record<string, string>>): Settings {
  const isOn = (name: string): boolean => properties[name]?.trim().toLowerCase() === 'true';
  const texts = {
    'headers.delimiter': properties['headers.delimiter'] ?? '\t',
    'headers.separator': properties['headers.separator'] ?? ',',
    'headers.key.separator': properties['headers.key.separator'] ?? ':',
    'key.separator': properties['key.separator'] ?? '\t',
    'null.marker': properties['null.marker'],
  };
  const differ = (one: keyof typeof texts, other: keyof typeof texts): void => {
    if (texts[one] === texts[other]) throw problem(`${one} and ${other} may not be equal`);
  };
  differ('headers.delimiter', 'headers.separator');
  differ('headers.delimiter', 'headers.key.separator');
  differ('headers.separator', 'headers.key.separator');
  differ('null.marker', 'key.separator');
  differ('null.marker', 'headers.separator');
  differ('null.marker', 'headers.delimiter');
  differ('null.marker', 'headers.key.separator');
  const marker = texts['null.marker'];
  return {
    keySeparator: isOn('parse.key') ? Buffer.from(texts['key.separator']) : undefined,
    headersDelimiter: isOn('parse.headers') ? Buffer.from(texts['headers.delimiter']) : undefined,
    headersSeparator: new RegExp(texts['headers.separator']),
    headersKeySeparator: texts['headers.key.separator'],
    nullMarker: marker === undefined ? undefined : Buffer.from(marker),
    ignoresErrors: isOn('ignore.error'),
  };
}

function problem(message: string): JavaError {
  return new JavaError('org.apache.kafka.common.KafkaException', message);
}

const CARRIAGE_RETURN = 0x0d;

/** Java ends lines at a carriage return as well, alone or before the end of the line. */
export function* javaLines(line: Buffer): Generator<Buffer, void> {
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  let start = 0;
  for (
    let at = line.indexOf(CARRIAGE_RETURN);
    at >= 0 && at < end;
    at = line.indexOf(CARRIAGE_RETURN, start)
  ) {
    yield line.subarray(start, at);
    start = at + 1;
  }
  yield line.subarray(start, end);
}
