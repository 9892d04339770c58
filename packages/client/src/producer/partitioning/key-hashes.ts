// The hashes that decide the partition of a key: as Java's client and librdkafka compute them, so that the same keys meet in the same partitions.

import { crc32 } from 'node:zlib';
import { murmur2 } from '@moldau/protocol';

/** From 0 on, of the first `length` bytes. */
export type KeyHash = (bytes: Uint8Array, length: number) => number;

/** Java's default. The sign bit is masked off, as there. */
export const murmur2Hash: KeyHash = (bytes, length) => murmur2(bytes, length) & 0x7fffffff;

/** librdkafka's `consistent`. */
export const crc32Hash: KeyHash = (bytes, length) => crc32(bytes.subarray(0, length));

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** librdkafka's and Sarama's: the absolute value of the signed hash. */
export const fnv1aHash: KeyHash = (bytes, length) => {
  let hash = FNV_OFFSET;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ bytes[index]!, FNV_PRIME);
  return Math.abs(hash | 0);
};
