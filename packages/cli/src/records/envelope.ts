// Records as lines of JSON in kcat's shape: {"topic":"orders","partition":0,"offset":7,"tstype":"create","ts":1700000000000,"broker":1,
// "headers":["a","b"],"key":"k","payload":"v"}. Bytes that are no text are base64, and "key_encoding" or "payload_encoding" says so (or "headers_encoding", of all their values), so that what
// is written can be read back whole.

import type { HeaderValue, OutgoingRecord } from '@moldau/client';
import type { Encoder } from './encoders.ts';
import { numberOf, parseJson } from './json.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface EnvelopeOptions {
  readonly keepsPartition: boolean;
  /** Of what stands there as text or JSON; bytes that are base64 or hex are sent as they are. */
  readonly keyEncoder: Encoder | undefined;
  readonly valueEncoder: Encoder | undefined;
}

/** What is to be sent of a line. @throws Error saying what is wrong with it */
export function readEnvelope(
  line: string,
  { keepsPartition, keyEncoder, valueEncoder }: EnvelopeOptions,
): OutgoingRecord {
  const fields = objectOf(parseJson(line));
  const { partition, ts, timestamp = ts } = fields;
  if (!('payload' in fields || 'value' in fields))
    throw new Error('it has no payload; that of a tombstone is null');
  return {
    key: bytesOf(fields.key, fields.key_encoding, 'key', keyEncoder),
    value: bytesOf(
      'payload' in fields ? fields.payload : fields.value,
      fields.payload_encoding ?? fields.value_encoding,
      'payload',
      valueEncoder,
    ),
    ...(fields.headers === undefined ? {} : { headers: headersOf(fields.headers, fields.headers_encoding) }),
    ...(timestamp === undefined ? {} : { timestampMs: wholeNumber(timestamp, 'ts') }),
    ...(keepsPartition && partition !== undefined ? { partition: wholeNumber(partition, 'partition') } : {}),
  };
}

function objectOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error('an object was expected, as in {"key": "k", "payload": "v"}');
}

/** Anything that is no text was decoded when it was written, and is sent as JSON. */
function bytesOf(value: unknown, encoding: unknown, what: string, encoder?: Encoder): string | Buffer | null {
  if (value === undefined || value === null) return null;
  if (encoding !== undefined) {
    if ((encoding !== 'base64' && encoding !== 'hex') || typeof value !== 'string')
      throw new Error(`${what}_encoding can be base64 or hex, of a text`);
    return Buffer.from(value, encoding);
  }
  if (encoder !== undefined) return encoder.ofValue(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** kcat's list of names and values in turn, a list of [name, value] or { key, value }, or an object. */
function headersOf(given: unknown, encoding: unknown): (readonly [string, HeaderValue])[] {
  const header = (name: unknown, value: unknown) =>
    [
      typeof name === 'object' ? JSON.stringify(name) : String(name),
      bytesOf(value, encoding, 'headers'),
    ] as const;
  if (!Array.isArray(given)) {
    return Object.entries(objectOf(given)).flatMap(([name, values]) =>
      [values].flat().map((value) => header(name, value)),
    );
  }
  if (given.every((each) => each === null || typeof numberOf(each) !== 'object')) {
    if (given.length % 2 !== 0) throw new Error('headers are names and values in turn');
    return Array.from({ length: given.length / 2 }, (_, index) =>
      header(given[2 * index], given[2 * index + 1]),
    );
  }
  return given.map((each) => {
    if (Array.isArray(each)) return header(each[0], each[1]);
    const { key, name = key, value } = objectOf(each);
    return header(name, value);
  });
}

function wholeNumber(given: unknown, name: string): number {
  const value = numberOf(given);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new Error(`${name} is ${JSON.stringify(given)}, and should be a whole number`);
}
