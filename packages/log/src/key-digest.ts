// The digest by which compaction knows keys: the 128 bits of Chaskey (ISO/IEC 29192-6, 8 rounds), under a key of the process's own.
//
// Two keys with one digest would be one key, and the older record would be lost. A keyed function, because keys of records are
// often chosen by strangers: nobody can look for collisions without the key. Chaskey, because it is made of 32-bit
// additions, rotations and exclusive-ors, which JavaScript has: a key of up to 16 bytes takes one permutation, some 60 ns,
// where a call into native MD5 takes a microsecond.

import assert from 'node:assert';

const BLOCK_BYTES = 16;
const ROUNDS = 8;
const PADDING = 0x01;
const POLYNOMIAL = 0x87;

function doubled(words: Int32Array): Int32Array {
  const [w0, w1, w2, w3] = [words[0]!, words[1]!, words[2]!, words[3]!];
  return Int32Array.of(
    (w0 << 1) ^ (w3 < 0 ? POLYNOMIAL : 0),
    (w1 << 1) | (w0 >>> 31),
    (w2 << 1) | (w1 >>> 31),
    (w3 << 1) | (w2 >>> 31),
  );
}

export class KeyDigest {
  readonly #key: Int32Array;
  readonly #wholeKey: Int32Array;
  readonly #paddedKey: Int32Array;
  /** The digest computed last. */
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;

  /** @param key 16 secret bytes. */
  constructor(key: Uint8Array) {
    assert(key.length === BLOCK_BYTES, 'the key of a digest has 16 bytes');
    const view = new DataView(key.buffer, key.byteOffset, BLOCK_BYTES);
    this.#key = Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at, true));
    this.#wholeKey = doubled(this.#key);
    this.#paddedKey = doubled(this.#wholeKey);
  }

  /** Leaves the digest of bytes[start, start + length) in the four words. */
  compute(bytes: Uint8Array, start: number, length: number): void {
    const key = this.#key;
    this.word0 = key[0]!;
    this.word1 = key[1]!;
    this.word2 = key[2]!;
    this.word3 = key[3]!;
    let at = start;
    let left = length;
    while (left > BLOCK_BYTES) {
      this.#absorb(bytes, at);
      this.#permute();
      at += BLOCK_BYTES;
      left -= BLOCK_BYTES;
    }
    let lastKey = this.#wholeKey;
    if (left === BLOCK_BYTES) {
      this.#absorb(bytes, at);
    } else {
      lastKey = this.#paddedKey;
      this.#absorbPadded(bytes, at, left);
    }
    this.#mix(lastKey);
    this.#permute();
    this.#mix(lastKey);
  }

  #mix(key: Int32Array): void {
    this.word0 ^= key[0]!;
    this.word1 ^= key[1]!;
    this.word2 ^= key[2]!;
    this.word3 ^= key[3]!;
  }

  #absorb(bytes: Uint8Array, at: number): void {
    this.word0 ^= wordAt(bytes, at);
    this.word1 ^= wordAt(bytes, at + 4);
    this.word2 ^= wordAt(bytes, at + 8);
    this.word3 ^= wordAt(bytes, at + 12);
  }

  #absorbPadded(bytes: Uint8Array, at: number, length: number): void {
    const rest = length & 3;
    const whole = length - rest;
    let last = PADDING << (rest * 8);
    for (let index = 0; index < rest; index++) last |= bytes[at + whole + index]! << (index * 8);
    if (length < 4) {
      this.word0 ^= last;
      return;
    }
    this.word0 ^= wordAt(bytes, at);
    if (length < 8) {
      this.word1 ^= last;
      return;
    }
    this.word1 ^= wordAt(bytes, at + 4);
    if (length < 12) {
      this.word2 ^= last;
      return;
    }
    this.word2 ^= wordAt(bytes, at + 8);
    this.word3 ^= last;
  }

  #permute(): void {
    let v0 = this.word0;
    let v1 = this.word1;
    let v2 = this.word2;
    let v3 = this.word3;
    for (let round = 0; round < ROUNDS; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.word0 = v0;
    this.word1 = v1;
    this.word2 = v2;
    this.word3 = v3;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
