// Owns the numbers inside record batches and message sets: big-endian int32 and int64, zig-zag varints.
//
// Readers of varints leave the position after the number in `cursor`, because returning two values would allocate on the
// hottest path there is. Read it at once: the next call overwrites it. No reader looks at or past `end`.

import { MalformedError } from '../malformed.ts';

const TWO_POW_32 = 0x1_0000_0000;
/** The high word of an int64 within +-2^53 lies in [-HIGH_LIMIT, HIGH_LIMIT). */
const HIGH_LIMIT = 0x20_0000;

/** The position after the varint read last. */
export let cursor = 0;

export function readInt32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position]! << 24) |
    (bytes[position + 1]! << 16) |
    (bytes[position + 2]! << 8) |
    bytes[position + 3]!
  );
}

export function readInt16(bytes: Uint8Array, position: number): number {
  return ((bytes[position]! << 24) >> 16) | bytes[position + 1]!;
}

export function writeInt32(bytes: Uint8Array, value: number, position: number): void {
  bytes[position] = value >>> 24;
  bytes[position + 1] = value >>> 16;
  bytes[position + 2] = value >>> 8;
  bytes[position + 3] = value;
}

export function writeInt16(bytes: Uint8Array, value: number, position: number): void {
  bytes[position] = value >>> 8;
  bytes[position + 1] = value;
}

/** Throws MalformedError outside +-(2^53-1), which no offset, timestamp or producer id of a sane sender reaches. */
export function readInt64(bytes: Uint8Array, position: number): number {
  const high = readInt32(bytes, position);
  const low = readInt32(bytes, position + 4) >>> 0;
  if (high >= HIGH_LIMIT || high < -HIGH_LIMIT || (high === -HIGH_LIMIT && low === 0)) {
    throw new MalformedError(`an int64 at byte ${position} is outside +-(2^53-1)`);
  }
  return high * TWO_POW_32 + low;
}

export function writeInt64(bytes: Uint8Array, value: number, position: number): void {
  const high = Math.floor(value / TWO_POW_32);
  writeInt32(bytes, high, position);
  writeInt32(bytes, value - high * TWO_POW_32, position + 4);
}

/** A zig-zag varint of at most five bytes, an int32. Most have one or two. */
export function readVarint(bytes: Uint8Array, position: number, end: number): number {
  if (position + 1 < end) {
    const byte = bytes[position]!;
    if (byte < 0x80) {
      cursor = position + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    const next = bytes[position + 1]!;
    if (next < 0x80) {
      cursor = position + 2;
      const value = (byte & 0x7f) | (next << 7);
      return (value >>> 1) ^ -(value & 1);
    }
  }
  return readLongVarint(bytes, position, end);
}

function readLongVarint(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  let value = 0;
  for (let shift = 0; shift <= 28; shift += 7) {
    if (position >= end) throw new MalformedError(`the bytes end inside a varint at byte ${start}`);
    const byte = bytes[position++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (shift === 28 && byte > 0x0f) break;
      cursor = position;
      return (value >>> 1) ^ -(value & 1);
    }
  }
  throw new MalformedError(`a varint at byte ${start} is longer than an int32 can be`);
}

/** A zig-zag varint of at most ten bytes, an int64; throws MalformedError outside +-(2^53-1). */
export function readVarlong(bytes: Uint8Array, position: number, end: number): number {
  if (position < end) {
    const byte = bytes[position]!;
    if (byte < 0x80) {
      cursor = position + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
  }
  return readLongVarlong(bytes, position, end);
}

function readLongVarlong(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  let low = 0;
  for (let shift = 0; shift <= 21; shift += 7) {
    if (position >= end) throw new MalformedError(`the bytes end inside a varlong at byte ${start}`);
    const byte = bytes[position++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor = position;
      return (low >>> 1) ^ -(low & 1);
    }
  }
  let raw = BigInt(low);
  for (let shift = 28n; shift <= 63n; shift += 7n) {
    if (position >= end) throw new MalformedError(`the bytes end inside a varlong at byte ${start}`);
    const byte = bytes[position++]!;
    raw |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (shift === 63n && byte > 1) break;
      const value = Number((raw >> 1n) ^ -(raw & 1n));
      if (!Number.isSafeInteger(value)) {
        throw new MalformedError(`a varlong at byte ${start} is outside +-(2^53-1)`);
      }
      cursor = position;
      return value;
    }
  }
  throw new MalformedError(`a varlong at byte ${start} is longer than an int64 can be`);
}

export function varintSize(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x20_0000) return 3;
  if (raw < 0x1000_0000) return 4;
  return 5;
}

export function varlongSize(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return varintSize(value);
  let raw = zigZag(value);
  let size = 1;
  while (raw >= 0x80n) {
    raw >>= 7n;
    size++;
  }
  return size;
}

/** Writes and returns the position after it. */
export function writeVarint(bytes: Uint8Array, value: number, start: number): number {
  let position = start;
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  while (raw >= 0x80) {
    bytes[position++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  bytes[position++] = raw;
  return position;
}

/** Writes and returns the position after it. */
export function writeVarlong(bytes: Uint8Array, value: number, start: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(bytes, value, start);
  let position = start;
  let raw = zigZag(value);
  while (raw >= 0x80n) {
    bytes[position++] = Number(raw & 0x7fn) | 0x80;
    raw >>= 7n;
  }
  bytes[position++] = Number(raw);
  return position;
}

function zigZag(value: number): bigint {
  const big = BigInt(value);
  return big >= 0n ? big << 1n : (-big << 1n) - 1n;
}

/** Moves the cursor over `length` bytes and returns where they start. */
export function skipBytes(length: number, end: number): number {
  const start = cursor;
  if (length > end - start) {
    throw new MalformedError(`a length of ${length} at byte ${start} where ${end - start} bytes are left`);
  }
  cursor = start + length;
  return start;
}
