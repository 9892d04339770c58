// Quotas through real connections: who is over one is told so and not read for a while, and nobody else notices.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  createTopicsRequest,
  createTopicsResponse,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
  ErrorCode,
  encodeBatch,
  fetchRequest,
  fetchResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const { NONE } = ErrorCode;
let broker: TestBroker;
let admin: RawClient;
const clients: RawClient[] = [];

before(async () => {
  broker = await startTestBroker();
  admin = await RawClient.dial(broker);
  const topics = ['a', 'read'].map((name) => ({
    ...{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
  }));
  await admin.request(createTopicsRequest, createTopicsResponse, 7, { topics });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  const { entries } = await describe([]);
  for (const { entity, values } of entries!) {
    const ops = values.map(({ key }) => ({ key, value: 0, remove: true }));
    await admin.request(alterClientQuotasRequest, alterClientQuotasResponse, 1, {
      entries: [{ entity, ops }],
      validateOnly: false,
    });
  }
});

after(async () => {
  admin.close();
  await broker.stop();
});

type Components = { entityType: string; matchType: number; match: string | null }[];

function describe(components: Components, strict = false) {
  return admin.request(describeClientQuotasRequest, describeClientQuotasResponse, 1, { components, strict });
}

async function set(entity: Record<string, string | null>, quotas: Record<string, number>) {
  const { entries } = await admin.request(alterClientQuotasRequest, alterClientQuotasResponse, 1, {
    entries: [
      {
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(quotas).map(([key, value]) => ({ key, value, remove: false })),
      },
    ],
    validateOnly: false,
  });
  return entries[0]!;
}

async function client(clientId: string): Promise<RawClient> {
  const dialled = await RawClient.dial(broker);
  dialled.clientId = clientId;
  clients.push(dialled);
  return dialled;
}

function produce(from: RawClient, sizeBytes: number, name = 'a') {
  const records = encodeBatch({
    baseOffset: 0,
    records: [{ timestamp: 0, key: null, value: Buffer.alloc(sizeBytes) }],
  });
  return from.request(produceRequest, produceResponse, 9, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index: 0, records }] }],
  });
}

function fetch(from: RawClient) {
  return from.request(fetchRequest, fetchResponse, 11, {
    ...{ maxWaitMs: 0, minBytes: 0, maxBytes: 1e7, forgottenTopicsData: [] },
    topics: [{ topic: 'read', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e7 }] }],
  });
}

async function isRead(from: RawClient): Promise<boolean> {
  const answered = from
    .request(metadataRequest, metadataResponse, 12, { topics: [], allowAutoTopicCreation: false })
    .then(() => true);
  const other = await client('other');
  // By the time that another connection has been served, so would this one have been.
  for (let round = 0; round < 3; round++)
    await other.request(metadataRequest, metadataResponse, 12, { topics: [] });
  return Promise.race([answered, new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);
}

test('a producer over its quota is told so, and its connection is not read; another is served', async () => {
  await set({ 'client-id': 'slow' }, { producer_byte_rate: 1000 });
  const [slow, quick] = [await client('slow'), await client('quick')];
  assert.equal((await produce(slow, 100)).throttleTimeMs, 0);
  assert.ok((await produce(slow, 100_000)).throttleTimeMs > 10_000);
  assert.equal(await isRead(slow), false);
  assert.equal((await produce(quick, 100_000)).throttleTimeMs, 0);
  assert.equal(await isRead(quick), true);
});

test('a producer that wants no answers is slowed as well', async () => {
  await set({ user: 'ANONYMOUS', 'client-id': 'slow' }, { producer_byte_rate: 1000 });
  const slow = await client('slow');
  await produce(slow, 100_000);
  assert.equal(await isRead(slow), false);
});

test('a consumer over its quota gets nothing, and no more at a time than its quota', async () => {
  await produce(admin, 5000, 'read');
  await produce(admin, 5000, 'read');
  await set({ 'client-id': 'slow' }, { consumer_byte_rate: 600 });
  const slow = await client('slow');
  const first = await fetch(slow);
  assert.equal(first.throttleTimeMs, 0);
  const firstBytes = first.responses[0]!.partitions[0]!.records!.length;
  assert.ok(firstBytes > 0 && firstBytes <= 6000, String(firstBytes));
  const second = await fetch(slow);
  assert.ok(second.throttleTimeMs > 1000);
  assert.deepEqual([second.errorCode, second.responses, second.sessionId], [NONE, [], 0]);
  assert.equal(await isRead(slow), false);
  assert.equal((await fetch(await client('quick'))).throttleTimeMs, 0);
});

test('time on the event loop counts for the quota of requests', async () => {
  await set({ 'client-id': 'slow' }, { request_percentage: 0.000001 });
  const slow = await client('slow');
  assert.ok((await produce(slow, 10)).throttleTimeMs > 0);
});

test('topics are not made by a client that has made too many', async () => {
  await set({ 'client-id': 'many' }, { controller_mutation_rate: 1 });
  const many = await client('many');
  const create = (from: RawClient, name: string, numPartitions: number, version = 6) =>
    from.request(createTopicsRequest, createTopicsResponse, version, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    });
  const first = await create(many, 'b', 50);
  assert.deepEqual([first.topics[0]!.errorCode, first.throttleTimeMs], [NONE, 0]);
  const second = await create(many, 'c', 1);
  assert.equal(second.topics[0]!.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  assert.ok(second.throttleTimeMs > 10_000);
  const older = await create(await client('many'), 'd', 1, 5);
  assert.equal(older.topics[0]!.errorCode, NONE);
  assert.ok(older.throttleTimeMs > 10_000);
  assert.equal((await create(await client('other'), 'e', 50)).topics[0]!.errorCode, NONE);
});

test('connections of an address above its rate are closed without being read', async () => {
  await set({ ip: '127.0.0.1' }, { connection_creation_rate: 1 });
  const made = [];
  for (let count = 0; count < 12; count++) made.push(await client('often'));
  await made.at(-1)!.closed;
  assert.equal(await made[0]!.isClosed, false);
  await set({ ip: '127.0.0.1' }, { connection_creation_rate: 100_000 });
});

test('quotas are described by whom they are for', async () => {
  await set({ user: 'ada', 'client-id': null }, { producer_byte_rate: 7, consumer_byte_rate: 10 });
  await set({ user: null }, { request_percentage: 12.5 });
  await set({ ip: null }, { connection_creation_rate: 9 });
  const found = async (components: Components, strict = false) =>
    (await describe(components, strict)).entries!.map(({ entity, values }) => [
      Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
      Object.fromEntries(values.map(({ key, value }) => [key, value])),
    ]);
  const ofAda = [
    { user: 'ada', 'client-id': null },
    { producer_byte_rate: 7, consumer_byte_rate: 10 },
  ];
  const ofUsers = [{ user: null }, { request_percentage: 12.5 }];
  assert.equal((await found([])).length, 3);
  assert.deepEqual(await found([], true), []);
  assert.deepEqual(await found([{ entityType: 'user', matchType: 2, match: null }]), [ofAda, ofUsers]);
  assert.deepEqual(await found([{ entityType: 'user', matchType: 2, match: null }], true), [ofUsers]);
  assert.deepEqual(await found([{ entityType: 'user', matchType: 0, match: 'ada' }]), [ofAda]);
  assert.deepEqual(await found([{ entityType: 'user', matchType: 1, match: null }]), [ofUsers]);
  assert.deepEqual(await found([{ entityType: 'client-id', matchType: 1, match: null }]), [ofAda]);
});

const refusedFilters: [components: Components, code: keyof typeof ErrorCode][] = [
  [[{ entityType: '', matchType: 2, match: null }], 'INVALID_REQUEST'],
  [[{ entityType: 'moon', matchType: 2, match: null }], 'UNSUPPORTED_VERSION'],
  [[{ entityType: 'user', matchType: 0, match: null }], 'INVALID_REQUEST'],
  [[{ entityType: 'user', matchType: 1, match: 'ada' }], 'INVALID_REQUEST'],
  [[{ entityType: 'user', matchType: 2, match: 'ada' }], 'INVALID_REQUEST'],
  [[{ entityType: 'user', matchType: 3, match: null }], 'INVALID_REQUEST'],
  [
    [
      { entityType: 'user', matchType: 2, match: null },
      { entityType: 'ip', matchType: 2, match: null },
    ],
    'INVALID_REQUEST',
  ],
];

for (const [components, code] of refusedFilters) {
  test(`DescribeClientQuotas refuses ${JSON.stringify(components)}`, async () => {
    const { errorCode, errorMessage, entries } = await describe(components);
    assert.deepEqual([errorCode, entries], [ErrorCode[code], null]);
    assert.ok(errorMessage);
  });
}

const refusedQuotas: [entity: Record<string, string | null>, quotas: Record<string, number>][] = [
  [{}, { producer_byte_rate: 1 }],
  [{ moon: 'a' }, { producer_byte_rate: 1 }],
  [{ user: '' }, { producer_byte_rate: 1 }],
  [{ user: 'a', ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
  [{ ip: '10.0.0.400' }, { connection_creation_rate: 1 }],
  [{ ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
  [{ ip: '10.0.0.1' }, { connection_creation_rate: 1.5 }],
  [{ user: 'a' }, { connection_creation_rate: 1 }],
  [{ user: 'a' }, { producer_byte_rate: 1, nonsense: 1 }],
  [{ user: 'a' }, { producer_byte_rate: 0 }],
  [{ user: 'a' }, { producer_byte_rate: 1.5 }],
  [{ user: 'a' }, { producer_byte_rate: Number.NaN }],
  [{ user: 'a' }, { producer_byte_rate: 1e30 }],
];

for (const [entity, quotas] of refusedQuotas) {
  test(`AlterClientQuotas refuses ${JSON.stringify([entity, Object.entries(quotas).map(String)])}`, async () => {
    const { errorCode, errorMessage } = await set(entity, quotas);
    assert.equal(errorCode, ErrorCode.INVALID_REQUEST);
    assert.ok(errorMessage);
    assert.deepEqual((await describe([])).entries, []);
  });
}
