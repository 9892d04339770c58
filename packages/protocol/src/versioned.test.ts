import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumerGroupMetadataValue } from './data/consumer-group-records.ts';
import { consumerProtocolSubscription } from './data/consumer-protocol.ts';
import { offsetCommitKey, offsetCommitValue } from './data/offset-records.ts';
import { MalformedError } from './malformed.ts';
import { decodeVersioned, encodeVersioned, versionPrefix } from './versioned.ts';

test('a key opens with the kind of its record, a value with its version', () => {
  const key = encodeVersioned(offsetCommitKey, { group: 'g', topic: 't', partition: 2 });
  assert.equal(key.toString('hex'), '0001' + '000167' + '000174' + '00000002');
  assert.equal(versionPrefix(key), 1);
  assert.deepEqual(decodeVersioned(offsetCommitKey, key), { group: 'g', topic: 't', partition: 2 });
  const value = encodeVersioned(offsetCommitValue, { offset: 9, metadata: 'm', commitTimestamp: 3 }, 1);
  assert.equal(versionPrefix(value), 1);
  assert.equal(decodeVersioned(offsetCommitValue, value).offset, 9);
  assert.equal(decodeVersioned(offsetCommitValue, value).expireTimestamp, -1);
});

test('a key of another kind, an unknown version and missing bytes are malformed', () => {
  assert.throws(() => decodeVersioned(offsetCommitKey, Buffer.from('0002000167', 'hex')), MalformedError);
  assert.throws(
    () => decodeVersioned(offsetCommitValue, Buffer.from('0063', 'hex')),
    /version 99 is not one of 0 to 4/,
  );
  assert.throws(() => decodeVersioned(offsetCommitValue, Buffer.from('ffff', 'hex')), MalformedError);
  assert.throws(() => decodeVersioned(offsetCommitValue, Buffer.from('00', 'hex')), MalformedError);
});

test('a later version of the consumer protocol is read as the latest known one', () => {
  const bytes = encodeVersioned(consumerProtocolSubscription, { topics: ['a'], rackId: 'r' });
  bytes.writeInt16BE(17, 0);
  const decoded = decodeVersioned(consumerProtocolSubscription, Buffer.concat([bytes, Buffer.from('new')]));
  assert.deepEqual(decoded.topics, ['a']);
  assert.equal(decoded.rackId, 'r');
});

test('all 64 bits of a hash are kept', () => {
  const metadataHash = -0x7edcba9876543210n;
  const bytes = encodeVersioned(consumerGroupMetadataValue, { epoch: 1, metadataHash });
  assert.equal(decodeVersioned(consumerGroupMetadataValue, bytes).metadataHash, metadataHash);
});
