// Owns murmur2 as Kafka's Java client computes it, which decides the partition of a key. Every client that wants its keys
// to meet Java's in the same partition has to give exactly these numbers.

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** 32-bit murmur2 with Kafka's seed, as a signed int32, of the first `length` bytes. */
export function murmur2(bytes: Uint8Array, length: number = bytes.length): number {
  const wholeWords = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < wholeWords; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    word = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const rest = length - wholeWords;
  if (rest > 0) {
    if (rest === 3) hash ^= bytes[wholeWords + 2]! << 16;
    if (rest >= 2) hash ^= bytes[wholeWords + 1]! << 8;
    hash ^= bytes[wholeWords]!;
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/**
 * The partition that Kafka's default partitioner gives a key. The sign bit is masked off, not shifted away as `>>> 0` would:
 * half of all keys differ.
 */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}
