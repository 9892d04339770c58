import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, crc32cByTables } from './crc32c.ts';

test('gives the check value of CRC-32C', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(0)), 0);
});

test('tables and library agree at every length around their border, and over chunks', () => {
  const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 2654435761) >>> 13));
  for (let length = 0; length <= bytes.length; length++) {
    assert.equal(crc32c(bytes, 0, length), crc32cByTables(bytes, 0, length));
    assert.equal(crc32c(bytes, length, 600, crc32c(bytes, 0, length)), crc32c(bytes));
  }
});
