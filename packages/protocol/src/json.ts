// Owns the JSON form of messages that Kafka's own tools print: bytes in base64, uuids in url-safe base64, 64-bit integers
// as numbers. For tools and tests; nothing on a broker's path comes here.

import { isDeepStrictEqual } from 'node:util';
import type { Declaration } from './compile-decoder.ts';
import { type AnyField, defaultOf, type Fields, isPresent } from './schema.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** TypeScript does not know it yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): Json };

const MAX_INT64 = 2 ** 63;

/** The message's value as JSON, without the fields that this version lacks, and tagged ones (unless they have a value). */
export function messageToJson(message: Pick<Declaration, 'fields'>, value: object, version: number): Json {
  return structToJson(message.fields, value as { [name: string]: unknown }, version);
}

function structToJson(fields: Fields, value: { [name: string]: unknown }, version: number): Json {
  const members = Object.entries(fields).filter(
    ([name, field]) =>
      (isPresent(field, version) && field.options.tag < 0) ||
      !isDeepStrictEqual(value[name], defaultOf(field)),
  );
  return Object.fromEntries(members.map(([name, field]) => [name, toJson(field, value[name], version)]));
}

function toJson(field: AnyField, value: unknown, version: number): Json {
  const { type } = field;
  if (value === null) return null;
  switch (type.kind) {
    case 'array':
      return (value as unknown[]).map((element) => toJson(type.element, element, version));
    case 'struct':
      return structToJson(type.fields, value as { [name: string]: unknown }, version);
    case 'bytes':
    case 'records':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'bits64':
      // A hash is all of its digits, which a number of JavaScript has not.
      return rawJson(String(value));
    case 'int64':
      return value === Number.POSITIVE_INFINITY ? rawJson('9223372036854775807') : (value as number);
    case 'float64':
      return Number.isFinite(value) ? rawJson(javaDouble(value as number)) : String(value);
    default:
      return value as Json;
  }
}

/** As Java writes it: 1000.0, 1.0E7. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
}

/** The value that the JSON stands for. Fields that it does not have get their default. Throws TypeError for others. */
export function messageFromJson(message: Pick<Declaration, 'fields'>, json: Json): object {
  return structFromJson(message.fields, json);
}

function structFromJson(fields: Fields, json: Json): object {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new TypeError(`${JSON.stringify(json)} is no struct`);
  }
  const members = json as { readonly [name: string]: Json };
  for (const name of Object.keys(members)) {
    if (!Object.hasOwn(fields, name)) throw new TypeError(`there is no field ${name}`);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const member = members[name];
      return [name, member === undefined ? defaultOf(field) : fromJson(field, member)];
    }),
  );
}

function fromJson(field: AnyField, json: Json): unknown {
  const { type } = field;
  if (json === null) return null;
  switch (type.kind) {
    case 'array':
      return (json as readonly Json[]).map((element) => fromJson(type.element, element));
    case 'struct':
      return structFromJson(type.fields, json);
    case 'bytes':
    case 'records':
      return Buffer.from(json as string, 'base64');
    case 'bits64':
      return BigInt(json as number);
    case 'int64':
      return json === MAX_INT64 ? Number.POSITIVE_INFINITY : json;
    default:
      return json;
  }
}
