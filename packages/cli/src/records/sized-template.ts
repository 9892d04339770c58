// Records read by a format string that says how long parts are: '%K{big32}%V{big32}%k%v'. They may hold anything, line feeds too, and end where the format does.
//
// Invariant: a size of -1, as consume writes it, stands for null.

import { CommandError, UsageError } from '../command-line/errors.ts';
import { bytesReader, type LineFields } from './line-template.ts';
import { type Token, tokensOf } from './template.ts';

const SIZES: Readonly<Record<string, 'k' | 'v' | 'h'>> = { K: 'k', V: 'v', S: 'v', H: 'h' };

export function isSized(text: string): boolean {
  return tokensOf(text).some((token) => 'letter' in token && token.letter in SIZES);
}

/** No record is larger; without it a size that is none would have us wait for the end of the input. */
const MAX_BYTES = 2 ** 31 - 1;

interface Reading {
  readonly sizes: { k?: number; v?: number; h?: number };
  key?: Buffer | null;
  value?: Buffer | null;
  headers?: (readonly [string, Buffer | null])[];
  partition?: number;
  timestampMs?: number;
}

type Step = (cursor: Cursor, reading: Reading) => void;
type SizedRead = (cursor: Cursor) => LineFields;

/** What it reads throws an Error for bytes that are no record. @throws UsageError */
export function sizedTemplate(text: string): (bytes: Buffer) => LineFields {
  const read = compiled(text);
  return (bytes) => read(new Cursor(bytes, true));
}

/** Cuts input into records, as LineSplitter cuts it into lines. */
export class RecordSplitter {
  readonly #read: SizedRead;
  #pieces: Buffer[] = [];
  #waitingBytes = 0;
  /** It makes no sense to look before. */
  #neededBytes = 1;
  #count = 0;

  constructor(format: string) {
    this.#read = compiled(format);
  }

  /** @throws CommandError where there is no record: nobody knows where the next one would begin */
  *lines(chunk: Buffer): Generator<Buffer, void> {
    this.#pieces.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#neededBytes) return;
    const bytes = Buffer.concat(this.#pieces);
    let start = 0;
    for (;;) {
      const cursor = new Cursor(bytes.subarray(start), false);
      try {
        this.#read(cursor);
      } catch (error) {
        if (!(error instanceof Incomplete)) throw this.#wrong(error);
        this.#neededBytes = error.neededBytes;
        break;
      }
      this.#count++;
      yield bytes.subarray(start, start + cursor.at);
      start += cursor.at;
    }
    this.#pieces = start === bytes.length ? [] : [bytes.subarray(start)];
    this.#waitingBytes = bytes.length - start;
  }

  /** What the end of the input is the end of. */
  rest(): Buffer | undefined {
    if (this.#waitingBytes === 0) return undefined;
    const bytes = Buffer.concat(this.#pieces);
    const cursor = new Cursor(bytes, true);
    try {
      this.#read(cursor);
    } catch (error) {
      throw this.#wrong(error);
    }
    return bytes;
  }

  #wrong(error: unknown): CommandError {
    const reason = error instanceof Error ? error.message : error;
    return new CommandError(`record ${this.#count + 1} does not match --format, so it ends there: ${reason}`);
  }
}

class Incomplete extends Error {
  readonly neededBytes: number;

  constructor(neededBytes: number) {
    super('the input ends within it');
    this.neededBytes = neededBytes;
  }
}

class Cursor {
  readonly #bytes: Buffer;
  /** Nothing comes behind the bytes. */
  readonly isLast: boolean;
  at = 0;

  constructor(bytes: Buffer, isLast: boolean) {
    this.#bytes = bytes;
    this.isLast = isLast;
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#bytes.length) throw new Incomplete(end);
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** What stands before it. */
  before(end: Buffer): Buffer {
    const to = this.#bytes.indexOf(end, this.at);
    if (to < 0) throw new Incomplete(this.#bytes.length + 1);
    return this.take(to - this.at);
  }

  /** The end of the input may stand for the end of a line. */
  expect(literal: Buffer): void {
    if (this.isLast && this.at === this.#bytes.length && literal.toString() === '\n') return;
    const found = this.take(literal.length);
    if (!found.equals(literal))
      throw new Error(
        `there is ${JSON.stringify(found.toString())} for ${JSON.stringify(literal.toString())}`,
      );
  }

  digits(): string {
    let end = this.at;
    while (end < this.#bytes.length && /[-\d]/.test(String.fromCharCode(this.#bytes[end]!))) end++;
    if (end === this.#bytes.length && !this.isLast) throw new Incomplete(end + 1);
    return this.take(end - this.at).toString('latin1');
  }
}

function compiled(text: string): SizedRead {
  const steps = stepsOf(tokensOf(text), 'kvdph');
  return (cursor) => {
    const { sizes: _sizes, ...fields } = readAll(steps, cursor);
    return fields;
  };
}

function readAll(steps: readonly Step[], cursor: Cursor): Reading {
  const reading: Reading = { sizes: {} };
  for (const step of steps) step(cursor, reading);
  return reading;
}

function stepsOf(tokens: readonly Token[], readable: string): Step[] {
  const sized = new Set<string>();
  return tokens.map((token, index): Step => {
    if ('literal' in token) return (cursor) => cursor.expect(token.literal);
    const { letter, modifier } = token;
    const size = SIZES[letter];
    if (size !== undefined) {
      sized.add(size);
      const read = numberReader(letter, modifier);
      return (cursor, { sizes }) => {
        sizes[size] = read(cursor);
      };
    }
    const name = letter === 's' ? 'v' : letter;
    if (!readable.includes(name))
      throw new UsageError(
        `--format: %${letter} cannot be read: ${[...readable].map((each) => `%${each}`).join(', ')} can, and sizes`,
      );
    if (name === 'p') return into('partition', numberReader(letter, modifier));
    if (name === 'd') return into('timestampMs', numberReader(letter, modifier));
    if (!sized.has(name) && name !== 'h') return delimitedStep(token, name as 'k' | 'v', tokens[index + 1]);
    if (!sized.has(name) || (name === 'h' && modifier === undefined))
      throw new UsageError('--format: headers are read as in %H{big16}%h{%K{big16}%k%V{big32}%v}');
    return name === 'h' ? headersStep(modifier!) : sizedStep(name as 'k' | 'v', modifier);
  });
}

function into(field: 'partition' | 'timestampMs', read: (cursor: Cursor) => number): Step {
  return (cursor, reading) => {
    reading[field] = read(cursor);
  };
}

const FIELDS = { k: 'key', v: 'value' } as const;

function sizedStep(letter: 'k' | 'v', modifier: string | undefined): Step {
  const decode = bytesReader(letter, modifier);
  return (cursor, reading) => {
    const size = reading.sizes[letter]!;
    if (size < -1 || size > MAX_BYTES) throw new Error(`the size of %${letter} is ${size}`);
    reading[FIELDS[letter]] = size === -1 ? null : decode(cursor.take(size));
  };
}

function delimitedStep(
  { modifier }: { modifier: string | undefined },
  letter: 'k' | 'v',
  next?: Token,
): Step {
  if (next === undefined || !('literal' in next))
    throw new UsageError(
      `--format: nothing says where %${letter} ends: %${letter.toUpperCase()} before it, or a text behind it`,
    );
  const decode = bytesReader(letter, modifier);
  return (cursor, reading) => {
    reading[FIELDS[letter]] = decode(cursor.before(next.literal));
  };
}

function headersStep(format: string): Step {
  const steps = stepsOf(tokensOf(format), 'kv');
  return (cursor, reading) => {
    reading.headers = Array.from({ length: Math.max(0, reading.sizes.h!) }, () => {
      const { key, value } = readAll(steps, cursor);
      return [key?.toString('utf8') ?? '', value ?? null] as const;
    });
  };
}

/** As `consume` writes numbers, and rpk: digits, so many characters, hexadecimal or binary. */
function numberReader(letter: string, modifier = 'ascii'): (cursor: Cursor) => number {
  const number = (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new Error(`%${letter} is ${JSON.stringify(text)}, and should be a whole number`);
  };
  if (modifier === 'ascii' || modifier === 'number') return (cursor) => number(cursor.digits());
  if (/^[1-9]\d?$/.test(modifier))
    return (cursor) => number(cursor.take(Number(modifier)).toString('latin1'));
  const [, kind, bits] = /^(hex|big|little)(8|16|32|64)$/.exec(modifier === 'byte' ? 'big8' : modifier) ?? [];
  if (kind === undefined)
    throw new UsageError(
      `--format: %${letter} can be ascii, a number of characters, hex8 to hex64, big8 to big64, little8 to little64 or byte, not ${modifier}`,
    );
  const bytes = Number(bits) / 8;
  if (kind === 'hex')
    return (cursor) => binaryNumber(Buffer.from(cursor.take(2 * bytes).toString('latin1'), 'hex'), bytes);
  return (cursor) => {
    const taken = cursor.take(bytes);
    return binaryNumber(kind === 'big' ? taken : Buffer.from(taken).reverse(), bytes);
  };
}

/** Below 64 bits without a sign, so that a byte can say 200; but the highest is -1, which stands for null. */
function binaryNumber(bytes: Buffer, width: number): number {
  if (bytes.length !== width) throw new Error('a hexadecimal number was expected');
  if (bytes.every((byte) => byte === 0xff)) return -1;
  return Number(BigInt.asIntN(64, BigInt(`0x${bytes.toString('hex')}`)));
}
