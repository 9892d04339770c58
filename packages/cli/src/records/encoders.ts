// How keys and values are written: an encoder makes bytes of what a person, or JSON, says. What decoders.ts reads and shows becomes the same bytes again.

import type { Disk } from '@moldau/io';
import { UsageError } from '../command-line/errors.ts';
import { encodingOf } from './encodings.ts';
import { parseJson, parseNumbers, withNumbers } from './json.ts';

export interface EncoderOptions {
  readonly encoding: string | undefined;
  /** A file: .avsc for Avro, .proto for Protobuf. */
  readonly schema: string | undefined;
  /** Of the message in a .proto file. */
  readonly message: string | undefined;
  /** Of the schema in a registry, for readers that look it up there; undefined: bytes do without. */
  readonly schemaId: number | undefined;
  readonly part: 'key' | 'value';
}

/** What both give is fresh bytes. @throws Error saying what is wrong with what was given */
export interface Encoder {
  /** Of a line, or a file. */
  ofText(text: string): Buffer;
  /** Of what parseJson() gave. */
  ofValue(value: unknown): Buffer;
}

/** Makes bytes of a value of JSON; whole numbers beyond 53 bits are bigints. */
type Encode = (value: unknown) => Buffer;

/** Undefined: bytes are sent as they are. @throws UsageError */
export async function encoderOf(
  { encoding, schema, message, schemaId, part }: EncoderOptions,
  disk: Pick<Disk, 'readFile'>,
): Promise<Encoder | undefined> {
  const chosen = encodingOf(encoding, schema);
  const needsSchema = chosen === 'avro' || chosen === 'protobuf';
  if (schemaId !== undefined && !needsSchema)
    throw new UsageError(`--${part}-schema-id is for avro and protobuf: say --${part}-schema FILE as well`);
  if (chosen === undefined) return undefined;
  if (!needsSchema) {
    if (chosen === 'json') return JSON_ENCODER;
    if (chosen === 'msgpack') return structured(await msgpackEncode());
    return textual(SIMPLE[chosen]!);
  }
  if (schema === undefined)
    throw new UsageError(
      `--${part}-as ${chosen} needs the schema: --${part}-schema FILE${chosen === 'avro' ? '.avsc' : '.proto'}`,
    );
  const text = (await disk.readFile(schema)).toString('utf8');
  const encode =
    chosen === 'avro'
      ? (await import('./avro-encoder.ts')).avroEncoder(text, schema)
      : (await import('./protobuf-encoder.ts')).protobufEncoder(text, schema, message);
  if (schemaId === undefined) return structured(encode);
  const prefix = registryPrefix(schemaId, chosen);
  return structured((value) => Buffer.concat([prefix, encode(value)]));
}

/** A zero and the schema's number; of Protobuf also which message of the file it is, which is the first one. */
function registryPrefix(schemaId: number, encoding: 'avro' | 'protobuf'): Buffer {
  const prefix = Buffer.alloc(encoding === 'avro' ? 5 : 6);
  prefix.writeUInt32BE(schemaId, 1);
  return prefix;
}

const JSON_ENCODER: Encoder = {
  ofText: (text) => Buffer.from(JSON.stringify(parseJson(text))),
  ofValue: (value) => Buffer.from(JSON.stringify(value)),
};

function structured(encode: Encode): Encoder {
  return {
    ofText: (text) => encode(parseNumbers(text)),
    ofValue: (value) => encode(withNumbers(value)),
  };
}

function textual(encode: (text: string) => Buffer): Encoder {
  return {
    ofText: encode,
    ofValue: (value) => encode(typeof value === 'object' ? JSON.stringify(value) : String(value)),
  };
}

const SIMPLE: Readonly<Record<string, (text: string) => Buffer>> = {
  string: (text) => Buffer.from(text),
  hex: (text) => checked(Buffer.from(text, 'hex'), text.length / 2, 'hexadecimal digits', text),
  base64: (text) => {
    const bare = text.replace(/=+$/, '');
    return checked(Buffer.from(text, 'base64'), Math.floor((bare.length * 3) / 4), 'base64', text);
  },
  int16: (text) => sized(2, (bytes) => bytes.writeInt16BE(number(text))),
  int32: (text) => sized(4, (bytes) => bytes.writeInt32BE(number(text))),
  int64: (text) => sized(8, (bytes) => bytes.writeBigInt64BE(wholeNumber(text))),
  float: (text) => sized(4, (bytes) => bytes.writeFloatBE(number(text))),
  double: (text) => sized(8, (bytes) => bytes.writeDoubleBE(number(text))),
};

/** What Node makes of other characters is shorter. */
function checked(bytes: Buffer, length: number, what: string, text: string): Buffer {
  if (bytes.length === length) return bytes;
  throw new Error(`${JSON.stringify(text)} is not ${what}`);
}

function sized(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && (!Number.isNaN(value) || text.trim() === 'NaN')) return value;
  throw new Error(`${JSON.stringify(text)} is no number`);
}

function wholeNumber(text: string): bigint {
  if (/^\s*[-+]?\d+\s*$/.test(text)) return BigInt(text.trim().replace(/^\+/, ''));
  // As JSON may have it: 7.0 or 1e3.
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return BigInt(value);
  throw new Error(`${JSON.stringify(text)} is no whole number`);
}

async function msgpackEncode(): Promise<Encode> {
  const { encode } = await import('@msgpack/msgpack');
  return (value) => {
    const { buffer, byteOffset, length } = encode(value, { useBigInt64: true });
    return Buffer.from(buffer, byteOffset, length);
  };
}
