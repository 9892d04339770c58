// Owns what compiled decoders call when a value is not a run of plain bytes, and the refusals they share.
// A decoder's offset lives in its own local variable; a helper that moves it leaves the new one in `decodeCursor.offset`.

import { MalformedError } from './malformed.ts';
import { ZERO_UUID } from './uuid.ts';

/** A compiled decoder: reads the message at `offset`, never past `end`, and leaves where it stopped in `decodeCursor`. */
export type DecodeBody = (bytes: Buffer, offset: number, end: number) => unknown;

/** Where the last decoder or helper stopped. Decoding is synchronous, so one is enough. */
export const decodeCursor: { offset: number } = { offset: 0 };

/** A string may not be longer than its int16 length could say, also where the length is a varint. */
export const MAX_STRING_BYTES = 0x7fff;

function refuseShort(field: string, offset: number, end: number): never {
  throw new MalformedError(`${field}: the bytes end in the middle of it (at offset ${offset} of ${end}).`);
}

function refuseLength(field: string, length: number, left: number): never {
  throw new MalformedError(`${field}: says ${length} bytes, but only ${left} are left.`);
}

function refuseCount(field: string, count: number, left: number): never {
  throw new MalformedError(`${field}: says ${count} elements, but only ${left} bytes are left.`);
}

function refuseNull(field: string): never {
  throw new MalformedError(`${field}: is null, which this version does not allow.`);
}

function refuseStringLength(field: string, length: number): never {
  throw new MalformedError(`${field}: says a string of ${length} bytes, more than ${MAX_STRING_BYTES}.`);
}

function refuseTaggedSize(field: string, sizeBytes: number): never {
  throw new MalformedError(`${field}: the tagged field does not fill its ${sizeBytes} bytes.`);
}

/** The rest of an unsigned varint whose first byte, already read, has its high bit set. */
function longVarint(bytes: Buffer, offset: number, end: number, first: number, field: string): number {
  let value = first & 0x7f;
  let position = offset;
  for (let shift = 7; ; shift += 7) {
    if (position >= end) refuseShort(field, position, end);
    const byte = bytes[position++]!;
    if (shift === 28 && byte > 0x0f) {
      throw new MalformedError(`${field}: its varint is longer than 32 bits (at offset ${offset - 1}).`);
    }
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  decodeCursor.offset = position;
  return value >>> 0;
}

/** An int64 beyond what a number holds exactly: 2^63-1 is Infinity, anything else is refused. */
function wideInt64(bytes: Buffer, offset: number, field: string): number {
  const value = bytes.readBigInt64BE(offset);
  if (value === 0x7fffffffffffffffn) return Number.POSITIVE_INFINITY;
  throw new MalformedError(`${field}: ${value} is beyond 2^53-1.`);
}

function readUuid(bytes: Buffer, offset: number): string {
  let position = offset;
  while (position < offset + 16 && bytes[position] === 0) position++;
  return position === offset + 16 ? ZERO_UUID : bytes.toString('base64url', offset, offset + 16);
}

function readText(bytes: Buffer, offset: number, length: number): string {
  return length === 0 ? '' : bytes.toString('utf8', offset, offset + length);
}

/** Everything that a compiled decoder refers to by name. */
export const decodeRuntime = {
  cursor: decodeCursor,
  refuseShort,
  refuseLength,
  refuseCount,
  refuseNull,
  refuseStringLength,
  refuseTaggedSize,
  longVarint,
  wideInt64,
  readUuid,
  readText,
};
