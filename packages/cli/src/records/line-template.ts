// Lines read by a format string, as `moldau consume` writes them with the same one: '%k|%p|%v'. A field goes to where what stands behind it begins.

import type { HeadersInput } from '@moldau/client';
import { UsageError } from '../command-line/errors.ts';
import { tokensOf } from './template.ts';

/** What a line says; what its format has not is not there. */
export interface LineFields {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: HeadersInput;
  readonly partition?: number;
  readonly timestampMs?: number;
}

interface Field {
  /** As in '%k'. */
  readonly name: string;
  readonly read: (bytes: Buffer) => LineFields;
  /** Behind it; undefined: the rest of the line is its. */
  readonly end: Buffer | undefined;
}

/** @throws UsageError; what reads throws an Error for a line that is another */
export function lineTemplate(text: string): (line: Buffer) => LineFields {
  const { start, fields } = fieldsOf(text);
  return (line) => {
    if (!line.subarray(0, start.length).equals(start))
      throw new Error(`it does not begin with ${shown(start)}`);
    const found: LineFields = {};
    let at = start.length;
    for (const { name, read, end } of fields) {
      const to = end === undefined ? line.length : line.indexOf(end, at);
      if (to < 0) throw new Error(`there is no ${shown(end!)} behind ${name}`);
      Object.assign(found, read(line.subarray(at, to)));
      at = to + (end?.length ?? 0);
    }
    return found;
  };
}

function fieldsOf(text: string): { start: Buffer; fields: Field[] } {
  // The end of the line has been taken away.
  const tokens = tokensOf(text.replace(/(\\n|\n)$/, ''));
  const [first] = tokens;
  const fields = tokens.flatMap((token, index): Field[] => {
    if ('literal' in token) return [];
    const name = `%${token.letter}`;
    const next = tokens[index + 1];
    if (next !== undefined && 'letter' in next)
      throw new UsageError(`--format: something has to stand between ${name} and %${next.letter}`);
    return [{ name, read: readerOf(token.letter, token.modifier), end: next?.literal }];
  });
  return { start: first !== undefined && 'literal' in first ? first.literal : Buffer.alloc(0), fields };
}

function readerOf(letter: string, modifier: string | undefined): Field['read'] {
  const decode = bytesReader(letter, modifier);
  switch (letter) {
    case 'k':
      return (bytes) => ({ key: decode(bytes) });
    case 'v':
    case 's':
      return (bytes) => ({ value: decode(bytes) });
    case 'p':
      return (bytes) => ({ partition: wholeNumber(bytes, '%p') });
    case 'd':
      return (bytes) => ({ timestampMs: wholeNumber(bytes, '%d') });
    case 'h':
      return (bytes) => ({ headers: headersOf(bytes.toString('utf8')) });
    default:
      throw new UsageError(`--format: %${letter} cannot be read: %k, %v, %p, %d (ms since 1970) and %h can`);
  }
}

export function bytesReader(letter: string, modifier: string | undefined): (bytes: Buffer) => Buffer {
  if (modifier === undefined) return (bytes) => bytes;
  if ((modifier === 'hex' || modifier === 'base64') && 'kvs'.includes(letter))
    return (bytes) => Buffer.from(bytes.toString('latin1'), modifier);
  throw new UsageError(
    `--format: %${letter} cannot be read as ${modifier}: %k and %v can, as hex and base64`,
  );
}

function wholeNumber(bytes: Buffer, name: string): number {
  const text = bytes.toString('utf8');
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${name} is ${JSON.stringify(text)}, and should be a whole number`);
}

/** As %h writes them: name=value,name=value. */
function headersOf(text: string): HeadersInput {
  if (text === '') return [];
  return text.split(',').map((each) => {
    const at = each.indexOf('=');
    if (at < 0) throw new Error(`%h is ${JSON.stringify(text)}, and should be name=value,name=value`);
    return [each.slice(0, at), each.slice(at + 1)] as const;
  });
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('utf8'));
}
