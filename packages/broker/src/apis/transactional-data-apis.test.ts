// What transactions leave in partitions and groups, through a real connection: Produce and TxnOffsetCommit of clients that
// follow KIP-890, read_committed Fetch, and a hanging transaction that is found and ended from outside.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createTopicsRequest,
  createTopicsResponse,
  describeProducersRequest,
  describeProducersResponse,
  ErrorCode,
  encodeBatch,
  endTxnRequest,
  endTxnResponse,
  fetchRequest,
  fetchResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  produceRequest,
  produceResponse,
  RecordBatch,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const { NONE } = ErrorCode;
const NEWEST_BY_NAME = 12;
const PRODUCER_ID_POSITION = 43;
let broker: TestBroker;
let client: RawClient;

before(async () => {
  broker = await startTestBroker();
  client = await RawClient.dial(broker);
  const topics = ['a', 'b', 'c'].map((name) => ({
    ...{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
  }));
  await client.request(createTopicsRequest, createTopicsResponse, 7, { topics });
});

after(async () => {
  client.close();
  await broker[Symbol.asyncDispose]();
});

interface Producer {
  transactionalId: string;
  producerId: number;
  producerEpoch: number;
}

async function init(transactionalId: string): Promise<Producer> {
  await client.request(findCoordinatorRequest, findCoordinatorResponse, 3, {
    key: transactionalId,
    keyType: 1,
  });
  const query = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
  const answer = await client.request(initProducerIdRequest, initProducerIdResponse, 5, query);
  assert.equal(answer.errorCode, NONE);
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

async function produce(
  producer: Producer,
  name: string,
  baseSequence: number,
  options: { version?: number; transactionalId?: string | null } = {},
): Promise<number> {
  const { version = NEWEST_BY_NAME, transactionalId = producer.transactionalId } = options;
  const { producerId, producerEpoch } = producer;
  const records = encodeBatch({
    records: [{ timestamp: Date.now(), key: null, value: Buffer.from('v') }],
    ...{ producerId, producerEpoch, baseSequence, isTransactional: true },
  });
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const query = { transactionalId, acks: -1, timeoutMs: 10_000, topicData };
  const { responses } = await client.request(produceRequest, produceResponse, version, query);
  return responses[0]!.partitionResponses[0]!.errorCode;
}

/** The producer as its next transaction finds it. */
async function end(producer: Producer, committed: boolean): Promise<Producer> {
  const { transactionalId, ...query } = producer;
  const answer = await client.request(endTxnRequest, endTxnResponse, 5, {
    transactionalId,
    committed,
    ...query,
  });
  assert.equal(answer.errorCode, NONE);
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

async function readCommitted(name: string, fetchOffset = 0) {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }];
  const topics = [{ topic: name, partitions }];
  const query = {
    replicaId: -1,
    maxWaitMs: 2000,
    minBytes: 1,
    isolationLevel: 1,
    topics,
    forgottenTopicsData: [],
  };
  const { responses } = await client.request(fetchRequest, fetchResponse, 11, query);
  return responses[0]!.partitions[0]!;
}

async function committedOffset(groupId: string, requireStable: boolean) {
  const groups = [{ groupId, topics: [{ name: 'c', partitionIndexes: [0] }] }];
  const answer = await client.request(offsetFetchRequest, offsetFetchResponse, 9, { groups, requireStable });
  const { errorCode, committedOffset: offset } = answer.groups[0]!.topics[0]!.partitions[0]!;
  return { errorCode, offset };
}

test('producers of protocol 2 begin transactions with their records, each in an epoch of its own', async () => {
  let producer = await init('produces');
  const first = producer;
  assert.equal(await produce(producer, 'a', 0), NONE);
  assert.equal(await produce(producer, 'a', 1), NONE);
  producer = await end(producer, false);
  assert.equal(producer.producerEpoch, first.producerEpoch + 1);
  assert.equal(await produce(first, 'a', 2), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(await produce(producer, 'a', 0), NONE);
  await end(producer, true);
  const read = await readCommitted('a');
  assert.deepEqual(read.abortedTransactions, [{ producerId: first.producerId, firstOffset: 0 }]);
  assert.equal(read.lastStableOffset >= 3, true);
});

test('producers of older protocols are refused in partitions that they did not add', async () => {
  const producer = await init('verified');
  assert.equal(await produce(producer, 'b', 0, { version: 10 }), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await produce(producer, 'b', 0, { version: 11 }), ErrorCode.TRANSACTION_ABORTABLE);
  const unnamed = { transactionalId: null };
  assert.equal(await produce(producer, 'b', 0, unnamed), ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
});

test('a producer id that no producer has is refused, of valid and of damaged records', async () => {
  const records = encodeBatch({
    records: [{ timestamp: Date.now(), key: null, value: Buffer.from('v') }],
    ...{ producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true },
  });
  records.writeBigInt64BE(2n ** 60n, PRODUCER_ID_POSITION);
  const damaged = Buffer.from(records);
  new RecordBatch(records).refreshCrc();
  const topicData = [
    { name: 'a', partitionData: [{ index: 0, records }] },
    { name: 'b', partitionData: [{ index: 0, records: damaged }] },
  ];
  const query = { transactionalId: 'senseless', acks: -1, timeoutMs: 10_000, topicData };
  const { responses } = await client.request(produceRequest, produceResponse, NEWEST_BY_NAME, query);
  const codes = responses.map(({ partitionResponses }) => partitionResponses[0]!.errorCode);
  assert.deepEqual(codes, [ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]);
});

test('offsets committed in a transaction are unstable until it ends', async () => {
  const producer = await init('commits');
  const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }];
  const query = { ...producer, groupId: 'g', topics: [{ name: 'c', partitions }] };
  await client.request(findCoordinatorRequest, findCoordinatorResponse, 3, { key: 'g', keyType: 0 });
  const answer = await client.request(txnOffsetCommitRequest, txnOffsetCommitResponse, 5, query);
  assert.equal(answer.topics[0]!.partitions[0]!.errorCode, NONE);
  assert.deepEqual(await committedOffset('g', true), {
    errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT,
    offset: -1,
  });
  assert.deepEqual(await committedOffset('g', false), { errorCode: NONE, offset: -1 });
  await end(producer, true);
  for (;;) {
    const { errorCode, offset } = await committedOffset('g', true);
    if (errorCode === ErrorCode.UNSTABLE_OFFSET_COMMIT) continue;
    assert.deepEqual([errorCode, offset], [NONE, 5]);
    break;
  }
});

test('a hanging transaction is seen, and ended by a marker from outside', async () => {
  const producer = await init('hangs');
  await produce(producer, 'c', 0);
  const topics = [{ name: 'c', partitionIndexes: [0] }];
  const describe = async () => {
    const answer = await client.request(describeProducersRequest, describeProducersResponse, 0, { topics });
    return answer.topics[0]!.partitions[0]!.activeProducers[0]!;
  };
  assert.equal((await describe()).currentTxnStartOffset, 0);
  assert.equal((await readCommitted('c')).lastStableOffset, 0);
  const { producerId, producerEpoch } = producer;
  const marker = { producerId, producerEpoch, coordinatorEpoch: 0, transactionResult: false, topics };
  const answer = await client.request(writeTxnMarkersRequest, writeTxnMarkersResponse, 1, {
    markers: [marker],
  });
  assert.equal(answer.markers[0]!.topics[0]!.partitions[0]!.errorCode, NONE);
  assert.equal((await describe()).currentTxnStartOffset, -1);
  assert.equal((await readCommitted('c')).lastStableOffset, 2);
});
