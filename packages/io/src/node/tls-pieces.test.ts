import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tlsPieces } from './tls-pieces.ts';

const KB = 1024;
const filled = (...sizes: number[]): Buffer[] => sizes.map((size, index) => Buffer.alloc(size, index + 1));
const sizesOf = (...sizes: number[]): number[] =>
  [...tlsPieces(filled(...sizes))].map(({ length }) => length);

describe('what is written with TLS', () => {
  it('is cut so that small pieces fill records together with what follows', () => {
    assert.deepEqual(sizesOf(9, 66), [75]);
    assert.deepEqual(sizesOf(9, 66, 600 * KB, 3), [16 * KB, 256 * KB, 256 * KB, 64 * KB, 8 * KB + 78]);
    assert.deepEqual(sizesOf(...Array(40).fill(KB)), [16 * KB, 16 * KB, 8 * KB]);
    assert.deepEqual(sizesOf(16 * KB, 16 * KB - 1, 2), [16 * KB, 16 * KB, 1]);
    assert.deepEqual(sizesOf(0), []);
  });

  it('is the same bytes in the same order, and large ones are not copied', () => {
    for (let size = 1; size < 700 * KB; size = size * 3 + 1) {
      for (const sizes of [[size], [size, 5], [5, size], [7, size, 0, size, 300_000, 2]]) {
        assert.ok(Buffer.concat(filled(...sizes)).equals(Buffer.concat([...tlsPieces(filled(...sizes))])));
      }
    }
    const [large] = filled(256 * KB) as [Buffer];
    const [piece] = [...tlsPieces([large])];
    assert.equal(piece!.buffer, large.buffer);
  });
});
