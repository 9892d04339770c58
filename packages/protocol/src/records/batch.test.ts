import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batches, encodeBatch, walkRecords } from './mod.ts';

test('a batch reads back as it was written, in every codec', () => {
  const records = Array.from({ length: 50 }, (_, i) => ({
    timestamp: 1_700_000_000_000 + ((i * 7919) % 100),
    key: i % 3 === 0 ? null : Buffer.from(`key-${i}`),
    value: i % 5 === 0 ? null : Buffer.alloc(i * 40, i),
    headers: i % 2 === 0 ? [] : [{ key: 'trace-é', value: i % 4 === 1 ? null : Buffer.from('x') }],
  }));
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const bytes = encodeBatch({
      baseOffset: 1000,
      records,
      compression,
      producerId: 7,
      producerEpoch: 1,
      baseSequence: 2 ** 31 - 10,
    });
    const [batch, ...others] = [...batches(Buffer.concat([bytes, bytes.subarray(0, 30)]))];
    assert.ok(batch !== undefined && others.length === 0);
    assert.ok(batch.isCrcValid());
    assert.equal(batch.compression, compression);
    assert.equal(batch.sizeBytes, bytes.length);
    assert.equal(batch.lastOffset, 1049);
    assert.equal(batch.lastSequence, 39);
    const expected = records.map((record, i) => ({ offset: 1000 + i, ...record }));
    assert.deepEqual([...batch.records()], expected);
    assert.deepEqual(batch.recordList(), expected);
    assert.equal(walkRecords(batch.recordArea(), 50).firstOutOfSequence, -1);
  }
});
