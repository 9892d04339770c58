// The header that opens each request. Read by hand, as every request pays for it.
//
//   v1: apiKey int16, apiVersion int16, correlationId int32, clientId nullable string; v2 adds tagged fields. The version follows from the API:
//   v2 once the API's own version is flexible.

import { MalformedError } from '@moldau/protocol';

/** Bytes of apiKey, apiVersion, correlationId: where every header can be read whatever follows. */
export const HEADER_START_BYTES = 8;

export interface RequestHeader {
  clientId: string | null;
  /** Where the body starts. */
  bodyOffset: number;
}

/**
 * Reads what follows correlationId. `lastClientId` is given back when the bytes are the same, which they nearly always are.
 * Throws MalformedError.
 */
export function readRequestHeader(frame: Buffer, isFlexible: boolean, lastClientId: ClientId): RequestHeader {
  let offset = HEADER_START_BYTES;
  let clientId: string | null = null;
  if (offset + 2 > frame.length) throw new MalformedError('the request ends within its header');
  const length = frame.readInt16BE(offset);
  offset += 2;
  if (length < -1) throw new MalformedError(`the client id has ${length} bytes`);
  if (length >= 0) {
    if (offset + length > frame.length)
      throw new MalformedError(`the client id of ${length} bytes exceeds the request`);
    clientId = lastClientId.read(frame, offset, offset + length);
    offset += length;
  }
  return { clientId, bodyOffset: isFlexible ? skipTaggedFields(frame, offset) : offset };
}

/** Remembers one client id, so that a connection does not decode it again with each request. */
export class ClientId {
  #bytes: Buffer | undefined;
  #text = '';

  read(frame: Buffer, start: number, end: number): string {
    if (this.#bytes === undefined || frame.compare(this.#bytes, 0, this.#bytes.length, start, end) !== 0) {
      this.#bytes = Buffer.from(frame.subarray(start, end));
      this.#text = this.#bytes.toString('utf8');
    }
    return this.#text;
  }
}

function skipTaggedFields(frame: Buffer, start: number): number {
  let [count, offset] = readUnsignedVarint(frame, start);
  // Each field takes two bytes at least, so the frame's end bounds the loop.
  for (; count > 0; count--) {
    const [, sizeAt] = readUnsignedVarint(frame, offset);
    const [size, valueAt] = readUnsignedVarint(frame, sizeAt);
    offset = valueAt + size;
    if (offset > frame.length) throw new MalformedError('a tagged field of the header exceeds the request');
  }
  return offset;
}

function readUnsignedVarint(frame: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = frame[start + index];
    if (byte === undefined) throw new MalformedError('the request ends within its header');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, start + index + 1];
  }
  throw new MalformedError('a varint of the header is longer than 5 bytes');
}
