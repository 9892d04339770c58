// Owns what a declared message offers: decoding and encoding by version, with codecs that are compiled at first use.
// The fields come as a function, so that importing every message of the protocol builds none of them.

import assert from 'node:assert';
import { compileDecoder } from './compile-decoder.ts';
import { compileEncoder, type EncodeBody } from './compile-encoder.ts';
import { type DecodeBody, decodeCursor } from './compiled-read.ts';
import type { Fields, InferFields, InferFieldsInput } from './schema.ts';
import { Sink } from './sink.ts';

export type MessageKind =
  | 'request'
  | 'response'
  | 'header'
  | 'data'
  | 'coordinator-key'
  | 'coordinator-value'
  | 'metadata';

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

const sink = new Sink();

/**
 * A message of the protocol in all its versions. `Value` has every field of every version, with defaults for those that
 * a version lacks; `Input` is the same with the fields that have a default left optional.
 */
export class Message<Value, Input> {
  readonly name: string;
  readonly kind: MessageKind;
  /** -1 for messages that belong to no API. For a coordinator-key the int16 that opens the record's key. */
  readonly apiKey: number;
  readonly versions: VersionRange;
  /** The first version with compact lengths and tagged fields; Infinity when there is none. */
  readonly flexibleSince: number;
  readonly #declare: () => Fields;
  #fields: Fields | undefined;
  readonly #decoders: (DecodeBody | undefined)[] = [];
  readonly #encoders: (EncodeBody | undefined)[] = [];

  constructor(kind: MessageKind, name: string, apiKey: number, format: Format, declare: () => Fields) {
    this.kind = kind;
    this.name = name;
    this.apiKey = apiKey;
    this.versions = { min: format.versions[0], max: format.versions[1] };
    this.flexibleSince = format.flexibleSince ?? Number.POSITIVE_INFINITY;
    this.#declare = declare;
  }

  /** The declaration, built when first asked for. */
  get fields(): Fields {
    this.#fields ??= this.#declare();
    return this.#fields;
  }

  isFlexible(version: number): boolean {
    return version >= this.flexibleSince;
  }

  supports(version: number): boolean {
    return version >= this.versions.min && version <= this.versions.max;
  }

  /** Decodes from `offset`; bytes after the message are left alone. Throws MalformedError. */
  decode(bytes: Buffer, version: number, offset = 0): Value {
    const decoder = this.#decoders[version] ?? this.#compileDecoder(version);
    return decoder(bytes, offset, bytes.length) as Value;
  }

  /** As `decode`, and says at which offset the message ended. */
  decodeAt(bytes: Buffer, version: number, offset: number): { value: Value; end: number } {
    const value = this.decode(bytes, version, offset);
    return { value, end: decodeCursor.offset };
  }

  /** Encodes into one buffer of its own. */
  encode(value: Input, version: number): Buffer {
    return sink.toBuffer(this.#encodeBody(value, version, 0));
  }

  /**
   * Encodes into a list of buffers whose concatenation is the message: large `records` and `bytes` fields stand in it
   * as they were given, uncopied. The first buffer opens with `headroomBytes` bytes that the caller fills.
   */
  encodeChunks(value: Input, version: number, headroomBytes = 0): Uint8Array[] {
    return sink.toChunks(this.#encodeBody(value, version, headroomBytes));
  }

  #encodeBody(value: Input, version: number, headroomBytes: number): number {
    const encoder = this.#encoders[version] ?? this.#compileEncoder(version);
    sink.begin(headroomBytes);
    return encoder(value, sink, headroomBytes);
  }

  #compileDecoder(version: number): DecodeBody {
    this.#assertSupported(version);
    const decoder = compileDecoder(this, version);
    this.#decoders[version] = decoder;
    return decoder;
  }

  #compileEncoder(version: number): EncodeBody {
    this.#assertSupported(version);
    const encoder = compileEncoder(this, version);
    this.#encoders[version] = encoder;
    return encoder;
  }

  #assertSupported(version: number): void {
    const { min, max } = this.versions;
    assert(this.supports(version), `${this.name} has versions ${min} to ${max}, not ${version}`);
  }
}

/** Any message, when only its name, versions and fields matter. */
export type AnyMessage = Message<unknown, never>;

/** The versions that exist, first and last, and the first flexible one. */
interface Format {
  readonly versions: readonly [first: number, last: number];
  readonly flexibleSince?: number;
}

type Declared<F extends Fields> = Message<InferFields<F>, InferFieldsInput<F>>;

export function request<F extends Fields>(
  name: string,
  apiKey: number,
  format: Format,
  fields: () => F,
): Declared<F> {
  return new Message('request', name, apiKey, format, fields);
}

export function response<F extends Fields>(
  name: string,
  apiKey: number,
  format: Format,
  fields: () => F,
): Declared<F> {
  return new Message('response', name, apiKey, format, fields);
}

export function header<F extends Fields>(name: string, format: Format, fields: () => F): Declared<F> {
  return new Message('header', name, -1, format, fields);
}

/** A structure that belongs to no API: consumer protocol, control records, snapshots. */
export function data<F extends Fields>(name: string, format: Format, fields: () => F): Declared<F> {
  return new Message('data', name, -1, format, fields);
}

/** The key of a coordinator's record: `apiKey` is the int16 that opens it. */
export function coordinatorKey<F extends Fields>(
  name: string,
  apiKey: number,
  format: Format,
  fields: () => F,
): Declared<F> {
  return new Message('coordinator-key', name, apiKey, format, fields);
}

/** The value of a coordinator's record, which opens with its version as int16. */
export function coordinatorValue<F extends Fields>(
  name: string,
  apiKey: number,
  format: Format,
  fields: () => F,
): Declared<F> {
  return new Message('coordinator-value', name, apiKey, format, fields);
}

/** A metadata record, which opens with a frame version, its key and its version as varints. */
export function metadataRecord<F extends Fields>(
  name: string,
  apiKey: number,
  format: Format,
  fields: () => F,
): Declared<F> {
  return new Message('metadata', name, apiKey, format, fields);
}

/** What the message decodes to. */
export type Infer<M extends { decode: (...args: never) => unknown }> = ReturnType<M['decode']>;
/** What the message is encoded from. */
export type InferInput<M extends { encode: (value: never, version: number) => unknown }> = Parameters<
  M['encode']
>[0];
