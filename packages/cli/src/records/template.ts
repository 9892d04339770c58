// Format strings as rpk has them, and kcat where the two agree: '%t %p %o %k %v\n'. Compiled once, to one small function for each part.

import type { ConsumerRecord, Header } from '@moldau/client';
import { UsageError } from '../command-line/errors.ts';
import type { BlockWriter } from './block-writer.ts';
import { unescaped } from './escapes.ts';
import { goTime } from './go-time.ts';
import type { Print, Reading } from './printers.ts';
import { strftime } from './strftime.ts';
import { unpacker } from './unpack.ts';

/** Writes something of its subject; `index` counts records from 1. */
type PartOf<Subject> = (subject: Subject, out: BlockWriter, index: number) => void;
type Part = PartOf<ConsumerRecord>;

/** @throws UsageError */
export function template(text: string, reading: Reading): Print {
  const parts = compile(text, (letter, modifier) => recordPart(letter, modifier, reading));
  return (record, out, index) => {
    for (const part of parts) part(record, out, index);
  };
}

function compile<Subject>(
  text: string,
  partOf: (letter: string, modifier: string | undefined) => PartOf<Subject>,
): PartOf<Subject>[] {
  return tokensOf(text).map((token) => {
    if ('letter' in token) return partOf(token.letter, token.modifier);
    const { literal } = token;
    return (_subject, out) => out.bytes(literal);
  });
}

/** What stands as it is, or '%k', or '%k{hex}'. */
export type Token =
  | { readonly literal: Buffer }
  | { readonly letter: string; readonly modifier: string | undefined };

/** @throws UsageError */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let literalFrom = 0;
  const literal = (end: number, extra = ''): void => {
    const bytes = unescaped(text.slice(literalFrom, end) + extra);
    if (bytes.length > 0) tokens.push({ literal: bytes });
  };
  while (at < text.length) {
    // An escaped character begins nothing.
    if (text[at] === '\\') at += 2;
    else if (text[at] !== '%') at++;
    else {
      const letter = text[at + 1];
      if (letter === undefined)
        throw new UsageError('--format: a % at the end stands for nothing; %% is a percent sign');
      if ('%{}'.includes(letter)) {
        literal(at, letter);
        at += 2;
      } else {
        literal(at);
        const modifier = text[at + 2] === '{' ? modifierAt(text, at + 2) : undefined;
        tokens.push({ letter, modifier });
        at += modifier === undefined ? 2 : modifier.length + 4;
      }
      literalFrom = at;
    }
  }
  literal(text.length);
  return tokens;
}

/** What stands within the braces that begin there; they may hold others. */
function modifierAt(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(start + 1, at);
  }
  throw new UsageError(`--format: a brace is open: ${text.slice(start)}`);
}

function recordPart(letter: string, modifier: string | undefined, reading: Reading): Part {
  const number = NUMBERS[letter];
  if (number !== undefined) {
    const write = numberWriter(letter, modifier);
    return (record, out, index) => write(number(record, index), out);
  }
  switch (letter) {
    case 't':
      return bytesPart(letter, modifier, ({ topic }) => Buffer.from(topic));
    case 'k':
      return modifier === undefined
        ? reading.writeKey
        : bytesPart(letter, modifier, ({ keyBytes }) => keyBytes);
    case 'v':
    case 's':
      return modifier === undefined
        ? reading.writeValue
        : bytesPart(letter, modifier, ({ valueBytes }) => valueBytes);
    case 'd':
      return timePart(modifier);
    case 'h':
      return headersPart(modifier);
    default:
      throw new UsageError(
        `--format: %${letter} stands for nothing; \`moldau consume --help\` has what there is`,
      );
  }
}

const NUMBERS: Readonly<Record<string, (record: ConsumerRecord, index: number) => number>> = {
  p: ({ partition }) => partition,
  o: ({ offset }) => offset,
  e: ({ leaderEpoch }) => leaderEpoch ?? -1,
  i: (_record, index) => index,
  T: ({ topic }) => topic.length,
  K: ({ keyBytes }) => keyBytes?.length ?? -1,
  V: ({ valueBytes }) => valueBytes?.length ?? -1,
  S: ({ valueBytes }) => valueBytes?.length ?? -1,
  H: ({ headers }) => headers.size,
};

type NumberWriter = (value: number, out: BlockWriter) => void;

function numberWriter(letter: string, modifier = 'ascii'): NumberWriter {
  const write = numberWriterOf(modifier);
  if (write !== undefined) return write;
  throw new UsageError(
    `--format: %${letter} can be ascii, hex, hex4 to hex64, big8 to big64, little8 to little64, byte or bool, not ${modifier}`,
  );
}

/** Undefined: the modifier is none of numbers. */
function numberWriterOf(modifier: string): NumberWriter | undefined {
  if (modifier === 'ascii' || modifier === 'number') return (value, out) => out.text(String(value));
  if (modifier === 'bool') return (value, out) => out.text(String(value !== 0));
  if (modifier === 'hex') return (value, out) => out.text(BigInt.asUintN(64, BigInt(value)).toString(16));
  if (modifier === 'hex4') return (value, out) => out.text((value & 0xf).toString(16));
  const [, kind, bits] = /^(hex|big|little)(8|16|32|64)$/.exec(modifier === 'byte' ? 'big8' : modifier) ?? [];
  if (kind === undefined) return undefined;
  const bytes = Number(bits) / 8;
  return (value, out) => {
    const binary = Buffer.alloc(8);
    binary.writeBigInt64BE(BigInt(value));
    const last = binary.subarray(8 - bytes);
    if (kind === 'hex') out.text(last.toString('hex'));
    else out.bytes(kind === 'big' ? last : last.reverse());
  };
}

function bytesPart(
  letter: string,
  modifier: string | undefined,
  get: (record: ConsumerRecord) => Buffer | null,
): Part {
  const encode = bytesWriter(letter, modifier);
  return (record, out) => {
    const bytes = get(record);
    if (bytes !== null) encode(bytes, out);
  };
}

function bytesWriter(
  letter: string,
  modifier: string | undefined,
): (bytes: Buffer, out: BlockWriter) => void {
  if (modifier === undefined) return (bytes, out) => out.bytes(bytes);
  if (modifier === 'hex' || modifier === 'base64') return (bytes, out) => out.text(bytes.toString(modifier));
  if (modifier === 'base64raw') return (bytes, out) => out.text(bytes.toString('base64').replace(/=+$/, ''));
  const pattern = enclosed(modifier, 'unpack');
  if (pattern !== undefined) {
    const unpack = unpacker(pattern);
    return (bytes, out) => out.text(unpack(bytes));
  }
  throw new UsageError(`--format: %${letter} can be hex, base64, base64raw or unpack[...], not ${modifier}`);
}

function timePart(modifier: string | undefined): Part {
  const write = numberWriterOf(modifier ?? 'ascii');
  if (write !== undefined) return ({ timestampMs }, out) => write(timestampMs, out);
  if (modifier === 'iso') return ({ timestampMs }, out) => out.text(new Date(timestampMs).toISOString());
  const layout = enclosed(modifier!, 'go');
  if (layout !== undefined) return ({ timestampMs }, out) => out.text(goTime(layout, new Date(timestampMs)));
  const pattern = enclosed(modifier!, 'strftime') ?? modifier!;
  if (!pattern.includes('%'))
    throw new UsageError(
      `--format: %d can be iso, go[2006-01-02], %Y-%m-%d and the like, or a number as hex64 or big64, not ${modifier}`,
    );
  return ({ timestampMs }, out) => out.text(strftime(pattern, new Date(timestampMs)));
}

/** strftime[...], as rpk has it: with brackets of any kind, or any other character, as often as one likes. */
function enclosed(modifier: string, name: string): string | undefined {
  if (!modifier.startsWith(name)) return undefined;
  const [start, opening] = /^(.)\1*/s.exec(modifier.slice(name.length)) ?? [];
  if (start === undefined) return undefined;
  const closing = (CLOSING[opening!] ?? opening!).repeat(start.length);
  const rest = modifier.slice(name.length + start.length);
  return rest.endsWith(closing) ? rest.slice(0, -closing.length) : undefined;
}

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' };

type HeaderPart = PartOf<Header>;

function headersPart(modifier: string | undefined): Part {
  if (modifier === undefined) {
    return ({ headers }, out) => {
      for (const [index, [name, value]] of headers.entries.entries()) {
        out.text(`${index === 0 ? '' : ','}${name}=`);
        if (value !== null) out.bytes(value);
      }
    };
  }
  const parts = compile(modifier, headerPart);
  return ({ headers }, out, index) => {
    for (const header of headers) for (const part of parts) part(header, out, index);
  };
}

function headerPart(letter: string, modifier: string | undefined): HeaderPart {
  if (letter === 'k' || letter === 'v') {
    const encode = bytesWriter(letter, modifier);
    return ([name, value], out) => {
      const bytes = letter === 'k' ? Buffer.from(name) : value;
      if (bytes !== null) encode(bytes, out);
    };
  }
  if (letter === 'K' || letter === 'V') {
    const write = numberWriter(letter, modifier);
    return ([name, value], out) =>
      write(letter === 'K' ? Buffer.byteLength(name) : (value?.length ?? -1), out);
  }
  throw new UsageError(`--format: %${letter} stands for nothing in headers: %k, %v, %K and %V do`);
}
