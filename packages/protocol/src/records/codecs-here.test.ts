// The codecs in JavaScript against the native libraries that they stand in for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { compressFrameHere, decompressLz4 } from './lz4.ts';
import { compressSnappyBlock, uncompressSnappyBlock } from './snappy-block.ts';

const seed = seedOf();
const random = new SeededRandom(seed);

/** Bytes that repeat themselves more or less, of lengths around the edges of the formats. */
function samples(maxBytes: number): Buffer[] {
  const lengths = [0, 1, 4, 5, 11, 12, 13, 59, 60, 61, 255, 256, 257, 4_000, maxBytes];
  return lengths.flatMap((length) =>
    [2, 40, 256].map((letters) => Buffer.from(Array.from({ length }, () => random.below(letters)))),
  );
}

describe(`codecs without native code (SEED=${seed})`, () => {
  it('makes snappy blocks that the library reads, and reads those of the library', () => {
    for (const bytes of samples(65_536)) {
      assert.deepEqual(snappy.uncompressSync(compressSnappyBlock(bytes), { asBuffer: true }), bytes);
      assert.deepEqual(uncompressSnappyBlock(snappy.compressSync(bytes)), bytes);
      assert.deepEqual(uncompressSnappyBlock(compressSnappyBlock(bytes)), bytes);
    }
  });

  it('throws at damaged snappy blocks and never reads or writes beside them', () => {
    const block = compressSnappyBlock(Buffer.from('abcabcabcabcabcabcabc, and that again: abcabcabcabcabc'));
    for (let length = 0; length < block.length; length++)
      assert.throws(() => uncompressSnappyBlock(block.subarray(0, length)));
    for (let round = 0; round < 500; round++) {
      const damaged = Buffer.from(block);
      damaged[1 + random.below(block.length - 1)] = random.below(256);
      try {
        assert.equal(uncompressSnappyBlock(damaged).length, damaged[0]);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof RangeError), String(error));
      }
    }
  });

  it('makes lz4 frames that the library reads', () => {
    for (const bytes of samples(70_000)) {
      const frame = compressFrameHere(bytes);
      assert.deepEqual(decompressLz4(frame, bytes.length), bytes);
      assert.deepEqual(lz4.decompressFrameSync(frame), bytes);
    }
  });
});
