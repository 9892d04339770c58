import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError } from '../malformed.ts';
import { topicRecord } from './cluster-metadata-records.ts';
import { encodeFramed, metadataFrame } from './metadata-frame.ts';

test('a record is found behind its frame', () => {
  const value = { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAABw' };
  const bytes = encodeFramed(topicRecord, value);
  const { start, ...frame } = metadataFrame(bytes);
  assert.deepEqual(frame, { frameVersion: 1, apiKey: 2, version: 0 });
  assert.deepEqual(topicRecord.decode(bytes, 0, start), value);
});

test('numbers of a frame may be longer than a byte, and not longer than 32 bits', () => {
  assert.equal(metadataFrame(Buffer.of(1, 0xac, 0x02, 0)).apiKey, 300);
  assert.equal(metadataFrame(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0)).frameVersion, 2 ** 32 - 1);
  assert.throws(() => metadataFrame(Buffer.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0)), MalformedError);
  assert.throws(() => metadataFrame(Buffer.of(1, 2)), MalformedError);
});
