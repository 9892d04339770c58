// Owns what opens the records of __cluster_metadata and __remote_log_metadata: three varints, which are the version of this frame (always 1),
// the kind of the record, and the version of what follows.

import { MalformedError } from '../malformed.ts';
import type { Message } from '../message.ts';

export const METADATA_FRAME_VERSION = 1;

export interface MetadataFrame {
  readonly frameVersion: number;
  readonly apiKey: number;
  readonly version: number;
  /** Where the record itself begins. */
  readonly start: number;
}

/** @throws MalformedError */
export function metadataFrame(bytes: Buffer): MetadataFrame {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new MalformedError('The bytes end before the record.');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedError('A varint is longer than 32 bits.');
  };
  return { frameVersion: next(), apiKey: next(), version: next(), start: at };
}

/** The record with its frame in front, in its latest version when none is given. All three numbers are below 128. */
export function encodeFramed<Value, Input>(
  message: Message<Value, Input>,
  value: Input,
  version: number = message.versions.max,
): Buffer {
  return Buffer.concat([
    Buffer.of(METADATA_FRAME_VERSION, message.apiKey, version),
    message.encode(value, version),
  ]);
}
