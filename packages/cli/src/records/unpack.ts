// Binary values read as numbers and texts, by a pattern of letters as rpk has it after Python's struct: '>iHq' is an int32, a uint16 and an int64, the
// highest bytes first. Without a sign the lowest are.

import { UsageError } from '../command-line/errors.ts';

interface Place {
  readonly bytes: Buffer;
  at: number;
}

type Read = (place: Place) => string;

const WIDTHS: Readonly<Record<string, number>> = { b: 1, h: 2, i: 4, q: 8 };

/** Gives what it reads, one behind the other; what that throws says what the bytes lack. @throws UsageError */
export function unpacker(pattern: string): (bytes: Buffer) => string {
  let isLittle = true;
  const reads = [...pattern].flatMap((letter): Read[] => {
    if (letter === '<' || letter === '>') isLittle = letter === '<';
    return '<>x'.includes(letter) ? [] : [readOf(letter, isLittle)];
  });
  return (bytes) => {
    const place: Place = { bytes, at: 0 };
    return reads.map((read) => read(place)).join('');
  };
}

function readOf(letter: string, isLittle: boolean): Read {
  const width = WIDTHS[letter.toLowerCase()];
  if (width !== undefined) return numberOf(width, { isLittle, isSigned: letter === letter.toLowerCase() });
  switch (letter) {
    case 'c':
    case '.':
      return (place) => taken(place, 1).toString('latin1');
    case 's':
      return (place) => taken(place, place.bytes.length - place.at).toString('utf8');
    case '$':
      return ({ bytes, at }) => {
        if (at < bytes.length) throw new Error(`unpack leaves ${bytes.length - at} bytes`);
        return '';
      };
    default:
      throw new UsageError(`--format: unpack knows < > b B h H i I q Q c . s x and $, not ${letter}`);
  }
}

function numberOf(width: number, { isLittle, isSigned }: { isLittle: boolean; isSigned: boolean }): Read {
  return (place) => {
    const bytes = taken(place, width);
    const ordered = isLittle ? Buffer.from(bytes).reverse() : bytes;
    const value = BigInt(`0x${ordered.toString('hex')}`);
    return String(isSigned ? BigInt.asIntN(8 * width, value) : value);
  };
}

function taken(place: Place, count: number): Buffer {
  const { bytes, at } = place;
  if (at + count > bytes.length)
    throw new Error(`unpack needs ${at + count} bytes, and there are ${bytes.length}`);
  place.at += count;
  return bytes.subarray(at, at + count);
}
