// Compiles the encoder of one message in one version to a straight-line function that writes into the shared scratch.
// Room is made once for a run of fields of fixed size. Fields that the version lacks are dropped silently, fields left
// out are written with their default, and null in a version that does not allow it is a TypeError.

import { compileFunction } from 'node:vm';
import type { Declaration } from './compile-decoder.ts';
import { encodeRuntime } from './compiled-write.ts';
import {
  type AnyField,
  defaultOf,
  type Fields,
  type FieldType,
  fixedSizeBytes,
  isNullable,
  nullMarker,
  plainFields,
  taggedFields,
} from './schema.ts';
import type { Sink } from './sink.ts';

/** A compiled encoder: writes the value into the sink's scratch from `offset`, returns the offset behind it. */
export type EncodeBody = (value: unknown, sink: Sink, offset: number) => number;

export function compileEncoder(message: Declaration, version: number): EncodeBody {
  const text = new EncoderSource(message, version).compose();
  const factory = compileFunction(text, ['runtime'], {
    filename: `moldau:encode/${message.name}.v${version}.js`,
  }) as (runtime: typeof encodeRuntime) => EncodeBody;
  return factory(encodeRuntime);
}

class EncoderSource {
  readonly #message: Declaration;
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #lines: string[] = [];
  #names = 0;
  /** Inside a tagged field, whose size precedes it, everything is copied: views would not be counted. */
  #taggedDepth = 0;

  constructor(message: Declaration, version: number) {
    this.#message = message;
    this.#version = version;
    this.#flexible = message.isFlexible(version);
  }

  compose(): string {
    this.#struct(this.#message.fields, 'value', '');
    return [
      `'use strict';`,
      `const { ${Object.keys(encodeRuntime).join(', ')} } = runtime;`,
      `return function encode${this.#message.name}(value, s, offset) {`,
      'let o = offset, b = s.buffer, c = b.length, h = 0, n = 0;',
      ...this.#lines,
      'return o;',
      '};',
    ].join('\n');
  }

  #emit(line: string): void {
    this.#lines.push(line);
  }

  #name(hint: string): string {
    return `${hint}_${++this.#names}`;
  }

  #room(sizeBytes: number | string): void {
    this.#emit(`if (o + ${sizeBytes} > c) { b = s.grow(o, ${sizeBytes}); c = b.length; }`);
  }

  #struct(fields: Fields, source: string, path: string): void {
    const plain = plainFields(fields, this.#version);
    for (let i = 0; i < plain.length; ) {
      let end = i;
      let totalBytes = 0;
      while (end < plain.length && fixedSizeBytes(plain[end]![1].type) > 0) {
        totalBytes += fixedSizeBytes(plain[end]![1].type);
        end++;
      }
      if (end === i) {
        const [name, field] = plain[i]!;
        this.#value(field, this.#load(field, source, name), join(path, name));
        i++;
        continue;
      }
      this.#room(totalBytes);
      let at = 0;
      for (const [name, field] of plain.slice(i, end)) {
        this.#fixed(field.type, this.#load(field, source, name), at);
        at += fixedSizeBytes(field.type);
      }
      this.#emit(`o += ${totalBytes};`);
      i = end;
    }
    if (this.#flexible) this.#taggedSection(fields, source, path);
  }

  /** Emits the reading of one field of the value into a variable, with its default where it was left out. */
  #load(field: AnyField, source: string, name: string): string {
    const variable = this.#name(name);
    this.#emit(`let ${variable} = ${source}.${name};`);
    this.#emit(`if (${variable} === undefined) ${variable} = ${defaultExpression(defaultOf(field))};`);
    return variable;
  }

  /** Writes a scalar of fixed size at `o + at`, where room has been made. */
  #fixed(type: FieldType, variable: string, at: number): void {
    const bytes = (value: string, start: number, count: number) => {
      for (let i = 0; i < count; i++) {
        const shift = 8 * (count - 1 - i);
        this.#emit(`b[o + ${start + i}] = ${shift === 0 ? value : `${value} >>> ${shift}`};`);
      }
    };
    switch (type.kind) {
      case 'bool':
        this.#emit(`b[o + ${at}] = ${variable} ? 1 : 0;`);
        break;
      case 'int64':
        this.#emit(
          `if (${variable} === Infinity) { b[o + ${at}] = 0x7f; b.fill(0xff, o + ${at + 1}, o + ${at + 8}); }`,
        );
        this.#emit('else {');
        this.#emit(
          `if (!(${variable} <= 9007199254740991 && ${variable} >= -9007199254740991)) wideInt64(${variable});`,
        );
        this.#emit(`h = Math.floor(${variable} / 4294967296); n = ${variable} >>> 0;`);
        bytes('h', at, 4);
        bytes('n', at + 4, 4);
        this.#emit('}');
        break;
      case 'bits64':
        this.#emit(`b.writeBigInt64BE(${variable}, o + ${at});`);
        break;
      case 'float64':
        this.#emit(`b.writeDoubleBE(${variable}, o + ${at});`);
        break;
      case 'uuid':
        this.#emit(`putUuid(b, o + ${at}, ${variable});`);
        break;
      default:
        bytes(variable, at, fixedSizeBytes(type));
        break;
    }
  }

  /** Writes one value of any type. */
  #value(field: AnyField, variable: string, path: string): void {
    const { type } = field;
    const sizeBytes = fixedSizeBytes(type);
    if (sizeBytes > 0) {
      this.#room(sizeBytes);
      this.#fixed(type, variable, 0);
      this.#emit(`o += ${sizeBytes};`);
      return;
    }
    this.#emit(`if (${variable} === null) {`);
    if (isNullable(field, this.#version)) this.#null(field);
    else this.#emit(`refuseNull(${JSON.stringify(`${this.#message.name} ${path}`)});`);
    this.#emit('} else {');
    switch (type.kind) {
      case 'string':
        this.#room(`(5 + ${variable}.length * 3)`);
        this.#emit(`o = ${this.#isCompact(field) ? 'putCompactString' : 'putString'}(b, o, ${variable});`);
        break;
      case 'array':
        this.#array(field, type.element, variable, path);
        break;
      case 'struct':
        this.#nestedStruct(field, type.fields, variable, path);
        break;
      default:
        this.#blob(field, variable);
    }
    this.#emit('}');
  }

  #isCompact(field: AnyField): boolean {
    return this.#flexible && !field.options.isNeverCompact;
  }

  #null(field: AnyField): void {
    const { kind } = field.type;
    if (kind === 'struct') {
      this.#oneByte(nullMarker(field) < 0 ? '0xff' : '0');
    } else if (this.#isCompact(field)) {
      this.#oneByte('0');
    } else {
      const sizeBytes = kind === 'string' ? 2 : 4;
      this.#room(sizeBytes);
      this.#emit(`b.fill(0xff, o, o + ${sizeBytes}); o += ${sizeBytes};`);
    }
  }

  #oneByte(value: string): void {
    this.#room(1);
    this.#emit(`b[o++] = ${value};`);
  }

  /** Writes the length or count that `n` holds. */
  #length(field: AnyField): void {
    this.#room(5);
    if (this.#isCompact(field)) {
      this.#emit('o = putVarint(b, o, n + 1);');
    } else {
      this.#fixed({ kind: 'int32' }, 'n', 0);
      this.#emit('o += 4;');
    }
  }

  #blob(field: AnyField, variable: string): void {
    this.#emit(`n = blobSizeBytes(${variable});`);
    this.#length(field);
    this.#emit(`o = putBlob(s, o, ${variable}, ${this.#taggedDepth === 0}); b = s.buffer; c = b.length;`);
  }

  #array(field: AnyField, element: AnyField, variable: string, path: string): void {
    const [index, item] = [this.#name('i'), this.#name('item')];
    this.#emit(`n = ${variable}.length;`);
    this.#length(field);
    this.#emit(`for (let ${index} = 0; ${index} < ${variable}.length; ${index}++) {`);
    this.#emit(`const ${item} = ${variable}[${index}];`);
    this.#value(element, item, path);
    this.#emit('}');
  }

  #nestedStruct(field: AnyField, fields: Fields, variable: string, path: string): void {
    if (isNullable(field, this.#version)) this.#oneByte('1');
    this.#struct(fields, variable, path);
  }

  #taggedSection(fields: Fields, source: string, path: string): void {
    const tagged = taggedFields(fields, this.#version, this.#flexible).map(([name, field]) => {
      const variable = this.#load(field, source, name);
      const isSent = this.#name('isSent');
      this.#emit(`const ${isSent} = ${differs(field, variable)};`);
      return { field, variable, isSent, path: join(path, name) };
    });
    this.#room(1);
    const count = tagged.map(({ isSent }) => `(${isSent} ? 1 : 0)`).join(' + ');
    this.#emit(`b[o++] = ${count || '0'};`);
    this.#taggedDepth++;
    for (const { field, variable, isSent, path: fieldPath } of tagged) {
      const start = this.#name('start');
      this.#emit(`if (${isSent}) {`);
      this.#room(6);
      this.#emit(`o = putVarint(b, o, ${field.options.tag});`);
      this.#emit(`const ${start} = o++;`);
      this.#value(field, variable, fieldPath);
      this.#emit(`o = s.closeTagged(${start}, o); b = s.buffer; c = b.length;`);
      this.#emit('}');
    }
    this.#taggedDepth--;
  }
}

/** The expression that tells whether the variable's value is another than the field's default. */
function differs(field: AnyField, variable: string): string {
  const { type } = field;
  const byDefault = defaultOf(field);
  if (byDefault === null) return `${variable} !== null`;
  switch (type.kind) {
    case 'array':
      return `(${variable} === null || ${variable}.length !== 0)`;
    case 'bytes':
    case 'records':
      return `(${variable} === null || blobSizeBytes(${variable}) !== 0)`;
    case 'struct': {
      const members = Object.entries(type.fields).map(([name, member]) => {
        const inner = `${variable}.${name}`;
        return `(${inner} !== undefined && ${differs(member, inner)})`;
      });
      return `(${variable} === null || ${members.join(' || ')})`;
    }
    default:
      return `${variable} !== ${defaultExpression(byDefault)}`;
  }
}

/** Source text of a default. An empty list serves for anything of length 0, since it is only read. */
function defaultExpression(value: unknown): string {
  if (Buffer.isBuffer(value)) return '[]';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return '[]';
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(([name, member]) => `${name}: ${defaultExpression(member)}`);
    return `{ ${members.join(', ')} }`;
  }
  return JSON.stringify(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
