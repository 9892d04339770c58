// Owns the notation in which messages are declared, and the TypeScript types inferred from a declaration.
// A field knows the versions that carry it, the versions in which it may be null, its tag and its default; it knows
// nothing of bytes. compile.ts and interpret.ts turn declarations into codecs, and must agree about every one of them.

import { ZERO_UUID } from './uuid.ts';

export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bits64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records';

export type FieldType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'array'; readonly element: AnyField }
  | { readonly kind: 'struct'; readonly fields: Fields };

export type AnyField = Field<unknown, unknown, boolean>;
export type Fields = { readonly [name: string]: AnyField };

interface FieldOptions {
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly firstNullableVersion: number;
  readonly lastNullableVersion: number;
  /** The tag of a tagged field; -1 for a field that stands in its place. */
  readonly tag: number;
  /** What an absent field decodes to; undefined stands for Kafka's implicit default of the type. */
  readonly defaultValue: unknown;
  /** True when the field keeps the old length prefix even in flexible versions. */
  readonly isNeverCompact: boolean;
}

const PLAIN: FieldOptions = {
  firstVersion: 0,
  lastVersion: Number.POSITIVE_INFINITY,
  firstNullableVersion: Number.POSITIVE_INFINITY,
  lastNullableVersion: Number.POSITIVE_INFINITY,
  tag: -1,
  defaultValue: undefined,
  isNeverCompact: false,
};

/**
 * One field of a message. `Value` is what decoding yields, `Input` what encoding takes, and `Optional` says whether
 * encoding may leave the field out. Fields are immutable: each modifier returns a new one.
 */
export class Field<Value, Input = Value, Optional extends boolean = false> {
  declare readonly valueType: Value;
  declare readonly inputType: Input;
  declare readonly optionalType: Optional;
  readonly type: FieldType;
  readonly options: FieldOptions;

  constructor(type: FieldType, options: FieldOptions = PLAIN) {
    this.type = type;
    this.options = options;
  }

  #with(change: Partial<FieldOptions>): AnyField {
    return new Field(this.type, { ...this.options, ...change });
  }

  /** Null is allowed, in these versions only when they are given (both ends belong to the range). */
  nullable(first = 0, last = Number.POSITIVE_INFINITY): Field<Value | null, Input | null, Optional> {
    return this.#with({ firstNullableVersion: first, lastNullableVersion: last }) as never;
  }

  /** The first version that has the field, and what it decodes to in versions without it. */
  since(version: number, defaultValue?: Value): Field<Value, Input, true> {
    const change = { firstVersion: version };
    return this.#with(defaultValue === undefined ? change : { ...change, defaultValue }) as never;
  }

  /** The last version that has the field. */
  until(version: number): Field<Value, Input, true> {
    return this.#with({ lastVersion: version }) as never;
  }

  /** What encoding writes when the field is left out, and decoding yields when it is absent. */
  default(defaultValue: Value): Field<Value, Input, true> {
    return this.#with({ defaultValue }) as never;
  }

  /** The field travels among the tagged fields at the end of its struct, and only when it differs from its default. */
  tagged(tag: number): Field<Value, Input, true> {
    return this.#with({ tag }) as never;
  }

  /** The field keeps its old length prefix in flexible versions (the client id of the request header). */
  neverCompact(): Field<Value, Input, Optional> {
    return this.#with({ isNeverCompact: true }) as never;
  }
}

export const bool: Field<boolean> = new Field({ kind: 'bool' });
export const int8: Field<number> = new Field({ kind: 'int8' });
export const int16: Field<number> = new Field({ kind: 'int16' });
export const uint16: Field<number> = new Field({ kind: 'uint16' });
export const int32: Field<number> = new Field({ kind: 'int32' });
export const uint32: Field<number> = new Field({ kind: 'uint32' });
/** A count, an offset or a time: a number within +-(2^53-1), or Infinity for 2^63-1. */
export const int64: Field<number> = new Field({ kind: 'int64' });
/** Sixty-four bits that are no quantity (a hash), so all of them matter: a signed bigint. */
export const bits64: Field<bigint> = new Field({ kind: 'bits64' });
export const float64: Field<number> = new Field({ kind: 'float64' });
export const string: Field<string> = new Field({ kind: 'string' });
/** 22 characters of url-safe base64, as Kafka prints it. */
export const uuid: Field<string> = new Field({ kind: 'uuid' });
/** Decodes to a view of the frame. */
export const bytes: Field<Buffer, Uint8Array> = new Field({ kind: 'bytes' });
/** Record batches: decodes to a view of the frame, encodes from one buffer or from a list that stands for its concatenation. */
export const records: Field<Buffer, Uint8Array | readonly Uint8Array[]> = new Field({ kind: 'records' });

/** Fields in the order in which they travel. */
export function struct<F extends Fields>(fields: F): Field<InferFields<F>, InferFieldsInput<F>> {
  return new Field({ kind: 'struct', fields });
}

/** Many of one kind: `array(int32)`, `array(shared)`, or `array({...})` for an array of structs. */
export function array<V, I, O extends boolean>(element: Field<V, I, O>): Field<V[], readonly I[]>;
export function array<F extends Fields>(fields: F): Field<InferFields<F>[], readonly InferFieldsInput<F>[]>;
export function array(element: AnyField | Fields): AnyField {
  return new Field({ kind: 'array', element: element instanceof Field ? element : struct(element) });
}

type Simplify<T> = { [K in keyof T]: T[K] };

/** The object that a struct of these fields decodes to. */
export type InferFields<F extends Fields> = { -readonly [K in keyof F]: F[K]['valueType'] };

type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K]['optionalType'] extends true ? K : never;
}[keyof F];

/** The object that a struct of these fields is encoded from. */
export type InferFieldsInput<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: F[K]['inputType'] } & {
    readonly [K in OptionalKeys<F>]?: F[K]['inputType'] | undefined;
  }
>;

export function isPresent(field: AnyField, version: number): boolean {
  return version >= field.options.firstVersion && version <= field.options.lastVersion;
}

export function isNullable(field: AnyField, version: number): boolean {
  return version >= field.options.firstNullableVersion && version <= field.options.lastNullableVersion;
}

/** The byte that stands for a struct that is null: Kafka writes it as a varint where the struct is tagged, as an int8 elsewhere. */
export function nullMarker(field: AnyField): 0 | -1 {
  return isTagged(field) ? 0 : -1;
}

export function isTagged(field: AnyField): boolean {
  return field.options.tag >= 0;
}

/** The struct's present fields that stand in their place, in order. */
export function plainFields(fields: Fields, version: number): [string, AnyField][] {
  return Object.entries(fields).filter(([, field]) => isPresent(field, version) && !isTagged(field));
}

/** The struct's present tagged fields, by tag. Empty in versions that are not flexible. */
export function taggedFields(fields: Fields, version: number, flexible: boolean): [string, AnyField][] {
  if (!flexible) return [];
  return Object.entries(fields)
    .filter(([, field]) => isPresent(field, version) && isTagged(field))
    .sort(([, a], [, b]) => a.options.tag - b.options.tag);
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** A fresh default of the field: the declared one, else Kafka's implicit default of its type. */
export function defaultOf(field: AnyField): unknown {
  const { defaultValue, firstNullableVersion } = field.options;
  if (defaultValue !== undefined) return defaultValue;
  switch (field.type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bits64':
      return 0n;
    case 'bytes':
      return NO_BYTES;
    case 'records':
      return firstNullableVersion === Number.POSITIVE_INFINITY ? NO_BYTES : null;
    case 'array':
      return [];
    case 'struct':
      return Object.fromEntries(
        Object.entries(field.type.fields).map(([name, member]) => [name, defaultOf(member)]),
      );
    default:
      return 0;
  }
}

/** Bytes of a scalar whose size does not depend on its value; 0 for the others. */
export function fixedSizeBytes(type: FieldType): number {
  switch (type.kind) {
    case 'bool':
    case 'int8':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
    case 'uint32':
      return 4;
    case 'int64':
    case 'bits64':
    case 'float64':
      return 8;
    case 'uuid':
      return 16;
    default:
      return 0;
  }
}

/** The fewest bytes that the field can take in this version: what bounds an array's count by the bytes that are left. */
export function minimumSizeBytes(field: AnyField, version: number, flexible: boolean): number {
  const { type } = field;
  const compact = flexible && !field.options.isNeverCompact;
  if (type.kind === 'string') return compact ? 1 : 2;
  if (type.kind === 'bytes' || type.kind === 'records' || type.kind === 'array') return compact ? 1 : 4;
  if (type.kind !== 'struct') return fixedSizeBytes(type);
  if (isNullable(field, version)) return 1;
  let sizeBytes = flexible ? 1 : 0;
  for (const [, member] of plainFields(type.fields, version)) {
    sizeBytes += minimumSizeBytes(member, version, flexible);
  }
  return sizeBytes;
}
