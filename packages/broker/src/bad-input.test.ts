import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  crc32c,
  type ErrorCode,
  encodeBatch,
  encodeRequestFrame,
  errorName,
  fetchRequest,
  metadataRequest,
  metadataResponse,
  produceRequest,
  type RecordInput,
} from '@moldau/protocol';
import { GoodClient, RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const lines: string[] = [];
const keep = (level: string) => (fields: object, message: string) => {
  lines.push(`${level} ${message} ${'err' in fields ? String(fields.err) : ''}`);
};
const logger = { debug() {}, info() {}, warn: keep('warn'), error: keep('error') };

let broker: TestBroker;
let good: GoodClient;

before(async () => {
  broker = await startTestBroker({
    logger,
    settings: ['num.partitions=1', 'message.max.bytes=1000000', 'moldau.max.decompressed.bytes=30000000'],
  });
  good = await GoodClient.dial(broker);
});
after(async () => {
  good.close();
  await broker.stop();
});

/** Whatever was just done to the broker: it serves, and nothing surprised it. */
async function isWell(): Promise<void> {
  await good.roundTrip();
  assert.deepEqual(
    lines.filter((line) => line.startsWith('error')),
    [],
  );
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A frame from what stands in it. */
function frame(...parts: (number[] | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([int32(body.length), body]);
}

/** The header of version 1 with correlation id 1 and no client id; version 2 has the empty tagged fields in addition. */
const header = (apiKey: number, version: number, isFlexible = false): number[] => [
  ...[apiKey >> 8, apiKey & 255, version >> 8, version & 255, 0, 0, 0, 1, 255, 255],
  ...(isFlexible ? [0] : []),
];

const FRAMES: [what: string, bytes: Buffer][] = [
  ['size 0', int32(0)],
  ['size -1', int32(-1)],
  ['size 2^31-1', int32(2 ** 31 - 1)],
  ['size -2^31', int32(-(2 ** 31))],
  ['size one over socket.request.max.bytes', int32(104_857_601)],
  ['a frame of one byte', frame([0])],
  ['a header cut after the version', frame([0, 3, 0, 0])],
  ['a header without client id', frame([0, 3, 0, 0, 0, 0, 0, 1])],
  ['a client id of -2 bytes', frame([0, 3, 0, 0, 0, 0, 0, 1, 255, 254])],
  ['a client id of 32767 bytes that are not there', frame([0, 3, 0, 0, 0, 0, 0, 1, 0x7f, 255])],
  ['tagged fields of the header without end', frame(header(3, 9), [255, 255, 255, 255, 15])],
  ['an overlong varint in the header', frame(header(3, 9), [128, 128, 128, 128, 128, 1])],
  ['header only, of every API', frame(header(3, 1))],
  ['unknown API', frame(header(999, 0))],
  ['negative API', frame(header(-1, 0))],
  ['an API that only controllers serve', frame(header(52, 0, true))],
  ['unknown version', frame(header(3, 14, true), [0, 0, 0, 0])],
  ['negative version', frame(header(3, -1))],
  ['Metadata that counts 2^31-1 topics', frame(header(3, 1), int32(2 ** 31 - 1))],
  ['ListOffsets that counts -2 topics', frame(header(2, 1), int32(-1), int32(-2))],
  ['flexible Metadata that counts 2^32-1 topics', frame(header(3, 9, true), [255, 255, 255, 255, 15])],
  ['flexible Metadata with an overlong count', frame(header(3, 9, true), [129, 128, 128, 128, 128, 0])],
  [
    'Produce with records of 2^31-1 bytes',
    frame(
      header(0, 3),
      [255, 255, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 1, 97, 0, 0, 0, 1, 0, 0, 0, 0, 0x7f, 255, 255, 255],
    ),
  ],
  [
    'Fetch that counts 2^31-1 partitions',
    frame(
      header(1, 4),
      int32(-1),
      int32(0),
      int32(1),
      int32(1),
      [0],
      int32(1),
      [0, 1, 97],
      int32(2 ** 31 - 1),
    ),
  ],
  [
    'JoinGroup with metadata of -5 bytes',
    frame(header(11, 0), [0, 1, 103], int32(10_000), [0, 0, 0, 1, 99], int32(1), [0, 1, 114], int32(-5)),
  ],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['TLS', Buffer.from('16030102000100fc0303', 'hex')],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
  ['ZooKeeper’s four letters', Buffer.from('ruok')],
  ['zeroes', Buffer.alloc(100_000)],
  ['ones', Buffer.alloc(100_000, 255)],
];

for (const [what, bytes] of FRAMES) {
  test(`closes the connection, and no other, on: ${what}`, async () => {
    const client = await RawClient.dial(broker);
    client.send(bytes);
    await assert.rejects(client.frame(2_000), /closed the connection/);
    await isWell();
  });
}

test('ApiVersions in a version from the future is told which versions there are', async () => {
  for (const version of [5, 127, 32_767, -1]) {
    const client = await RawClient.dial(broker);
    client.send(frame(header(18, version, version >= 3), [1, 2, 3]));
    const answer = await client.answer(apiVersionsResponse, 0, 1);
    assert.equal(errorName(answer.errorCode), 'UNSUPPORTED_VERSION');
    assert.deepEqual(
      answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
      [[18, 0, 4]],
    );
    // The same connection may go on with what it learnt.
    const again = await client.request(apiVersionsRequest, apiVersionsResponse, 0, {});
    assert.equal(again.errorCode, 0);
    client.close();
  }
});

const RECORD: RecordInput = { timestamp: 1_700_000_000_000, key: Buffer.from('k'), value: Buffer.from('v') };
const batch = (records: RecordInput[] = [RECORD, RECORD, RECORD]): Buffer => encodeBatch({ records });

/** A batch with something changed, and the checksum made right again. */
function changed(change: (bytes: Buffer) => void, bytes = batch()): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
  return copy;
}

/** A batch whose records are these bytes, said to be compressed so. */
function withPayload(payload: Buffer, codec: number, count = 1): Buffer {
  const bytes = Buffer.concat([batch([RECORD]).subarray(0, 61), payload]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  return changed((copy) => {
    copy.writeInt16BE(codec, 21);
    copy.writeInt32BE(count - 1, 23);
    copy.writeInt32BE(count, 57);
  }, bytes);
}

/** One record whose value is so many zeroes: what a bomb unpacks to. */
function zeroRecord(valueBytes: number): Buffer {
  return encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.alloc(valueBytes) }] }).subarray(
    61,
  );
}

const bomb = Buffer.alloc(60_000_000);

const BATCHES: [what: string, records: () => Buffer, errors: (keyof typeof ErrorCode)[]][] = [
  ['no bytes', () => Buffer.alloc(0), ['INVALID_RECORD', 'CORRUPT_MESSAGE']],
  ['one byte', () => Buffer.alloc(1), ['INVALID_RECORD']],
  ['half a batch', () => batch().subarray(0, 40), ['INVALID_RECORD']],
  ['a batch without its last byte', () => batch().subarray(0, -1), ['INVALID_RECORD']],
  [
    'a flipped bit',
    () => Buffer.from(batch().map((byte, index) => (index === 70 ? byte ^ 1 : byte))),
    ['CORRUPT_MESSAGE'],
  ],
  [
    'a checksum of 0',
    () => Buffer.concat([batch().subarray(0, 17), Buffer.alloc(4), batch().subarray(21)]),
    ['CORRUPT_MESSAGE'],
  ],
  ['magic 3', () => changed((bytes) => bytes.writeInt8(3, 16)), ['INVALID_RECORD', 'CORRUPT_MESSAGE']],
  ['magic -1', () => changed((bytes) => bytes.writeInt8(-1, 16)), ['INVALID_RECORD', 'CORRUPT_MESSAGE']],
  [
    'codec 5',
    () => changed((bytes) => bytes.writeInt16BE(5, 21)),
    ['INVALID_RECORD', 'CORRUPT_MESSAGE', 'UNSUPPORTED_COMPRESSION_TYPE'],
  ],
  [
    'codec 7',
    () => changed((bytes) => bytes.writeInt16BE(7, 21)),
    ['INVALID_RECORD', 'CORRUPT_MESSAGE', 'UNSUPPORTED_COMPRESSION_TYPE'],
  ],
  ['no records', () => changed((bytes) => bytes.writeInt32BE(0, 57)), ['INVALID_RECORD']],
  ['-1 records', () => changed((bytes) => bytes.writeInt32BE(-1, 57)), ['INVALID_RECORD']],
  [
    'fewer records than there are',
    () =>
      changed((bytes) => {
        bytes.writeInt32BE(2, 57);
        bytes.writeInt32BE(1, 23);
      }),
    ['INVALID_RECORD'],
  ],
  [
    '2^31-1 records',
    () =>
      changed((bytes) => {
        bytes.writeInt32BE(2 ** 31 - 1, 57);
        bytes.writeInt32BE(2 ** 31 - 2, 23);
      }),
    ['INVALID_RECORD'],
  ],
  [
    'a last offset that does not fit the count',
    () => changed((bytes) => bytes.writeInt32BE(7, 23)),
    ['INVALID_RECORD'],
  ],
  [
    'records whose offsets are not 0, 1, 2',
    () => encodeBatch({ records: [0, 5, 2].map((offsetDelta) => ({ ...RECORD, offsetDelta })) }),
    ['INVALID_RECORD'],
  ],
  [
    'a control batch',
    () =>
      encodeBatch({ records: [RECORD], isControl: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
    ['INVALID_RECORD'],
  ],
  [
    'a record that claims 2^31-1 bytes',
    () => changed((bytes) => bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f], 61)),
    ['INVALID_RECORD', 'CORRUPT_MESSAGE'],
  ],
  [
    'an overlong varint',
    () => changed((bytes) => bytes.fill(0xff, 61, 72)),
    ['INVALID_RECORD', 'CORRUPT_MESSAGE'],
  ],
  [
    'more than message.max.bytes',
    () => encodeBatch({ records: [{ ...RECORD, value: Buffer.alloc(1_100_000) }] }),
    ['MESSAGE_TOO_LARGE'],
  ],
  ['gzip that is not gzip', () => withPayload(Buffer.alloc(50, 7), 1), ['CORRUPT_MESSAGE', 'INVALID_RECORD']],
  [
    'snappy that is not snappy',
    () => withPayload(Buffer.alloc(50, 7), 2),
    ['CORRUPT_MESSAGE', 'INVALID_RECORD'],
  ],
  ['lz4 that is not lz4', () => withPayload(Buffer.alloc(50, 7), 3), ['CORRUPT_MESSAGE', 'INVALID_RECORD']],
  ['zstd that is not zstd', () => withPayload(Buffer.alloc(50, 7), 4), ['CORRUPT_MESSAGE', 'INVALID_RECORD']],
  [
    'a gzip bomb',
    () => withPayload(gzipSync(bomb, { level: 9 }), 1),
    ['CORRUPT_MESSAGE', 'INVALID_RECORD', 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
  ],
  [
    'a zstd bomb',
    () => withPayload(zstdCompressSync(bomb), 4),
    ['CORRUPT_MESSAGE', 'INVALID_RECORD', 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
  ],
  [
    'a zstd bomb that is one well-formed record',
    () => withPayload(zstdCompressSync(zeroRecord(60_000_000)), 4),
    ['CORRUPT_MESSAGE', 'INVALID_RECORD', 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
  ],
];

for (const [what, records, errors] of BATCHES) {
  test(`refuses to append, and keeps the connection, for: ${what}`, async () => {
    const bytes = records();
    const before = process.memoryUsage().rss;
    const { errorCode } = await good.produceRecords(bytes);
    const grownBytes = process.memoryUsage().rss - before;
    assert.ok(errors.includes(errorName(errorCode) as keyof typeof ErrorCode), errorName(errorCode));
    assert.ok(grownBytes < 100_000_000, `${grownBytes} bytes for it`);
    await isWell();
  });
}

const TOPICS = [
  '',
  '.',
  '..',
  'a/b',
  '../../etc',
  'a\0b',
  'ünïcode',
  'white space',
  'x'.repeat(250),
  'x'.repeat(32_000),
];

test('topic names that cannot be names of folders are refused everywhere', async () => {
  for (const name of TOPICS) {
    const metadata = await good.raw.request(metadataRequest, metadataResponse, 9, {
      topics: [{ name }],
      allowAutoTopicCreation: true,
    });
    assert.equal(errorName(metadata.topics[0]!.errorCode), 'INVALID_TOPIC_EXCEPTION', JSON.stringify(name));
    const { errorCode } = await good.produceRecords(batch(), -1, name);
    const produced = errorName(errorCode);
    assert.ok(['INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_OR_PARTITION'].includes(produced), produced);
  }
  const longest = 'x'.repeat(249);
  const metadata = await good.raw.request(metadataRequest, metadataResponse, 9, {
    topics: [{ name: longest }],
    allowAutoTopicCreation: true,
  });
  assert.ok(!['INVALID_TOPIC_EXCEPTION'].includes(errorName(metadata.topics[0]!.errorCode)));
  await isWell();
});

test('a Produce that wants no answer gets none, not even when it is bad', async () => {
  const client = await RawClient.dial(broker);
  const body = (records: Buffer) => ({
    transactionalId: null,
    acks: 0,
    timeoutMs: 1000,
    topicData: [{ name: 'good', partitionData: [{ index: 0, records }] }],
  });
  client.send(...encodeRequestFrame(produceRequest, 9, 1, 'x', body(batch())));
  const answer = await client.request(apiVersionsRequest, apiVersionsResponse, 0, {});
  assert.equal(answer.errorCode, 0);
  client.send(...encodeRequestFrame(produceRequest, 9, 2, 'x', body(Buffer.alloc(3))));
  // Kafka closes the connection of a producer that cannot be told otherwise.
  await client.closed;
  await isWell();
});

test('a byte at a time is a request as good as any other', async () => {
  const client = await RawClient.dial(broker);
  const whole = Buffer.concat(
    encodeRequestFrame(apiVersionsRequest, 3, 5, 'slow', {
      clientSoftwareName: 'x',
      clientSoftwareVersion: '1',
    }),
  );
  for (const byte of whole) {
    client.send(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal((await client.answer(apiVersionsResponse, 3, 5)).errorCode, 0);
  client.close();
  await isWell();
});

test('a client that never reads its answers is held to its bound, and others are served', async () => {
  const value = Buffer.alloc(900_000, 7);
  const offset = await good.produce(value);
  const fetch = encodeRequestFrame(fetchRequest, 12, 1, 'deaf', {
    maxWaitMs: 100,
    minBytes: 1,
    topics: [
      { topic: 'good', partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 }] },
    ],
    forgottenTopicsData: [],
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.dial(broker)));
  const before = process.memoryUsage();
  for (const client of clients) {
    client.stopReading();
    for (let count = 0; count < 100; count++) client.send(...fetch);
  }
  for (let round = 0; round < 20; round++) await good.roundTrip();
  const after = process.memoryUsage();
  // 20 clients asked for 1.8 GB; the kernel's buffers and one answer each may be full.
  const grownBytes = after.rss - before.rss;
  assert.ok(grownBytes < 200_000_000, `${grownBytes}`);
  for (const client of clients) client.close();
  await isWell();
});

test('clients that claim 100 MB each, and send a little, cost as little', async () => {
  const clients = await Promise.all(Array.from({ length: 500 }, () => RawClient.dial(broker)));
  const before = process.memoryUsage();
  for (const client of clients) client.send(int32(104_857_600), Buffer.alloc(500));
  await isWell();
  const after = process.memoryUsage();
  const grownBytes = after.rss + after.external - before.rss - before.external;
  assert.ok(grownBytes < 60_000_000, `${grownBytes}`);
  for (const client of clients) client.close();
  await isWell();
});

test('a request of very many parts costs no more than in proportion', async () => {
  const client = await RawClient.dial(broker);
  const records = encodeBatch({
    records: [{ timestamp: 1, key: null, value: null, offsetDelta: 0 }],
    ...{ producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true },
  });
  const parts = <T>(part: T): T[] => Array<T>(30_000).fill(part);
  const partitionData = parts(null).map((_, index) => ({ index, records }));
  const bulky: [apiKey: number, version: number, body: object][] = [
    [0, 12, { transactionalId: 'x', acks: -1, timeoutMs: 1, topicData: [{ name: 'x', partitionData }] }],
    [50, 0, { users: parts(null).map((_, index) => ({ name: `user-${index}` })) }],
    [51, 0, { deletions: parts({ name: 'x', mechanism: 1 }), upsertions: [] }],
  ];
  for (const [apiKey, version, body] of bulky) {
    const began = process.cpuUsage();
    await client.requestByKey(apiKey, version, body);
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 4_000_000, `API ${apiKey} took ${user + system} µs`);
  }
  client.close();
  await isWell();
});

test('configs are described once, however often and under however many names they are asked for', async () => {
  const client = await RawClient.dial(broker);
  const brokers = Array.from({ length: 3_000 }, (_, index) => ({
    ...{ resourceType: 4, resourceName: index % 2 === 0 ? '1' : '1'.padStart(index, '0') },
    configurationKeys: null,
  }));
  const answer = (await client.requestByKey(32, 4, { resources: brokers })) as {
    results: { configs: object[] }[];
  };
  const described = answer.results.filter(({ configs }) => configs.length > 0);
  assert.equal(described.length, 1);
  // Groups for which nobody has set anything, in 100 KB; meanwhile others are served.
  const groups = Array.from({ length: 8_000 }, (_, index) => ({
    ...{ resourceType: 32, resourceName: `g${index}`, configurationKeys: null },
  }));
  const request = client.requestByKey(32, 4, { resources: groups }) as Promise<typeof answer>;
  await good.roundTrip();
  assert.equal(await Promise.race([request, 'still being made']), 'still being made');
  await request;
  client.close();
  await isWell();
});

test('what a request names very often is described once', async () => {
  const client = await RawClient.dial(broker);
  const again = <T>(item: T): T[] => Array<T>(20).fill(item);
  const groupId = 'again';
  const topics = again({ name: good.topic, partitionIndexes: again(0) });
  const requests: [apiKey: number, version: number, body: object][] = [
    [9, 8, { groups: again({ groupId, topics }), requireStable: false }],
    [15, 5, { groups: again(groupId), includeAuthorizedOperations: false }],
    [61, 0, { topics }],
    [65, 0, { transactionalIds: again('again') }],
    [69, 1, { groupIds: again(groupId), includeAuthorizedOperations: false }],
    [77, 1, { groupIds: again(groupId), includeAuthorizedOperations: false }],
    [90, 0, { groups: again({ groupId, topics: null }) }],
  ];
  const longestArray = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 0;
    const inner = Math.max(0, ...Object.values(value).map(longestArray));
    return Array.isArray(value) ? Math.max(value.length, inner) : inner;
  };
  for (const [apiKey, version, body] of requests)
    assert.equal(longestArray(await client.requestByKey(apiKey, version, body)), 1, `API ${apiKey}`);
  client.close();
  await isWell();
});
