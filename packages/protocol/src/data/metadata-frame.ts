// Owns what opens the records of __cluster_metadata and __remote_log_metadata: three varints, which are the version of this frame (always 1),
// the kind of the record, and the version of what follows.

import type { Message } from '../message.ts';
import { Reader } from '../reader.ts';

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
  const reader = new Reader(bytes);
  const [frameVersion, apiKey, version] = [reader.varint(), reader.varint(), reader.varint()];
  return { frameVersion, apiKey, version, start: reader.offset };
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
