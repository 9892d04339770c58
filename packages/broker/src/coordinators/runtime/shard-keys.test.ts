import assert from 'node:assert/strict';
import { test } from 'node:test';
import { javaStringHash, newUuid, shardOf } from './shard-keys.ts';

test('hashes strings as Java does', () => {
  assert.equal(javaStringHash(''), 0);
  assert.equal(javaStringHash('a'), 97);
  assert.equal(javaStringHash('hello world'), 1_794_106_052);
  assert.equal(javaStringHash('polygenelubricants'), -2_147_483_648);
  assert.equal(javaStringHash('𝄞'), 0xd834 * 31 + 0xdd1e);
});

test('finds the partition Kafka keeps a group in', () => {
  assert.equal(shardOf('', 50), 0);
  assert.equal(shardOf('polygenelubricants', 50), 0);
  assert.equal(shardOf('hello world', 50), 2);
  for (let n = 0; n < 1_000; n++) {
    const shard = shardOf(`group-${n}`, 50);
    assert.ok(shard >= 0 && shard < 50);
  }
});

test('makes random UUIDs of version 4', () => {
  const random = { next: () => 0, bytes: (count: number) => Buffer.alloc(count, 0xff) };
  assert.equal(newUuid(random), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
});
