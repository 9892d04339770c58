// Avro, from JSON: as decoders show it (bytes as base64, unions without a word), or as Avro's own JSON has it, where a union says which of its types is meant:
// {"string": "x"}.

import avro from 'avsc';
import { avroType } from './avro-decoder.ts';
import { jsonText } from './json.ts';
import { isObject, put } from './places-in-values.ts';

/** @throws UsageError when the schema is none */
export function avroEncoder(schema: string, path: string): (value: unknown) => Buffer {
  const type = avroType(schema, path);
  return (value) => {
    const fitted = fit(type, value);
    type.isValid(fitted, { errorHook: refuse });
    return type.toBuffer(fitted);
  };
}

function refuse(path: readonly string[], value: unknown, type: avro.Type): never {
  throw new Error(`${put(path)} is ${shown(value)}, and should be ${nameOf(type)}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : jsonText(value);
}

function nameOf(type: avro.Type): string {
  return type.branchName?.replace(/^abstract:/, '') ?? type.typeName.replace(/^.*:/, '');
}

/** The value as the library wants it; what does not fit is left as it is. */
function fit(type: avro.Type, value: unknown): unknown {
  const { types } = avro;
  if (type instanceof types.RecordType) return isObject(value) ? fitRecord(type, value) : value;
  if (type instanceof types.ArrayType)
    return Array.isArray(value) ? value.map((each) => fit(type.itemsType, each)) : value;
  if (type instanceof types.MapType) {
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fit(type.valuesType, each)]));
  }
  if (type instanceof types.BytesType || type instanceof types.FixedType)
    return typeof value === 'string' ? Buffer.from(value, 'base64') : value;
  if (type instanceof types.UnwrappedUnionType) return fitUnion(type.types, value)?.value ?? value;
  if (type instanceof types.WrappedUnionType) {
    const found = fitUnion(type.types, value);
    if (found === undefined) return value;
    return found.type.typeName === 'null' ? null : { [found.type.branchName!]: found.value };
  }
  if (type instanceof types.FloatType || type instanceof types.DoubleType)
    return typeof value === 'bigint' ? Number(value) : value;
  return value;
}

function fitRecord(
  { fields }: avro.types.RecordType,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = fields.map(({ name }) => name);
  const stranger = Object.keys(value).find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw new Error(`the schema has no field ${stranger} there: they are ${names.join(', ')}`);
  return Object.fromEntries(fields.map(({ name, type }) => [name, fit(type, value[name])]));
}

/** Which of the types is meant: that which is named, or else the first that the value fits. */
function fitUnion(
  types: readonly avro.Type[],
  value: unknown,
): { readonly type: avro.Type; readonly value: unknown } | undefined {
  if (isObject(value)) {
    const [[name, inner] = [], ...others] = Object.entries(value);
    const named = types.find((type) => name !== undefined && name === nameOf(type));
    if (others.length === 0 && named !== undefined) return { type: named, value: fit(named, inner) };
  }
  let problem: unknown;
  for (const type of types) {
    try {
      const fitted = fit(type, value);
      if (type.isValid(fitted)) return { type, value: fitted };
    } catch (error) {
      // It is said of the only type that could be meant.
      problem = error;
    }
  }
  if (problem !== undefined && isObject(value)) throw problem;
  return undefined;
}
