// How keys are spread over the partitions of an internal topic, as Kafka does it, so that its folders can be taken over.

import type { Random } from '@moldau/io';

/** Java's String.hashCode: over UTF-16 code units, in 32 bits with overflow. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** The partition, of `count`, that keeps this key. */
export function shardOf(key: string, count: number): number {
  const hash = javaStringHash(key);
  // The absolute value of -2^31 does not fit in 32 bits; Kafka takes 0.
  return (hash === -2_147_483_648 ? 0 : Math.abs(hash)) % count;
}

/** A random UUID in the form 8-4-4-4-12. */
export function newUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
