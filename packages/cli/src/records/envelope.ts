// Records as lines of JSON in kcat's shape: {"topic":"orders","partition":0,"offset":7,"tstype":"create","ts":1700000000000,"headers":["a","b"],"key":"k",
// "payload":"v"}. Bytes that are no text are base64, and "key_encoding" or "payload_encoding" says so, so that what is written can be read back whole.

import type { HeaderValue, OutgoingRecord } from '@moldau/client';

type Fields = Readonly<Record<string, unknown>>;

/** What is to be sent of a line. @throws Error saying what is wrong with it */
export function readEnvelope(line: string, keepsPartition: boolean): OutgoingRecord {
  const fields = objectOf(parsed(line));
  const { partition, ts, timestamp = ts } = fields;
  return {
    key: bytesOf(fields.key, fields.key_encoding, 'key'),
    value: bytesOf(
      'payload' in fields ? fields.payload : fields.value,
      fields.payload_encoding ?? fields.value_encoding,
      'payload',
    ),
    ...(fields.headers === undefined ? {} : { headers: headersOf(fields.headers) }),
    ...(timestamp === undefined ? {} : { timestampMs: wholeNumber(timestamp, 'ts') }),
    ...(keepsPartition && partition !== undefined ? { partition: wholeNumber(partition, 'partition') } : {}),
  };
}

export function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`it is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function objectOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error('an object was expected, as in {"key": "k", "payload": "v"}');
}

/** Anything that is no text was decoded when it was written, and is sent as JSON. */
function bytesOf(value: unknown, encoding: unknown, what: string): string | Buffer | null {
  if (value === undefined || value === null) return null;
  if (encoding !== undefined) {
    if ((encoding !== 'base64' && encoding !== 'hex') || typeof value !== 'string')
      throw new Error(`${what}_encoding can be base64 or hex, of a text`);
    return Buffer.from(value, encoding);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** kcat's list of names and values in turn, a list of [name, value] or { key, value }, or an object. */
function headersOf(value: unknown): (readonly [string, HeaderValue])[] {
  if (!Array.isArray(value)) {
    return Object.entries(objectOf(value)).flatMap(([name, one]) =>
      [one].flat().map((each) => [name, headerValue(each)] as const),
    );
  }
  if (value.every((each) => each === null || typeof each !== 'object')) {
    if (value.length % 2 !== 0) throw new Error('headers are names and values in turn');
    return Array.from({ length: value.length / 2 }, (_, index) => [
      String(value[2 * index]),
      headerValue(value[2 * index + 1]),
    ]);
  }
  return value.map((each) => {
    if (Array.isArray(each)) return [String(each[0]), headerValue(each[1])];
    const { key, name = key, value: text } = objectOf(each);
    return [String(name), headerValue(text)];
  });
}

function headerValue(value: unknown): HeaderValue {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new Error(`${name} is ${JSON.stringify(value)}, and should be a whole number`);
}
