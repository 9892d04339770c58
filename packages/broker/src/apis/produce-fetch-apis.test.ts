// Produce and Fetch through a real connection: the answers that Apache Kafka's broker gives, where they are easily got wrong.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type BatchFields,
  createTopicsRequest,
  createTopicsResponse,
  ErrorCode,
  encodeBatch,
  fetchRequest,
  fetchResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  produceRequest,
  produceResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const PRODUCE_BY_NAME = 12;
const PRODUCE_BY_ID = 13;

let broker: TestBroker;
let client: RawClient;
let topicId: string;

before(async () => {
  broker = await startTestBroker();
  client = await RawClient.dial(broker);
  const configs = [{ name: 'min.insync.replicas', value: '2' }];
  const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs };
  const { topics } = await client.request(createTopicsRequest, createTopicsResponse, 7, {
    topics: [topic],
    timeoutMs: 1000,
  });
  topicId = topics[0]!.topicId;
});

after(async () => {
  client.close();
  await broker.stop();
});

async function produce(
  version: number,
  fields: { name?: string; topicId?: string; index?: number; timeoutMs?: number; batch?: BatchFields } = {},
) {
  const { name = 'orders', index = 0, timeoutMs = 1000 } = fields;
  const record = { timestamp: Date.now(), key: null, value: Buffer.from('x') };
  const records = encodeBatch({ ...fields.batch, records: [record] });
  const { responses } = await client.request(produceRequest, produceResponse, version, {
    acks: -1,
    timeoutMs,
    topicData: [{ name, topicId: fields.topicId ?? topicId, partitionData: [{ index, records }] }],
  });
  return responses[0]!.partitionResponses[0]!;
}

test('min.insync.replicas above the number of replicas asks for all of them', async () => {
  assert.equal((await produce(PRODUCE_BY_NAME)).errorCode, ErrorCode.NONE);
});

test("a timeout of 0 leaves the broker's own disk its time", async () => {
  const { errorCode, baseOffset } = await produce(PRODUCE_BY_NAME, { timeoutMs: 0 });
  assert.equal(errorCode, ErrorCode.NONE);
  assert.ok(baseOffset >= 0);
});

test('a record that the log refused is answered with the start of the log', async () => {
  const producer = { producerId: 5000, producerEpoch: 0 };
  assert.equal((await produce(PRODUCE_BY_NAME, { batch: { ...producer, baseSequence: 0 } })).errorCode, 0);
  const gap = await produce(PRODUCE_BY_NAME, { batch: { ...producer, baseSequence: 9 } });
  assert.deepEqual([gap.errorCode, gap.logStartOffset], [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, 0]);
  const missing = await produce(PRODUCE_BY_NAME, { index: 9 });
  assert.equal(missing.logStartOffset, -1);
});

test('topics of the broker itself are not written to', async () => {
  const groups = { keyType: 0, coordinatorKeys: ['g'] };
  await client.request(findCoordinatorRequest, findCoordinatorResponse, 4, groups);
  const { errorCode } = await produce(PRODUCE_BY_NAME, { name: '__consumer_offsets' });
  assert.equal(errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION);
});

test('an isolation level that does not exist is refused', async () => {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const fetch = { maxWaitMs: 0, minBytes: 0, forgottenTopicsData: [], isolationLevel: 2 };
  for (const version of [4, 12]) {
    const topics = [{ topic: 'orders', partitions }];
    const answer = await client.request(fetchRequest, fetchResponse, version, { ...fetch, topics });
    assert.equal(answer.errorCode, version < 7 ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST);
    assert.equal(answer.responses[0]?.partitions[0]?.errorCode, ErrorCode.INVALID_REQUEST);
  }
});

test('by id, a missing partition of a known topic is told from an unknown topic', async () => {
  const codes = [];
  for (const fields of [{ index: 7 }, { topicId: 'abcdefghijklmnopqrstuA' }, { topicId: ZERO_UUID }])
    codes.push((await produce(PRODUCE_BY_ID, fields)).errorCode);
  assert.deepEqual(codes, [
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.UNKNOWN_TOPIC_ID,
  ]);
});

test('a full fetch of nothing opens a session too, and aborted transactions are null unless asked for', async () => {
  const fetch = { maxWaitMs: 0, minBytes: 0, forgottenTopicsData: [] };
  const empty = await client.request(fetchRequest, fetchResponse, 12, {
    ...fetch,
    sessionEpoch: 0,
    topics: [],
  });
  assert.ok(empty.sessionId > 0);
  const partition = (index: number, fetchOffset: number) => ({
    partition: index,
    fetchOffset,
    partitionMaxBytes: 1000,
  });
  const { responses } = await client.request(fetchRequest, fetchResponse, 12, {
    ...fetch,
    isolationLevel: 1,
    topics: [{ topic: 'orders', topicId, partitions: [partition(0, 0), partition(0, 99), partition(9, 0)] }],
  });
  assert.deepEqual(
    responses[0]!.partitions.map(({ errorCode, abortedTransactions }) => [errorCode, abortedTransactions]),
    [
      [ErrorCode.NONE, []],
      [ErrorCode.OFFSET_OUT_OF_RANGE, null],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, []],
    ],
  );
});
