// Compiles the decoder of one message in one version to a straight-line function. Nested structs and arrays are
// inlined; a run of fields of fixed size is checked against the end once. Each struct's object is built from one literal
// with the fields of all versions in their declared order, so every version of a message has the same shape.

import { compileFunction } from 'node:vm';
import { type DecodeBody, decodeRuntime, MAX_STRING_BYTES } from './compiled-read.ts';
import type { AnyMessage } from './message.ts';
import {
  type AnyField,
  defaultOf,
  type Fields,
  fixedSizeBytes,
  isNullable,
  isPresent,
  minimumSizeBytes,
  nullMarker,
  plainFields,
  type ScalarKind,
  taggedFields,
} from './schema.ts';

/** The part of a message that codecs are compiled from. */
export type Declaration = Pick<AnyMessage, 'name' | 'fields' | 'isFlexible'>;

export function compileDecoder(message: Declaration, version: number): DecodeBody {
  const source = new DecoderSource(message, version).compose();
  const factory = compileFunction(source.text, ['runtime', 'defaults'], {
    filename: `moldau:decode/${message.name}.v${version}.js`,
  }) as (runtime: typeof decodeRuntime, defaults: unknown[]) => DecodeBody;
  return factory(decodeRuntime, source.defaults);
}

class DecoderSource {
  readonly #message: Declaration;
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #lines: string[] = [];
  readonly #defaults: unknown[] = [];
  #names = 0;

  constructor(message: Declaration, version: number) {
    this.#message = message;
    this.#version = version;
    this.#flexible = message.isFlexible(version);
  }

  compose(): { text: string; defaults: unknown[] } {
    const value = this.#struct(this.#message.fields, '');
    const text = [
      `'use strict';`,
      `const { ${Object.keys(decodeRuntime).join(', ')} } = runtime;`,
      `return function decode${this.#message.name}(b, o, e) {`,
      'let n = 0, h = 0;',
      ...this.#lines,
      'cursor.offset = o;',
      `return ${value};`,
      '};',
    ].join('\n');
    return { text, defaults: this.#defaults };
  }

  #emit(line: string): void {
    this.#lines.push(line);
  }

  #name(hint: string): string {
    return `${hint}_${++this.#names}`;
  }

  /** Emits the reading of a struct; returns the expression of its object. */
  #struct(fields: Fields, path: string): string {
    const variables = new Map<string, string>();
    for (const [name, field] of Object.entries(fields)) {
      const variable = this.#name(name);
      variables.set(name, variable);
      this.#emit(`let ${variable} = ${this.#defaultExpression(field)};`);
    }
    const plain = plainFields(fields, this.#version);
    for (let i = 0; i < plain.length; ) {
      const end = this.#endOfFixedRun(plain, i);
      if (end === i) {
        const [name, field] = plain[i]!;
        this.#value(field, variables.get(name)!, join(path, name));
        i++;
      } else {
        this.#fixedRun(plain.slice(i, end), variables, path);
        i = end;
      }
    }
    if (this.#flexible) this.#taggedSection(fields, variables, path);
    const members = Object.keys(fields).map((name) => `${name}: ${variables.get(name)}`);
    return `{ ${members.join(', ')} }`;
  }

  #endOfFixedRun(fields: [string, AnyField][], start: number): number {
    let end = start;
    while (end < fields.length && fixedSizeBytes(fields[end]![1].type) > 0) end++;
    return end;
  }

  #fixedRun(run: [string, AnyField][], variables: Map<string, string>, path: string): void {
    const totalBytes = run.reduce((sum, [, field]) => sum + fixedSizeBytes(field.type), 0);
    const first = quote(join(path, run[0]![0]));
    this.#emit(`if (o + ${totalBytes} > e) refuseShort(${first}, o, e);`);
    let at = 0;
    for (const [name, field] of run) {
      this.#fixed(field.type.kind as ScalarKind, variables.get(name)!, at, join(path, name));
      at += fixedSizeBytes(field.type);
    }
    this.#emit(`o += ${totalBytes};`);
  }

  /** Reads a scalar of fixed size at `o + at`, whose bytes are known to be there. */
  #fixed(kind: ScalarKind, target: string, at: number, path: string): void {
    const int32 = (start: number) =>
      `(b[o + ${start}] << 24 | b[o + ${start + 1}] << 16 | b[o + ${start + 2}] << 8 | b[o + ${start + 3}])`;
    switch (kind) {
      case 'bool':
        this.#emit(`${target} = b[o + ${at}] !== 0;`);
        break;
      case 'int8':
        this.#emit(`${target} = b[o + ${at}] << 24 >> 24;`);
        break;
      case 'int16':
        this.#emit(`${target} = b[o + ${at}] << 24 >> 16 | b[o + ${at + 1}];`);
        break;
      case 'uint16':
        this.#emit(`${target} = b[o + ${at}] << 8 | b[o + ${at + 1}];`);
        break;
      case 'int32':
        this.#emit(`${target} = ${int32(at)};`);
        break;
      case 'uint32':
        this.#emit(`${target} = ${int32(at)} >>> 0;`);
        break;
      case 'int64':
        this.#emit(`${target} = ${int32(at)} * 4294967296 + (${int32(at + 4)} >>> 0);`);
        this.#emit(`if (${target} > 9007199254740991 || ${target} < -9007199254740991)`);
        this.#emit(`  ${target} = wideInt64(b, o + ${at}, ${quote(path)});`);
        break;
      case 'bits64':
        this.#emit(`${target} = b.readBigInt64BE(o + ${at});`);
        break;
      case 'float64':
        this.#emit(`${target} = b.readDoubleBE(o + ${at});`);
        break;
      default:
        this.#emit(`${target} = readUuid(b, o + ${at});`);
        break;
    }
  }

  /** Reads one value of any type into `target`. */
  #value(field: AnyField, target: string, path: string): void {
    const { type } = field;
    switch (type.kind) {
      case 'string':
        this.#string(field, target, path);
        break;
      case 'bytes':
      case 'records':
        this.#view(field, target, path);
        break;
      case 'array':
        this.#array(field, type.element, target, path);
        break;
      case 'struct':
        this.#nestedStruct(field, type.fields, target, path);
        break;
      default:
        this.#emit(`if (o + ${fixedSizeBytes(type)} > e) refuseShort(${quote(path)}, o, e);`);
        this.#fixed(type.kind, target, 0, path);
        this.#emit(`o += ${fixedSizeBytes(type)};`);
    }
  }

  /** Reads an unsigned varint into `n`. */
  #varint(path: string): void {
    this.#emit(`if (o >= e) refuseShort(${quote(path)}, o, e);`);
    this.#emit('n = b[o++];');
    this.#emit(`if (n > 127) { n = longVarint(b, o, e, n, ${quote(path)}); o = cursor.offset; }`);
  }

  /** Reads a length or count into `n`; below zero it stands for null. */
  #length(field: AnyField, path: string): void {
    if (this.#flexible && !field.options.isNeverCompact) {
      this.#varint(path);
      this.#emit('n--;');
      return;
    }
    const sizeBytes = field.type.kind === 'string' ? 2 : 4;
    this.#emit(`if (o + ${sizeBytes} > e) refuseShort(${quote(path)}, o, e);`);
    this.#fixed(sizeBytes === 2 ? 'int16' : 'int32', 'n', 0, path);
    this.#emit(`o += ${sizeBytes};`);
  }

  #ifNull(field: AnyField, target: string, path: string): string {
    return isNullable(field, this.#version)
      ? `if (n < 0) ${target} = null;`
      : `if (n < 0) refuseNull(${quote(path)});`;
  }

  #string(field: AnyField, target: string, path: string): void {
    this.#length(field, path);
    this.#emit(this.#ifNull(field, target, path));
    this.#emit('else {');
    this.#emit(`if (n > ${MAX_STRING_BYTES}) refuseStringLength(${quote(path)}, n);`);
    this.#emit(`if (n > e - o) refuseLength(${quote(path)}, n, e - o);`);
    this.#emit(`${target} = readText(b, o, n); o += n;`);
    this.#emit('}');
  }

  #view(field: AnyField, target: string, path: string): void {
    this.#length(field, path);
    this.#emit(this.#ifNull(field, target, path));
    this.#emit('else {');
    this.#emit(`if (n > e - o) refuseLength(${quote(path)}, n, e - o);`);
    this.#emit(`${target} = b.subarray(o, o + n); o += n;`);
    this.#emit('}');
  }

  #array(field: AnyField, element: AnyField, target: string, path: string): void {
    const elementSizeBytes = Math.max(1, minimumSizeBytes(element, this.#version, this.#flexible));
    const count = this.#name('count');
    this.#length(field, path);
    this.#emit(this.#ifNull(field, target, path));
    this.#emit('else {');
    this.#emit(`if (n * ${elementSizeBytes} > e - o) refuseCount(${quote(path)}, n, e - o);`);
    this.#emit(`${target} = [];`);
    this.#emit(`for (let ${count} = n; ${count} > 0; ${count}--) {`);
    const item = this.#name('item');
    this.#emit(`let ${item} = undefined;`);
    this.#value(element, item, path);
    this.#emit(`${target}.push(${item});`);
    this.#emit('} }');
  }

  #nestedStruct(field: AnyField, fields: Fields, target: string, path: string): void {
    if (isNullable(field, this.#version)) {
      this.#emit(`if (o >= e) refuseShort(${quote(path)}, o, e);`);
      const isNull = nullMarker(field) < 0 ? '> 127' : '=== 0';
      this.#emit(`if (b[o++] ${isNull}) ${target} = null;`);
    }
    this.#emit(isNullable(field, this.#version) ? 'else {' : '{');
    this.#emit(`${target} = ${this.#struct(fields, path)};`);
    this.#emit('}');
  }

  #taggedSection(fields: Fields, variables: Map<string, string>, path: string): void {
    const where = join(path, 'tagged fields');
    const [left, tag, end] = [this.#name('left'), this.#name('tag'), this.#name('end')];
    this.#varint(where);
    this.#emit(`for (let ${left} = n; ${left} > 0; ${left}--) {`);
    this.#varint(where);
    this.#emit(`const ${tag} = n;`);
    this.#varint(where);
    this.#emit(`if (n > e - o) refuseLength(${quote(where)}, n, e - o);`);
    this.#emit(`const ${end} = o + n;`);
    this.#emit(`switch (${tag}) {`);
    for (const [name, field] of taggedFields(fields, this.#version, this.#flexible)) {
      const fieldPath = join(path, name);
      this.#emit(`case ${field.options.tag}: {`);
      this.#emit(`const start = o;`);
      this.#value(field, variables.get(name)!, fieldPath);
      this.#emit(`if (o !== ${end}) refuseTaggedSize(${quote(fieldPath)}, ${end} - start);`);
      this.#emit('break; }');
    }
    this.#emit(`default: o = ${end};`);
    this.#emit('} }');
  }

  /** The value of a field that the bytes do not have: a fresh one each time, where it could be changed. */
  #defaultExpression(field: AnyField): string {
    const { kind } = field.type;
    const isAlwaysRead = isPresent(field, this.#version) && field.options.tag < 0;
    if (isAlwaysRead && (kind === 'struct' || kind === 'array' || kind === 'bytes')) return 'null';
    return literal(defaultOf(field), this.#defaults);
  }
}

/** Source text that yields the value; what has no literal stands in `constants`. */
function literal(value: unknown, constants: unknown[]): string {
  if (Buffer.isBuffer(value)) return `defaults[${constants.push(value) - 1}]`;
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'bigint') return `${value}n`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(([name, member]) => `${name}: ${literal(member, constants)}`);
    return `{ ${members.join(', ')} }`;
  }
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
