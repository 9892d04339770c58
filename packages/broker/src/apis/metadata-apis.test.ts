// Metadata, DescribeTopicPartitions, ListOffsets, DeleteRecords and OffsetForLeaderEpoch through a real connection. What is
// expected is what Kafka's broker answers, but for auto-creation: there the first answer names the leaders already.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createTopicsRequest,
  createTopicsResponse,
  deleteRecordsRequest,
  deleteRecordsResponse,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  ErrorCode,
  encodeBatch,
  initProducerIdRequest,
  initProducerIdResponse,
  listOffsetsRequest,
  listOffsetsResponse,
  metadataRequest,
  metadataResponse,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  produceRequest,
  produceResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const { NONE } = ErrorCode;
let broker: TestBroker;
let client: RawClient;

before(async () => {
  broker = await startTestBroker();
  client = await RawClient.dial(broker);
  const topics = Object.entries({ a: 1, b: 3, c: 2 }).map(([name, numPartitions]) => ({
    ...{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] },
  }));
  await client.request(createTopicsRequest, createTopicsResponse, 7, { topics });
});

after(async () => {
  client.close();
  await broker.stop();
});

async function describe(names: string[] | null, version: number, allowAutoTopicCreation = false) {
  const topics = names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null;
  const { topics: found } = await client.request(metadataRequest, metadataResponse, version, {
    ...{ topics, allowAutoTopicCreation },
  });
  return found;
}

for (let version = 0; version <= 13; version += 1) {
  test(`Metadata version ${version}`, async () => {
    const [b, unknown, invalid] = await describe(['b', `nope-${version}`, 'a/b', 'b'], version);
    assert.deepEqual([b?.name, b?.errorCode, b?.partitions.length], ['b', NONE, 3]);
    assert.equal(b?.topicId === ZERO_UUID, version < 10);
    assert.equal(b?.partitions[2]?.leaderId, b?.partitions[2]?.replicaNodes[0]);
    // Versions without the choice create what they ask for.
    assert.equal(unknown?.errorCode, version < 4 ? NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal(invalid?.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION);
    const all = await describe(version === 0 ? [] : null, version);
    assert.ok(all.length >= 3);
    if (version > 0) assert.deepEqual(await describe([], version), []);
  });
}

test('Metadata creates a topic that is asked for, and names its leader at once', async () => {
  const [created] = await describe(['created'], 13, true);
  assert.deepEqual([created?.errorCode, created?.partitions.length], [NONE, 1]);
});

test('Metadata finds topics by id', async () => {
  const [b] = await describe(['b'], 13);
  const { topics } = await client.request(metadataRequest, metadataResponse, 13, {
    topics: [
      { name: null, topicId: b!.topicId },
      { name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
    ],
  });
  assert.deepEqual(
    topics.map(({ name, errorCode }) => [name, errorCode]),
    [
      ['b', NONE],
      [null, ErrorCode.UNKNOWN_TOPIC_ID],
    ],
  );
});

async function page(
  names: string[],
  limit: number,
  cursor: { topicName: string; partitionIndex: number } | null,
) {
  const { topics, nextCursor } = await client.request(
    describeTopicPartitionsRequest,
    describeTopicPartitionsResponse,
    0,
    { topics: names.map((name) => ({ name })), responsePartitionLimit: limit, cursor },
  );
  const seen = topics.map((topic) => [topic.name, topic.errorCode, topic.partitions.length]);
  return { seen, next: nextCursor };
}

test('DescribeTopicPartitions goes through topics page by page', async () => {
  const first = await page(['c', 'b', 'a'], 3, null);
  assert.deepEqual(first, {
    seen: [
      ['a', NONE, 1],
      ['b', NONE, 2],
    ],
    next: { topicName: 'b', partitionIndex: 2 },
  });
  assert.deepEqual(await page(['c', 'b', 'a'], 3, first.next), {
    seen: [
      ['b', NONE, 1],
      ['c', NONE, 2],
    ],
    next: null,
  });
});

test('DescribeTopicPartitions says what is wrong with topics and cursors', async () => {
  const { UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, INVALID_REQUEST } = ErrorCode;
  assert.deepEqual((await page(['nope', 'a/b'], 9, null)).seen, [
    ['a/b', INVALID_TOPIC_EXCEPTION, 0],
    ['nope', UNKNOWN_TOPIC_OR_PARTITION, 0],
  ]);
  const elsewhere = await page(['a'], 9, { topicName: 'b', partitionIndex: 0 });
  assert.deepEqual(elsewhere.seen, [['a', INVALID_REQUEST, 0]]);
});

async function offsetAt(topic: string, timestamp: number, version = 11) {
  const partitions = [{ partitionIndex: 0, timestamp, currentLeaderEpoch: -1, maxNumOffsets: 5 }];
  const { topics } = await client.request(listOffsetsRequest, listOffsetsResponse, version, {
    ...{ replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }], timeoutMs: 1000 },
  });
  return topics[0]!.partitions[0]!;
}

async function lastEpoch(topic: string, leaderEpoch: number) {
  const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch }];
  const { topics } = await client.request(offsetForLeaderEpochRequest, offsetForLeaderEpochResponse, 4, {
    replicaId: -2,
    topics: [{ topic, partitions }],
  });
  const { errorCode, leaderEpoch: found, endOffset } = topics[0]!.partitions[0]!;
  return { errorCode, leaderEpoch: found, endOffset };
}

test('an empty log starts and ends in the epoch of its leader', async () => {
  const { offset, leaderEpoch } = await offsetAt('c', -2);
  assert.deepEqual([offset, leaderEpoch], [0, 0]);
  assert.deepEqual(await lastEpoch('c', 0), { errorCode: NONE, leaderEpoch: 0, endOffset: 0 });
  assert.deepEqual([(await offsetAt('c', 5)).offset, (await offsetAt('c', -3)).offset], [-1, -1]);
});

test('ListOffsets finds offsets by time, and DeleteRecords moves the start', async () => {
  const startMs = Date.now() - 10_000;
  const records = [0, 5000, 100].map((delayMs) => ({
    timestamp: startMs + delayMs,
    key: null,
    value: Buffer.from('x'),
  }));
  await client.request(produceRequest, produceResponse, 9, {
    ...{ acks: -1, timeoutMs: 5000 },
    topicData: [
      { name: 'a', partitionData: [{ index: 0, records: encodeBatch({ baseOffset: 0, records }) }] },
    ],
  });
  const offsets = async (...timestamps: number[]) =>
    Promise.all(timestamps.map(async (timestamp) => (await offsetAt('a', timestamp)).offset));
  assert.deepEqual(await offsets(-1, -2, -3, -4, -5), [3, 0, 1, 0, -1]);
  assert.deepEqual(await offsets(startMs, startMs + 1, startMs + 5001), [0, 1, -1]);
  assert.deepEqual((await offsetAt('a', -1, 0)).oldStyleOffsets, [3, 0]);
  assert.equal((await offsetAt('a', -3, 6)).errorCode, ErrorCode.UNSUPPORTED_VERSION);
  assert.deepEqual(await lastEpoch('a', 0), { errorCode: NONE, leaderEpoch: 0, endOffset: 3 });
  assert.deepEqual((await lastEpoch('a', 5)).endOffset, -1);
  const deleteBefore = async (offset: number) => {
    const topics = [{ name: 'a', partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await client.request(deleteRecordsRequest, deleteRecordsResponse, 2, {
      topics,
      timeoutMs: 1000,
    });
    const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!;
    return [errorCode, lowWatermark];
  };
  assert.deepEqual(await deleteBefore(2), [NONE, 2]);
  assert.deepEqual(await deleteBefore(99), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
  assert.deepEqual(await offsets(-2), [2]);
  assert.deepEqual(await deleteBefore(-1), [NONE, 3]);
});

test('Metadata of an id that no topic has tells no operations', async () => {
  const { topics } = await client.request(metadataRequest, metadataResponse, 13, {
    topics: [{ name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }],
    includeTopicAuthorizedOperations: true,
  });
  assert.deepEqual(
    topics.map(({ errorCode, topicAuthorizedOperations }) => [errorCode, topicAuthorizedOperations]),
    [[ErrorCode.UNKNOWN_TOPIC_ID, -2_147_483_648]],
  );
});

test('ListOffsets refuses a partition that is asked for twice, once', async () => {
  const partition = (partitionIndex: number) => ({ partitionIndex, timestamp: -1 });
  const topics = [{ name: 'b', partitions: [partition(0), partition(1), partition(0)] }];
  const ask = { replicaId: -1, topics };
  const answer = await client.request(listOffsetsRequest, listOffsetsResponse, 7, ask);
  assert.deepEqual(
    answer.topics[0]?.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
    [
      [1, NONE],
      [0, ErrorCode.INVALID_REQUEST],
    ],
  );
});

test('InitProducerId never gives an id twice, and refuses half an identity', async () => {
  const ask = (producerId = -1, producerEpoch = -1) =>
    client.request(initProducerIdRequest, initProducerIdResponse, 5, {
      ...{ transactionalId: null, transactionTimeoutMs: 1000, producerId, producerEpoch },
    });
  const ids = (await Promise.all([ask(), ask(), ask(5, 3)])).map(({ producerId }) => producerId);
  assert.equal(new Set(ids).size, 3);
  assert.equal((await ask(-1, 3)).errorCode, ErrorCode.INVALID_REQUEST);
});
