import assert from 'node:assert/strict';
import { it } from 'node:test';
import { xxh3 as native } from '@node-rs/xxhash';
import { xxh3 } from './xxh3.ts';

it('hashes as the native library does, at every length of the four ways', () => {
  const bytes = Buffer.from(Array.from({ length: 4_000 }, (_, at) => (at * at * 31 + at * 7) & 255));
  const lengths = [...Array(300).keys(), 1_023, 1_024, 1_025, 1_088, 2_048, 2_049, 3_999];
  for (const length of lengths)
    assert.equal(xxh3(bytes.subarray(0, length)), native.xxh64(bytes.subarray(0, length)), `${length} bytes`);
});
