// The bytes of records: varints, texts, headers. Nothing here allocates but headers that are large.

import type { HeadersInput, HeaderValue } from '../topic.ts';

/** Up to this length a loop over the characters beats the call into native code. */
const LOOP_CHARACTERS = 12;

export function varintBytes(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x20_0000) return 3;
  return raw < 0x1000_0000 ? 4 : 5;
}

export function varlongBytes(value: number): number {
  if (isShort(value)) return varintBytes(value);
  let rest = zigZag(value);
  let count = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    count++;
  }
  return count;
}

/** Returns the position behind it, as do the others. */
export function writeVarint(target: Uint8Array, value: number, start: number): number {
  let position = start;
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  while (raw >= 0x80) {
    target[position++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  target[position++] = raw;
  return position;
}

export function writeVarlong(target: Uint8Array, value: number, start: number): number {
  if (isShort(value)) return writeVarint(target, value, start);
  let position = start;
  let rest = zigZag(value);
  while (rest >= 0x80) {
    target[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[position++] = rest;
  return position;
}

function isShort(value: number): boolean {
  return value >= -0x4000_0000 && value < 0x4000_0000;
}

/** Differences of timestamps stay below 2^52, so that this is exact. */
function zigZag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** As UTF-8, as far as there is room. */
export function writeText(target: Buffer, text: string, start: number): number {
  const { length } = text;
  if (length > LOOP_CHARACTERS) return start + target.write(text, start);
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return start + target.write(text, start);
    target[start + index] = code;
  }
  return start + length;
}

let scratch = Buffer.allocUnsafeSlow(4 * 1024);

/** The count of headers and the headers. The bytes are valid until the next call. */
export function encodeHeaders(headers: HeadersInput): Uint8Array | undefined {
  const pairs = pairsOf(headers);
  if (pairs.length === 0) return undefined;
  let neededBytes = 5;
  for (const [name, value] of pairs) neededBytes += 10 + 3 * (name.length + (value?.length ?? 0));
  if (neededBytes > scratch.length) scratch = Buffer.allocUnsafeSlow(neededBytes * 2);
  let position = writeVarint(scratch, pairs.length, 0);
  for (const [name, value] of pairs) {
    position = writeSized(name, position);
    position = value === null ? writeVarint(scratch, -1, position) : writeSized(value, position);
  }
  return scratch.subarray(0, position);
}

function writeSized(value: string | Uint8Array, start: number): number {
  const sizeBytes = typeof value === 'string' ? utf8Bytes(value) : value.length;
  const position = writeVarint(scratch, sizeBytes, start);
  if (typeof value === 'string') scratch.write(value, position);
  else scratch.set(value, position);
  return position + sizeBytes;
}

function pairsOf(headers: HeadersInput): readonly (readonly [string, HeaderValue])[] {
  if (Array.isArray(headers)) return headers;
  const pairs: [string, HeaderValue][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const each of value) pairs.push([name, each]);
    else pairs.push([name, value as HeaderValue]);
  }
  return pairs;
}
