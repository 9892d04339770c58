// Protobuf, from JSON: fields by their names in the .proto file or in camelCase, enums by their names, bytes as base64. The library would pass over what
// does not fit, so it is checked before.

import protobuf from 'protobufjs';
import { isObject, put } from './places-in-values.ts';
import { messageType } from './protobuf-decoder.ts';

/** @throws UsageError when the file is none, or leaves open which message is meant */
export function protobufEncoder(
  source: string,
  path: string,
  wanted: string | undefined,
): (value: unknown) => Buffer {
  const type = messageType(source, path, wanted);
  return (value) => {
    const message = type.fromObject(fitMessage(type, value, []));
    const problem = type.verify(message);
    if (problem !== null) throw new Error(problem);
    const bytes = type.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  };
}

function fitMessage(type: protobuf.Type, value: unknown, path: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`${put(path)} should be an object, a ${type.name}`);
  const fitted: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const field = type.fields[name] ?? type.fieldsArray.find((each) => camelCase(each.name) === name);
    if (field === undefined)
      throw new Error(
        `${type.name} has no field ${name}: they are ${type.fieldsArray.map(({ name }) => name).join(', ')}`,
      );
    if (given !== null) fitted[field.name] = fitField(field, given, [...path, name]);
  }
  return fitted;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function fitField(field: protobuf.Field, value: unknown, path: readonly string[]): unknown {
  if (field instanceof protobuf.MapField) {
    if (!isObject(value)) throw new Error(`${put(path)} should be an object`);
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, fitOne(field, each, [...path, key])]),
    );
  }
  if (!field.repeated) return fitOne(field, value, path);
  if (!Array.isArray(value)) throw new Error(`${put(path)} should be a list`);
  return value.map((each, index) => fitOne(field, each, [...path, String(index)]));
}

function fitOne({ resolvedType, type }: protobuf.Field, value: unknown, path: readonly string[]): unknown {
  if (resolvedType instanceof protobuf.Type) return fitMessage(resolvedType, value, path);
  if (resolvedType instanceof protobuf.Enum) {
    const { values } = resolvedType;
    if (typeof value === 'number' || (typeof value === 'string' && value in values)) return value;
    throw new Error(`${put(path)} should be one of ${Object.keys(values).join(', ')}`);
  }
  if (isOfType(type, value)) return typeof value === 'bigint' ? String(value) : value;
  throw new Error(`${put(path)} should be ${type === 'bytes' ? 'base64' : type}`);
}

const WHOLE: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};
const SAME_RANGE: Readonly<Record<string, string>> = {
  ...{ sint32: 'int32', sfixed32: 'int32', fixed32: 'uint32' },
  ...{ sint64: 'int64', sfixed64: 'int64', fixed64: 'uint64' },
};

function isOfType(type: string, value: unknown): boolean {
  const range = WHOLE[SAME_RANGE[type] ?? type];
  if (range !== undefined) {
    if (typeof value !== 'bigint' && !/^-?\d+$/.test(String(value))) return false;
    const whole = BigInt(value as string | number | bigint);
    return whole >= range[0] && whole <= range[1];
  }
  if (type === 'float' || type === 'double')
    return (
      ['number', 'bigint'].includes(typeof value) || ['NaN', 'Infinity', '-Infinity'].includes(value as never)
    );
  if (type === 'bool') return typeof value === 'boolean';
  if (type === 'bytes') return typeof value === 'string' && /^[A-Za-z0-9+/_-]*=*$/.test(value);
  return typeof value === 'string';
}
