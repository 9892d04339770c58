import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpretDecode } from './interpret.ts';
import { MalformedError } from './malformed.ts';
import type { AnyMessage } from './message.ts';
import { produceRequest } from './messages/00-produce.ts';
import { fetchRequest } from './messages/01-fetch.ts';
import { metadataRequest } from './messages/03-metadata.ts';
import { joinGroupRequest } from './messages/11-join-group.ts';
import { heartbeatRequest } from './messages/12-heartbeat.ts';
import { apiVersionsRequest } from './messages/18-api-versions.ts';
import { createTopicsRequest } from './messages/19-create-topics.ts';

function refuses(message: AnyMessage, version: number, hex: string, pattern: RegExp): void {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  assert.throws(
    () => message.decode(bytes, version),
    (error) => error instanceof MalformedError && pattern.test(error.message),
  );
  assert.throws(() => interpretDecode(message, bytes, version), MalformedError);
}

test('refuses a count that cannot fit into the bytes that are left', () => {
  refuses(metadataRequest, 0, '7fffffff', /topics: says 2147483647 elements, but only 0 bytes are left/);
  refuses(metadataRequest, 0, '00000003 0001 61 0001', /topics: says 3 elements/);
  refuses(metadataRequest, 9, 'ffffffff0f', /topics: says 4294967294 elements/);
  refuses(createTopicsRequest, 2, '00000002 0001 61', /topics: says 2 elements/);
});

test('does not reserve memory for a count before its elements are there', () => {
  const partitions = 200_000;
  const bytes = Buffer.alloc(4 + partitions * 2);
  bytes.writeInt32BE(partitions, 0);
  bytes.writeInt16BE(-1, 4);
  const before = process.memoryUsage().heapUsed;
  assert.throws(() => metadataRequest.decode(bytes, 0), /topics.name: is null/);
  assert.ok(process.memoryUsage().heapUsed - before < 1_000_000);
});

test('refuses a length beyond the bytes that are left', () => {
  refuses(heartbeatRequest, 0, '0005 61', /groupId: says 5 bytes, but only 1 are left/);
  refuses(
    produceRequest,
    0,
    '0001 00000001 00000001 0001 61 00000001 00000000 7fffffff 00000000',
    /records: says/,
  );
  refuses(
    joinGroupRequest,
    6,
    '02 61 00000001 00000001 01 01 02 02 61 ff7f 00',
    /metadata: says|protocols: says/,
  );
});

test('refuses bytes that end in the middle of a field', () => {
  refuses(heartbeatRequest, 0, '', /groupId: the bytes end/);
  refuses(heartbeatRequest, 0, '00', /groupId: the bytes end/);
  refuses(heartbeatRequest, 0, '0001 61 0000', /generationId: the bytes end/);
  refuses(apiVersionsRequest, 3, '02 61 02 62', /tagged fields: the bytes end/);
});

test('refuses varints that are longer than 32 bits', () => {
  refuses(apiVersionsRequest, 3, '8080808080 00', /varint is longer/);
  refuses(apiVersionsRequest, 3, 'ffffffffff ff', /varint is longer/);
  refuses(apiVersionsRequest, 3, 'ffffffff1f', /varint is longer/);
  refuses(apiVersionsRequest, 3, '80', /the bytes end/);
});

test('accepts a varint that is padded within five bytes, as Kafka does', () => {
  const bytes = Buffer.from('8280808000 61 02 62 00'.replaceAll(' ', ''), 'hex');
  assert.deepEqual(apiVersionsRequest.decode(bytes, 3), {
    clientSoftwareName: 'a',
    clientSoftwareVersion: 'b',
  });
});

test('refuses null where the version does not allow it', () => {
  refuses(heartbeatRequest, 0, 'ffff', /groupId: is null/);
  refuses(metadataRequest, 0, 'ffffffff', /topics: is null/);
  refuses(apiVersionsRequest, 3, '00', /clientSoftwareName: is null/);
});

test('refuses a string longer than an int16 can say, in compact form too', () => {
  const bytes = Buffer.concat([Buffer.from('81 80 02'.replaceAll(' ', ''), 'hex'), Buffer.alloc(40_000)]);
  refuses(apiVersionsRequest, 3, bytes.toString('hex'), /a string of 32768 bytes/);
});

test('skips unknown tagged fields, but none that reaches beyond the bytes', () => {
  const known = '02 61 02 62';
  const bytes = Buffer.from(`${known} 02 05 01 ff e807 02 abcd`.replaceAll(' ', ''), 'hex');
  assert.equal(apiVersionsRequest.decodeAt(bytes, 3, 0).end, bytes.length);
  refuses(apiVersionsRequest, 3, `${known} 01 05 02 ff`, /tagged fields: says 2 bytes, but only 1/);
  refuses(apiVersionsRequest, 3, `${known} ffffffff0f 05 00`, /tagged fields: the bytes end/);
});

test('refuses a known tagged field that does not fill its size', () => {
  const encoded = fetchRequest.encode(
    { clusterId: 'c', maxWaitMs: 0, minBytes: 0, topics: [], forgottenTopicsData: [] },
    12,
  );
  const at = encoded.indexOf(Buffer.from('00020263', 'hex'));
  encoded[at + 1] = 1;
  refuses(fetchRequest, 12, encoded.toString('hex'), /clusterId: the tagged field does not fill/);
});

test('refuses an int64 that a number cannot hold, and reads 2^63-1 as Infinity', () => {
  const value = {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [
      { topic: 't', partitions: [{ partition: 0, fetchOffset: 0x1234567890ab, partitionMaxBytes: 1 }] },
    ],
  };
  const hex = (offset: string) =>
    fetchRequest.encode(value, 4).toString('hex').replace('00001234567890ab', offset);
  const decode = (offset: string) =>
    fetchRequest.decode(Buffer.from(hex(offset), 'hex'), 4).topics[0]!.partitions[0]!.fetchOffset;
  assert.equal(decode('001fffffffffffff'), 2 ** 53 - 1);
  assert.equal(decode('ffe0000000000001'), 1 - 2 ** 53);
  assert.equal(decode('fffffffffffffffa'), -6);
  assert.equal(decode('7fffffffffffffff'), Number.POSITIVE_INFINITY);
  for (const offset of ['0020000000000000', 'ffe0000000000000', '8000000000000000', '7ffffffffffffffe']) {
    refuses(fetchRequest, 4, hex(offset), /beyond 2\^53-1/);
  }
});

test('reads any byte but zero as true, as Kafka does', () => {
  const bytes = Buffer.from('00000000 0000ea60 02'.replaceAll(' ', ''), 'hex');
  assert.equal(createTopicsRequest.decode(bytes, 1).validateOnly, true);
});
