// Owns what compiled encoders call when a value is not a run of plain bytes. Each `put` finds the room it needs in the
// buffer it is given (the encoder has made sure of it), and returns the offset behind what it wrote.

import { MAX_STRING_BYTES } from './compiled-read.ts';
import { putVarint, type Sink, varintSizeBytes } from './sink.ts';
import { uuidToBytes, ZERO_UUID } from './uuid.ts';

/** Up to this length a loop over the characters beats the call into native code. */
const LOOP_CHARACTERS = 24;

function refuseNull(field: string): never {
  throw new TypeError(`${field} may not be null in this version.`);
}

function refuseStringLength(text: string): never {
  throw new RangeError(`A string may have ${MAX_STRING_BYTES} bytes: '${text.slice(0, 40)}...' has more.`);
}

/** Writes ASCII by hand; returns -1 at the first other character. */
function putAscii(buffer: Buffer, offset: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return -1;
    buffer[offset + i] = code;
  }
  return offset + length;
}

function putText(buffer: Buffer, offset: number, text: string): number {
  if (text.length <= LOOP_CHARACTERS) {
    const end = putAscii(buffer, offset, text);
    if (end >= 0) return end;
  }
  return offset + buffer.write(text, offset, 'utf8');
}

/** A string behind its int16 length. Needs 2 + 3 bytes per character. */
function putString(buffer: Buffer, offset: number, text: string): number {
  const end = putText(buffer, offset + 2, text);
  const length = end - offset - 2;
  if (length > MAX_STRING_BYTES) refuseStringLength(text);
  buffer[offset] = length >>> 8;
  buffer[offset + 1] = length;
  return end;
}

/** A string behind the varint of its length + 1. Needs 5 + 3 bytes per character. */
function putCompactString(buffer: Buffer, offset: number, text: string): number {
  if (text.length * 3 < 0x7f) {
    const end = putText(buffer, offset + 1, text);
    buffer[offset] = end - offset;
    return end;
  }
  const length = Buffer.byteLength(text);
  if (length > MAX_STRING_BYTES) refuseStringLength(text);
  return putText(buffer, putVarint(buffer, offset, length + 1), text);
}

function putUuid(buffer: Buffer, offset: number, uuid: string): number {
  if (uuid === ZERO_UUID) buffer.fill(0, offset, offset + 16);
  else if (uuid.length !== 22 || buffer.write(uuid, offset, 16, 'base64url') !== 16) uuidToBytes(uuid);
  return offset + 16;
}

/** An int64 that does not fit: Infinity is 2^63-1, anything else is a mistake of the caller. */
function wideInt64(value: number): never {
  throw new RangeError(`${value} is no int64: an integer within +-(2^53-1), or Infinity, is expected.`);
}

type Blob = Uint8Array | readonly Uint8Array[];

function blobSizeBytes(blob: Blob): number {
  if (blob instanceof Uint8Array) return blob.length;
  let sizeBytes = 0;
  for (const part of blob) sizeBytes += part.length;
  return sizeBytes;
}

/** The bytes of a `bytes` or `records` field, behind its length. */
function putBlob(sink: Sink, offset: number, blob: Blob, mayBeView: boolean): number {
  if (blob instanceof Uint8Array) return sink.putBytes(offset, blob, mayBeView);
  let end = offset;
  for (const part of blob) end = sink.putBytes(end, part, mayBeView);
  return end;
}

/** Everything that a compiled encoder refers to by name. */
export const encodeRuntime = {
  refuseNull,
  putVarint,
  varintSizeBytes,
  putString,
  putCompactString,
  putUuid,
  wideInt64,
  blobSizeBytes,
  putBlob,
};
