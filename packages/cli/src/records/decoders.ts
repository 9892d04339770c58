// How the bytes of keys and values are read: a decoder makes of them what is shown, and what filters look at.

import type { Disk } from '@moldau/io';
import { UsageError } from '../command-line/errors.ts';
import { encodingOf, READABLE } from './encodings.ts';
import { jsonText, parseJson } from './json.ts';

/** Whose bytes they are. */
export interface DecoderContext {
  readonly topic: string;
  /** Of the same record, for values whose kind its key tells. */
  readonly keyBytes: Buffer | null;
}

/** Gives texts, numbers, bigints, and what parseJson() does. @throws Error for bytes that are something else */
export interface Decoder {
  (bytes: Buffer, context: DecoderContext): unknown;
  /** JSON.stringify() writes all that it gives; jsonText() takes several times as long. */
  readonly givesJson?: true;
}

export interface DecoderOptions {
  readonly encoding: string | undefined;
  /** A file: .avsc for Avro, .proto for Protobuf. */
  readonly schema: string | undefined;
  /** Of the message in a .proto file. */
  readonly message: string | undefined;
  readonly part: 'key' | 'value';
}

/** Undefined: as bytes. @throws UsageError */
export async function decoderOf(
  { encoding, schema, message, part }: DecoderOptions,
  disk: Pick<Disk, 'readFile'>,
): Promise<Decoder | undefined> {
  const chosen = encodingOf(encoding, schema);
  if (chosen === undefined) return undefined;
  if (chosen === 'avro' || chosen === 'protobuf') {
    if (schema === undefined)
      throw new UsageError(
        `--${part}-as ${chosen} needs the schema: --${part}-schema FILE${chosen === 'avro' ? '.avsc' : '.proto'}`,
      );
    const text = (await disk.readFile(schema)).toString('utf8');
    if (chosen === 'avro') return (await import('./avro-decoder.ts')).avroDecoder(text, schema);
    return (await import('./protobuf-decoder.ts')).protobufDecoder(text, schema, message);
  }
  if (chosen === 'msgpack') return await msgpackDecoder();
  if (chosen === 'auto') return (await import('./auto-decoder.ts')).autoDecoder(part);
  const simple = SIMPLE[chosen];
  if (simple !== undefined) return simple;
  throw new UsageError(`--${part}-as: expected one of ${READABLE.join(', ')}, not ${chosen}`);
}

const SIMPLE: Readonly<Record<string, Decoder>> = {
  string: ofJson((bytes) => bytes.toString('utf8')),
  json: ofJson((bytes) => parseJson(bytes.toString('utf8'))),
  hex: (bytes) => bytes.toString('hex'),
  base64: (bytes) => bytes.toString('base64'),
  int16: (bytes) => sized(bytes, 2, 'an int16').readInt16BE(),
  int32: (bytes) => sized(bytes, 4, 'an int32').readInt32BE(),
  int64: (bytes) => sized(bytes, 8, 'an int64').readBigInt64BE(),
  float: (bytes) => sized(bytes, 4, 'a float').readFloatBE(),
  double: (bytes) => sized(bytes, 8, 'a double').readDoubleBE(),
};

function ofJson(decode: (bytes: Buffer) => unknown): Decoder {
  return Object.assign(decode, { givesJson: true } as const);
}

function sized(bytes: Buffer, wanted: number, what: string): Buffer {
  if (bytes.length === wanted) return bytes;
  throw new Error(`${bytes.length} bytes are not ${what}, which has ${wanted}`);
}

async function msgpackDecoder(): Promise<Decoder> {
  const { decode } = await import('@msgpack/msgpack');
  return (bytes) => decode(bytes, { useBigInt64: true });
}

/** In a line of its own: texts and numbers as they are, all else as JSON. */
export function decodedText(value: unknown, { givesJson }: Pick<Decoder, 'givesJson'>): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return givesJson === true ? JSON.stringify(value) : jsonText(value);
}
