// Owns decoding and encoding by walking a declaration: the oracle that the compiled codecs are compared with. It favours
// being obviously right over speed, and shares nothing with the compilers but the declarations.

import { isDeepStrictEqual } from 'node:util';
import type { Declaration } from './compile-decoder.ts';
import { MalformedError } from './malformed.ts';
import { Reader } from './reader.ts';
import {
  type AnyField,
  defaultOf,
  type Fields,
  isNullable,
  minimumSizeBytes,
  nullMarker,
  plainFields,
  taggedFields,
} from './schema.ts';
import type { Uuid } from './uuid.ts';
import { Writer } from './writer.ts';

type StructValue = { [name: string]: unknown };

interface Format {
  readonly version: number;
  readonly flexible: boolean;
}

/** Decodes the message at `offset`, as `Message.decodeAt` does. Throws MalformedError. */
export function interpretDecode(
  message: Declaration,
  bytes: Buffer,
  version: number,
  offset = 0,
): { value: StructValue; end: number } {
  const reader = new Reader(bytes, offset);
  const value = decodeStruct(reader, message.fields, { version, flexible: message.isFlexible(version) });
  return { value, end: reader.offset };
}

/** Encodes the message, as `Message.encode` does. */
export function interpretEncode(message: Declaration, value: object, version: number): Buffer {
  const writer = new Writer();
  const format = { version, flexible: message.isFlexible(version) };
  encodeStruct(writer, message.fields, value as StructValue, format);
  return writer.toBuffer();
}

function decodeStruct(reader: Reader, fields: Fields, format: Format): StructValue {
  const value: StructValue = {};
  for (const [name, field] of Object.entries(fields)) value[name] = defaultOf(field);
  for (const [name, field] of plainFields(fields, format.version)) {
    value[name] = decodeValue(reader, field, format, name);
  }
  if (!format.flexible) return value;
  const tagged = new Map(
    taggedFields(fields, format.version, true).map((entry) => [entry[1].options.tag, entry]),
  );
  for (let left = reader.varint(); left > 0; left--) {
    const known = tagged.get(reader.varint());
    const content = reader.take(reader.varint());
    if (known === undefined) continue;
    const [name, field] = known;
    const inner = new Reader(content);
    value[name] = decodeValue(inner, field, format, name);
    if (inner.leftBytes > 0) throw new MalformedError(`${name}: the tagged field does not fill its bytes.`);
  }
  return value;
}

function decodeValue(reader: Reader, field: AnyField, format: Format, name: string): unknown {
  const value = decodeNullable(reader, field, format, name);
  if (value === null && !isNullable(field, format.version)) {
    throw new MalformedError(`${name}: is null, which this version does not allow.`);
  }
  return value;
}

function decodeNullable(reader: Reader, field: AnyField, format: Format, name: string): unknown {
  const { type } = field;
  const compact = format.flexible && !field.options.isNeverCompact;
  switch (type.kind) {
    case 'string':
      return reader.string(compact);
    case 'bytes':
    case 'records':
      return reader.bytes(compact);
    case 'array': {
      const elementBytes = minimumSizeBytes(type.element, format.version, format.flexible);
      const count = reader.count(compact, elementBytes);
      if (count < 0) return null;
      return Array.from({ length: count }, () => decodeValue(reader, type.element, format, name));
    }
    case 'struct':
      if (isNullable(field, format.version)) {
        const marker = reader.int8();
        if (nullMarker(field) < 0 ? marker < 0 : marker === 0) return null;
      }
      return decodeStruct(reader, type.fields, format);
    default:
      return reader[type.kind]();
  }
}

function encodeStruct(writer: Writer, fields: Fields, value: StructValue, format: Format): void {
  for (const [name, field] of plainFields(fields, format.version)) {
    encodeValue(writer, field, value[name], format, name);
  }
  if (!format.flexible) return;
  const sent = taggedFields(fields, format.version, true).filter(
    ([name, field]) => !isDeepStrictEqual(withDefaults(field, value[name]), withDefaults(field, undefined)),
  );
  writer.varint(sent.length);
  for (const [name, field] of sent) {
    const inner = new Writer();
    encodeValue(inner, field, value[name], format, name);
    const content = inner.toBuffer();
    writer.varint(field.options.tag);
    writer.varint(content.length);
    writer.raw(content);
  }
}

/** The value with everything that was left out, at any depth of structs. */
function withDefaults(field: AnyField, value: unknown): unknown {
  const { type } = field;
  const whole = value === undefined ? defaultOf(field) : value;
  if (type.kind !== 'struct' || whole === null) return whole;
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, member]) => [
      name,
      withDefaults(member, (whole as StructValue)[name]),
    ]),
  );
}

function encodeValue(writer: Writer, field: AnyField, given: unknown, format: Format, name: string): void {
  const { type } = field;
  const compact = format.flexible && !field.options.isNeverCompact;
  const value = given === undefined ? defaultOf(field) : given;
  if (value === null && !isNullable(field, format.version)) {
    throw new TypeError(`${name} may not be null in version ${format.version}.`);
  }
  switch (type.kind) {
    case 'string':
      writer.string(value as string | null, compact);
      break;
    case 'bytes':
    case 'records':
      writer.bytes(value as Uint8Array | null, compact);
      break;
    case 'array': {
      const elements = value as unknown[] | null;
      writer.length(elements === null ? -1 : elements.length, compact, 4);
      for (const element of elements ?? []) encodeValue(writer, type.element, element, format, name);
      break;
    }
    case 'struct':
      if (isNullable(field, format.version)) writer.int8(value === null ? nullMarker(field) : 1);
      if (value !== null) encodeStruct(writer, type.fields, value as StructValue, format);
      break;
    case 'bool':
      writer.bool(value as boolean);
      break;
    case 'bits64':
      writer.bits64(value as bigint);
      break;
    case 'uuid':
      writer.uuid(value as Uuid);
      break;
    default:
      writer[type.kind](value as number);
  }
}
