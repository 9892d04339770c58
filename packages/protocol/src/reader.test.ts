import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError } from './malformed.ts';
import { Reader } from './reader.ts';
import { putVarint, varintSizeBytes } from './sink.ts';
import { uuidFromBytes, uuidToBytes, ZERO_UUID } from './uuid.ts';
import { Writer } from './writer.ts';

test('reads back what was written', () => {
  const writer = new Writer();
  writer.bool(true);
  writer.int8(-1);
  writer.int16(-2);
  writer.uint16(0xffff);
  writer.int32(-3);
  writer.uint32(0xffffffff);
  writer.int64(-(2 ** 53) + 1);
  writer.int64(Number.POSITIVE_INFINITY);
  writer.bits64(-5n);
  writer.float64(0.25);
  writer.uuid(ZERO_UUID);
  writer.varint(300);
  writer.string('é', false);
  writer.string(null, true);
  writer.bytes([Buffer.from('a'), Buffer.from('b')], true);
  writer.bytes(null, false);
  const reader = new Reader(writer.toBuffer());
  assert.equal(reader.bool(), true);
  assert.equal(reader.int8(), -1);
  assert.equal(reader.int16(), -2);
  assert.equal(reader.uint16(), 0xffff);
  assert.equal(reader.int32(), -3);
  assert.equal(reader.uint32(), 0xffffffff);
  assert.equal(reader.int64(), -(2 ** 53) + 1);
  assert.equal(reader.int64(), Number.POSITIVE_INFINITY);
  assert.equal(reader.bits64(), -5n);
  assert.equal(reader.float64(), 0.25);
  assert.equal(reader.uuid(), ZERO_UUID);
  assert.equal(reader.varint(), 300);
  assert.equal(reader.string(false), 'é');
  assert.equal(reader.string(true), null);
  assert.equal(reader.bytes(true)?.toString(), 'ab');
  assert.equal(reader.bytes(false), null);
  assert.equal(reader.leftBytes, 0);
  assert.throws(() => reader.int8(), MalformedError);
});

test('a varint takes as many bytes as its value needs', () => {
  const buffer = Buffer.alloc(5);
  for (const value of [0, 127, 128, 16383, 16384, 2 ** 21 - 1, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1]) {
    assert.equal(putVarint(buffer, 0, value), varintSizeBytes(value));
    assert.equal(new Reader(buffer).varint(), value);
  }
});

test('a uuid is 22 characters for 16 bytes', () => {
  const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  assert.equal(uuidFromBytes(bytes), 'ABEiM0RVZneImaq7zN3u_w');
  assert.deepEqual(uuidToBytes('ABEiM0RVZneImaq7zN3u_w'), bytes);
  assert.equal(uuidFromBytes(Buffer.alloc(20), 4), ZERO_UUID);
  assert.throws(() => uuidToBytes('ABEiM0RVZneImaq7zN3u_w=='), TypeError);
  assert.throws(() => uuidToBytes('ABEiM0RVZneImaq7z 3u_w'), TypeError);
});
