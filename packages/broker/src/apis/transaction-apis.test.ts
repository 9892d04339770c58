import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeClock, nodeTimers, silentLogger } from '@moldau/io';
import { GROUP_METADATA_TOPIC, MetadataImage, TRANSACTION_STATE_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { BrokerConfig } from '../config/broker-config.ts';
import { MemoryLogs } from '../coordinators/runtime/testing-logs.ts';
import type { TransactionMarkers } from '../coordinators/transactions/transaction-commands.ts';
import { defaultTransactionConfig } from '../coordinators/transactions/transaction-config.ts';
import { TransactionCoordinator } from '../coordinators/transactions/transaction-coordinator.ts';
import { OPEN_AUTHORIZER } from '../security/authorization/authorizer.ts';
import { findCoordinator } from './10-find-coordinator.ts';
import { initProducerId } from './22-init-producer-id.ts';
import { addPartitionsToTxn } from './24-add-partitions-to-txn.ts';
import { addOffsetsToTxn } from './25-add-offsets-to-txn.ts';
import { endTxn } from './26-end-txn.ts';
import { describeTransactions } from './65-describe-transactions.ts';
import { listTransactions } from './66-list-transactions.ts';
import type { ApiHandler, RequestContext, Services } from './handler.ts';

const ID = 'transactional';

function start() {
  const logs = new MemoryLogs();
  const image = new MetadataImage();
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  const endpoints = [{ listener: 'PLAINTEXT', host: 'moldau', port: 9092, securityProtocol: 'PLAINTEXT' }];
  image.apply({ type: 'broker', brokerId: 1, endpoints, rack: null });
  const topic = (name: string, id: string, count: number) =>
    image.apply({ type: 'topic', id, name, partitions: [{ count, state }] });
  topic('topic', 'AAAAAAAAAAAAAAAAAAAAAQ', 3);
  topic('other', 'AAAAAAAAAAAAAAAAAAAAAg', 1);
  const open = logs.open.bind(logs);
  logs.open = async (partition) => {
    const log = await open(partition);
    if (image.topicByName(TRANSACTION_STATE_TOPIC) === undefined)
      topic(TRANSACTION_STATE_TOPIC, 'AAAAAAAAAAAAAAAAAAAAAw', 50);
    return log;
  };
  const markers: TransactionMarkers[] = [];
  let nextProducerId = 1000;
  const transactions = new TransactionCoordinator({
    ...{ config: defaultTransactionConfig, clock: nodeClock, timers: nodeTimers, logger: silentLogger, logs },
    newProducerId: async () => nextProducerId++,
    writeMarkers: async (written) => {
      markers.push(written);
      return written.partitions.map((each) => ({ ...each, errorCode: ErrorCode.NONE }));
    },
    serverVersion: () => 2,
    coordinatorEpoch: () => 0,
  });
  const services = {
    transactions,
    groups: { partitionFor: () => 7 },
    metadata: () => image,
    config: new BrokerConfig(),
    producerIds: { next: async () => nextProducerId++ },
    authorizer: OPEN_AUTHORIZER,
  } as unknown as Services;

  /** Sends a request through its bytes, as a client would, and reads the answer from its bytes. */
  // biome-ignore lint/suspicious/noExplicitAny: requests and answers of seven APIs
  const call = async (api: ApiHandler, apiVersion: number, body: object): Promise<any> => {
    const request = api.request.decode(api.request.encode(body as never, apiVersion), apiVersion);
    const context = { apiVersion, listenerName: 'PLAINTEXT' } as RequestContext;
    let answer: unknown;
    try {
      answer = await api.handle(request, context, services);
    } catch (error) {
      assert.ok(error instanceof KafkaError);
      answer = api.fail(request, error.code, error.message);
    }
    return api.response.decode(api.response.encode(answer as never, apiVersion), apiVersion);
  };
  const init = (version = 5, more: object = {}) =>
    call(initProducerId, version, {
      ...{ transactionalId: ID, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 },
      ...more,
    });
  return { call, init, logs, markers, transactions };
}

interface Producer {
  producerId: number;
  producerEpoch: number;
}

const versions = ({ minVersion, maxVersion }: ApiHandler): number[] =>
  Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => minVersion + index);

function adding({ producerId, producerEpoch }: Producer, topics: object[], verifyOnly = false) {
  return {
    transactions: [{ transactionalId: ID, producerId, producerEpoch, verifyOnly, topics }],
    v3AndBelowTransactionalId: ID,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: topics,
  };
}

/** What was said of each partition, as 'topic-0:3'. */
function results(answer: {
  resultsByTransaction: { topicResults: Results }[];
  resultsByTopicV3AndBelow: Results;
}) {
  const topics = [
    ...answer.resultsByTopicV3AndBelow,
    ...answer.resultsByTransaction.flatMap((of) => of.topicResults),
  ];
  return topics.flatMap(({ name, resultsByPartition }) =>
    resultsByPartition.map((of) => `${name}-${of.partitionIndex}:${of.partitionErrorCode}`),
  );
}

type Results = {
  name: string;
  resultsByPartition: { partitionIndex: number; partitionErrorCode: number }[];
}[];

test('finds the coordinator of a transactional id, and makes the topic that keeps it', async () => {
  const { call } = start();
  for (const version of [1, 2, 3])
    assert.equal((await call(findCoordinator, version, { key: ID, keyType: 1 })).nodeId, 1);
  const { coordinators } = await call(findCoordinator, 4, { keyType: 1, coordinatorKeys: [ID, 'b'] });
  assert.deepEqual(
    coordinators.map((each: { host: string; errorCode: number }) => [each.host, each.errorCode]),
    [
      ['moldau', 0],
      ['moldau', 0],
    ],
  );
});

test('a transaction runs from its first request to its markers in every version of EndTxn', async () => {
  for (const version of versions(endTxn)) {
    const { call, init, markers, transactions } = start();
    const producer = await init(Math.min(version, 5));
    const topics = [{ name: 'topic', partitions: [0, 2] }];
    const added = await call(
      addPartitionsToTxn,
      version === 5 ? 5 : Math.min(version, 3),
      adding(producer, topics),
    );
    assert.deepEqual(results(added), ['topic-0:0', 'topic-2:0']);
    const offsets = { transactionalId: ID, ...pick(producer), groupId: 'group' };
    assert.equal((await call(addOffsetsToTxn, Math.min(version, 4), offsets)).errorCode, ErrorCode.NONE);
    const ended = await call(endTxn, version, { transactionalId: ID, ...pick(producer), committed: true });
    assert.equal(ended.errorCode, ErrorCode.NONE);
    assert.deepEqual(pick(ended), version === 5 ? { producerId: 1000, producerEpoch: 1 } : NOBODY);
    await transactions.close();
    assert.deepEqual(markers, [
      {
        producerId: 1000,
        producerEpoch: version === 5 ? 1 : 0,
        coordinatorEpoch: 0,
        committed: true,
        transactionVersion: version === 5 ? 2 : 0,
        partitions: [
          { topic: 'topic', partition: 0 },
          { topic: 'topic', partition: 2 },
          { topic: GROUP_METADATA_TOPIC, partition: 7 },
        ],
      },
    ]);
  }
});

const NOBODY = { producerId: -1, producerEpoch: -1 };

function pick({ producerId, producerEpoch }: Producer): Producer {
  return { producerId, producerEpoch };
}

test('old clients are told of a fence in words they know', async () => {
  const { call, init } = start();
  const old = pick(await init());
  await init();
  const { INVALID_PRODUCER_EPOCH, PRODUCER_FENCED } = ErrorCode;
  const named = { transactionalId: ID, ...old };
  const topics = [{ name: 'topic', partitions: [0] }];
  for (const version of [0, 1, 2, 3]) {
    const code = version < 2 ? INVALID_PRODUCER_EPOCH : PRODUCER_FENCED;
    assert.deepEqual(results(await call(addPartitionsToTxn, version, adding(old, topics))), [
      `topic-0:${code}`,
    ]);
    assert.equal((await call(addOffsetsToTxn, version, { ...named, groupId: 'g' })).errorCode, code);
    assert.equal((await call(endTxn, version, { ...named, committed: true })).errorCode, code);
  }
  await init(5, { producerId: 1000, producerEpoch: 1 });
  await init();
  for (const [version, code] of [
    [3, INVALID_PRODUCER_EPOCH],
    [4, PRODUCER_FENCED],
  ] as const)
    assert.equal((await init(version, old)).errorCode, code);
});

test('idempotent producers need no transactional id, and half an identity is none', async () => {
  const { init } = start();
  assert.deepEqual(pick(await init(4, { transactionalId: null })), { producerId: 1000, producerEpoch: 0 });
  assert.deepEqual(pick(await init(4, { transactionalId: null })), { producerId: 1001, producerEpoch: 0 });
  for (const half of [{ producerId: 5 }, { producerEpoch: 5 }])
    assert.equal((await init(4, half)).errorCode, ErrorCode.INVALID_REQUEST);
  assert.equal((await init(4, { transactionalId: '' })).errorCode, ErrorCode.INVALID_REQUEST);
});

test('adds all partitions or none, and names each as often as it was named', async () => {
  const { call, init } = start();
  const producer = await init();
  const { OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
  for (const version of [3, 5]) {
    const add = async (...topics: object[]) =>
      results(await call(addPartitionsToTxn, version, adding(producer, topics)));
    assert.deepEqual(await add({ name: 'topic', partitions: [0, 3] }, { name: 'none', partitions: [0] }), [
      `topic-0:${OPERATION_NOT_ATTEMPTED}`,
      `topic-3:${UNKNOWN_TOPIC_OR_PARTITION}`,
      `none-0:${UNKNOWN_TOPIC_OR_PARTITION}`,
    ]);
    assert.deepEqual(await add({ name: 'topic', partitions: [0, 0] }), ['topic-0:0', 'topic-0:0']);
  }
});

test('verifies several transactions at once and adds nothing', async () => {
  const { call, init } = start();
  const producer = await init();
  await call(addPartitionsToTxn, 3, adding(producer, [{ name: 'topic', partitions: [0] }]));
  const [mine] = adding(producer, [{ name: 'topic', partitions: [0, 1] }], true).transactions;
  const answer = await call(addPartitionsToTxn, 4, {
    transactions: [mine, { ...mine, transactionalId: 'other' }],
  });
  const { TRANSACTION_ABORTABLE, INVALID_PRODUCER_ID_MAPPING } = ErrorCode;
  assert.deepEqual(results(answer), [
    'topic-0:0',
    `topic-1:${TRANSACTION_ABORTABLE}`,
    `topic-0:${INVALID_PRODUCER_ID_MAPPING}`,
    `topic-1:${INVALID_PRODUCER_ID_MAPPING}`,
  ]);
});

test('describes and lists transactions', async () => {
  const { call, init } = start();
  const producer = await init();
  await call(addPartitionsToTxn, 3, adding(producer, [{ name: 'topic', partitions: [1] }]));
  await init(5, { transactionalId: 'idle' });
  const { transactionStates } = await call(describeTransactions, 0, {
    transactionalIds: [ID, 'unknown', ''],
  });
  const { transactionStartTimeMs, ...described } = transactionStates[0];
  assert.ok(Math.abs(transactionStartTimeMs - Date.now()) < 60_000);
  assert.deepEqual(described, {
    errorCode: 0,
    transactionalId: ID,
    transactionState: 'Ongoing',
    transactionTimeoutMs: 60_000,
    producerId: 1000,
    producerEpoch: 0,
    topics: [{ topic: 'topic', partitions: [1] }],
  });
  const { TRANSACTIONAL_ID_NOT_FOUND, INVALID_REQUEST, INVALID_REGULAR_EXPRESSION } = ErrorCode;
  assert.equal(transactionStates[1].errorCode, TRANSACTIONAL_ID_NOT_FOUND);
  assert.equal(transactionStates[2].errorCode, INVALID_REQUEST);

  const none = { stateFilters: [], producerIdFilters: [] };
  const list = async (version: number, filter: object) => {
    const answer = await call(listTransactions, version, { ...none, ...filter });
    return [
      answer.errorCode,
      answer.unknownStateFilters,
      answer.transactionStates.map((each: { transactionalId: string }) => each.transactionalId).sort(),
    ];
  };
  assert.deepEqual(await list(0, {}), [0, [], ['idle', ID]]);
  assert.deepEqual(await list(0, { stateFilters: ['Empty', 'Nothing'] }), [0, ['Nothing'], ['idle']]);
  assert.deepEqual(await list(0, { producerIdFilters: [1000] }), [0, [], [ID]]);
  assert.deepEqual(await list(1, { durationFilter: 1_000_000, stateFilters: ['Ongoing'] }), [0, [], []]);
  assert.deepEqual(await list(2, { transactionalIdPattern: 'id.*' }), [0, [], ['idle']]);
  assert.deepEqual(await list(2, { transactionalIdPattern: 'action' }), [0, [], []]);
  assert.deepEqual(await list(2, { transactionalIdPattern: '(' }), [INVALID_REGULAR_EXPRESSION, [], []]);
});

test('a log that cannot be opened is told to come back later for', async () => {
  const { call, init, logs } = start();
  logs.openError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR);
  const code = ErrorCode.COORDINATOR_NOT_AVAILABLE;
  assert.equal((await init()).errorCode, code);
  const topics = [{ name: 'topic', partitions: [0] }];
  const producer = { producerId: 1, producerEpoch: 0 };
  assert.deepEqual(results(await call(addPartitionsToTxn, 3, adding(producer, topics))), [`topic-0:${code}`]);
  const { coordinators } = await call(findCoordinator, 4, { keyType: 1, coordinatorKeys: [ID] });
  assert.equal(coordinators[0].errorCode, code);
});
