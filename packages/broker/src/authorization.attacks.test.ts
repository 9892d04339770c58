// What users may try who have logged in and may do little: rights that are taken away while they are in use, what belongs to others, and names that
// mean something to JavaScript, to logs, or to rules.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  createAclsRequest,
  createAclsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
  ErrorCode,
  encodeBatch,
  encodeRequestFrame,
  fetchRequest,
  fetchResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';
import { handlers } from './apis/handlers.ts';
import { requestsNaming } from './apis/testing-requests.ts';
import { AclOperation, PatternType, PermissionType, ResourceType } from './security/authorization/acl.ts';

const FETCH_BY_ID = 17;
const UNREGISTER_BROKER = 64;
const TOPIC = 'orders';

const errors: string[] = [];
const logger = {
  ...{ debug() {}, info() {}, warn() {} },
  error: (fields: object, message: string) => void errors.push(`${message} ${JSON.stringify(fields)}`),
};

let broker: TestBroker;
let admin: RawClient;
let topicId: string;
const clients: RawClient[] = [];

async function dial(user: string): Promise<RawClient> {
  const client = await RawClient.dial(broker);
  clients.push(client);
  await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, { mechanism: 'PLAIN' });
  const authBytes = Buffer.from(`\0${user}\0secret`);
  const answer = await client.request(saslAuthenticateRequest, saslAuthenticateResponse, 2, { authBytes });
  assert.equal(answer.errorCode, ErrorCode.NONE);
  return client;
}

async function createTopic(name: string): Promise<string> {
  const { topics } = await admin.request(createTopicsRequest, createTopicsResponse, 7, {
    topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 5000,
  });
  assert.equal(topics[0]!.errorCode, ErrorCode.NONE);
  return topics[0]!.topicId;
}

async function produce(): Promise<void> {
  const records = encodeBatch({ records: [{ timestamp: 1, key: null, value: Buffer.from('an order') }] });
  const { responses } = await admin.request(produceRequest, produceResponse, 13, {
    ...{ transactionalId: null, acks: 1, timeoutMs: 1000 },
    topicData: [{ topicId, partitionData: [{ index: 0, records }] }],
  });
  assert.equal(responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
}

const rule = (principal: string, resourceName = TOPIC) => ({
  ...{ resourceType: ResourceType.TOPIC, resourceName, resourcePatternType: PatternType.LITERAL },
  ...{ principal, host: '*', operation: AclOperation.READ, permissionType: PermissionType.ALLOW },
});

async function allow(principal: string, resourceName?: string): Promise<void> {
  const { results } = await admin.request(createAclsRequest, createAclsResponse, 3, {
    creations: [rule(principal, resourceName)],
  });
  assert.equal(results[0]!.errorCode, ErrorCode.NONE);
}

async function revoke(principal: string): Promise<void> {
  const { resourceType, host, operation, permissionType } = rule(principal);
  const { filterResults } = await admin.request(deleteAclsRequest, deleteAclsResponse, 3, {
    filters: [
      {
        ...{ resourceTypeFilter: resourceType, resourceNameFilter: null, patternTypeFilter: PatternType.ANY },
        ...{ principalFilter: principal, hostFilter: host, operation, permissionType },
      },
    ],
  });
  assert.equal(filterResults[0]!.matchingAcls.length, 1);
}

const fetchBody = (fetchOffset: number, fields: object = {}) => ({
  ...{ maxWaitMs: 5_000, minBytes: 1, maxBytes: 100_000, isolationLevel: 0, forgottenTopicsData: [] },
  topics: [{ topicId, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 100_000 }] }],
  ...fields,
});

const sentLength = (answer: { responses: { partitions: { records: Buffer | null }[] }[] }): number =>
  answer.responses
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, each) => sum + (each.records?.length ?? 0), 0);

before(async () => {
  const users = ['admin', 'ada', 'mallory'].map((user) => `user_${user}="secret"`).join(' ');
  broker = await startTestBroker({
    logger,
    settings: [
      'listeners=SASL_PLAINTEXT://127.0.0.1:0',
      'sasl.enabled.mechanisms=PLAIN',
      `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:admin',
      'group.initial.rebalance.delay.ms=0',
    ],
  });
  admin = await dial('admin');
  topicId = await createTopic(TOPIC);
});
after(async () => {
  for (const client of clients) client.close();
  await broker.stop();
});

test('who loses the right to read while a fetch waits gets nothing of what comes then', async () => {
  await allow('User:ada');
  const ada = await dial('ada');
  const { responses } = await admin.request(
    fetchRequest,
    fetchResponse,
    FETCH_BY_ID,
    fetchBody(0, { maxWaitMs: 0 }),
  );
  const end = responses[0]!.partitions[0]!.highWatermark;
  ada.send(...encodeRequestFrame(fetchRequest, FETCH_BY_ID, 9, 'x', fetchBody(end)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await revoke('User:ada');
  await produce();
  const answer = await ada.answer(fetchResponse, FETCH_BY_ID, 9);
  assert.equal(sentLength(answer), 0);
  assert.equal(answer.responses[0]!.partitions[0]!.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
});

test('a fetch session outlives no right: its next fetch is refused, and allowed again with the right', async () => {
  await allow('User:ada');
  await produce();
  const ada = await dial('ada');
  const fetch = (fields: object) =>
    ada.request(fetchRequest, fetchResponse, FETCH_BY_ID, fetchBody(0, { maxWaitMs: 100, ...fields }));
  const first = await fetch({ sessionId: 0, sessionEpoch: 0 });
  assert.ok(sentLength(first) > 0);
  const { sessionId } = first;
  await revoke('User:ada');
  const refused = await fetch({ sessionId, sessionEpoch: 1, topics: [] });
  assert.equal(sentLength(refused), 0);
  assert.equal(refused.responses[0]!.partitions[0]!.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  await allow('User:ada');
  assert.ok(sentLength(await fetch({ sessionId, sessionEpoch: 2, topics: [] })) > 0);
  await revoke('User:ada');
});

test('a fetch session of somebody else is as unknown as one that there is not', async () => {
  await allow('User:ada');
  const [ada, mallory] = [await dial('ada'), await dial('mallory')];
  const { sessionId } = await ada.request(
    ...[
      fetchRequest,
      fetchResponse,
      FETCH_BY_ID,
      fetchBody(0, { maxWaitMs: 0, sessionId: 0, sessionEpoch: 0 }),
    ],
  );
  for (const sessionEpoch of [1, 0, -1]) {
    const body = fetchBody(0, { maxWaitMs: 0, sessionId, sessionEpoch, topics: [] });
    const guessed = await mallory.request(fetchRequest, fetchResponse, FETCH_BY_ID, body);
    assert.equal(
      guessed.errorCode,
      sessionEpoch === 1 ? ErrorCode.FETCH_SESSION_ID_NOT_FOUND : ErrorCode.NONE,
    );
    assert.deepEqual(guessed.responses, []);
  }
  const body = fetchBody(0, { maxWaitMs: 0, sessionId, sessionEpoch: 1, topics: [] });
  const own = await ada.request(fetchRequest, fetchResponse, FETCH_BY_ID, body);
  assert.equal(own.errorCode, ErrorCode.NONE);
  await revoke('User:ada');
});

test('a topic that was made anew under an old name is not read by the old id', async () => {
  await allow('User:ada', 'again');
  const oldId = await createTopic('again');
  const ada = await dial('ada');
  const body = (id: string) =>
    fetchBody(0, { maxWaitMs: 0, topics: [{ topicId: id, partitions: [{ partition: 0 }] }] });
  const codeOf = async (id: string) => {
    const { responses } = await ada.request(fetchRequest, fetchResponse, FETCH_BY_ID, body(id) as never);
    return responses[0]!.partitions[0]!.errorCode;
  };
  assert.equal(await codeOf(oldId), ErrorCode.NONE);
  await admin.request(deleteTopicsRequest, deleteTopicsResponse, 6, {
    topics: [{ name: 'again', topicId: ZERO_UUID }],
    timeoutMs: 5000,
  });
  const newId = await createTopic('again');
  assert.deepEqual([await codeOf(oldId), await codeOf(newId)], [ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.NONE]);
});

test('nobody turns security off by altering configs', async () => {
  const mallory = await dial('mallory');
  const alter = async (client: RawClient, name: string, value: string) => {
    const answer = await client.request(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, 1, {
      resources: [{ resourceType: 4, resourceName: '', configs: [{ name, configOperation: 0, value }] }],
      validateOnly: false,
    });
    return answer.responses[0]!.errorCode;
  };
  const changes = [
    ...['super.users=User:mallory', 'allow.everyone.if.no.acl.found=true', 'authorizer.class.name='],
    ...['listener.security.protocol.map=SASL_PLAINTEXT:PLAINTEXT', 'moldau.users=mallory:secret'],
  ];
  for (const change of changes) {
    const [name = '', value = ''] = change.split('=', 2);
    assert.equal(await alter(mallory, name, value), ErrorCode.CLUSTER_AUTHORIZATION_FAILED, change);
    // These are read when the broker starts.
    assert.equal(await alter(admin, name, value), ErrorCode.INVALID_REQUEST, change);
  }
});

const STRANGE = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'],
  ...[
    'a\nb',
    '\u001b[31mred',
    'a,b=c',
    'User:*',
    '*',
    '\0',
    '\u202e',
    '../..',
    'é',
    '%s%n',
    '{}',
    '$' + '{env:HOME}',
  ],
];

test('strange names are refused or are names like others, in every API', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const mallory = await dial('mallory');
  for (const [index, name] of STRANGE.entries()) {
    const named = { topics: [{ name, id: topicId }], groups: [name], transactionalId: name };
    const bodies = requestsNaming(named);
    for (const { apiKey, maxVersion } of handlers) {
      const body = bodies.get(apiKey);
      if (body === undefined) continue;
      await mallory.requestByKey(apiKey, maxVersion, body);
      // Everybody's names, and by one who may do everything, as long as there is a broker to ask.
      if (apiKey !== UNREGISTER_BROKER && index < 3) await admin.requestByKey(apiKey, maxVersion, body);
    }
  }
  assert.deepEqual(errors, []);
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
});

test('a rule for a strange principal or name is for that one alone', async () => {
  const mallory = await dial('mallory');
  const { results } = await admin.request(createAclsRequest, createAclsResponse, 3, {
    creations: [
      ...[
        'User:ada,User:mallory',
        'User:ada\nUser:mallory',
        'User:mallory ',
        'user:mallory',
        'User:__proto__',
      ].map((each) => rule(each)),
      ...['orders,x', 'orders\n', 'ord*', 'Orders', '__proto__'].map((name) => rule('User:mallory', name)),
    ],
  });
  assert.ok(results.every(({ errorCode }) => errorCode === ErrorCode.NONE));
  const { topics } = await mallory.request(metadataRequest, metadataResponse, 12, {
    topics: [{ name: TOPIC }],
    allowAutoTopicCreation: false,
  });
  assert.equal(topics[0]!.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
});

test('quotas of strange users and clients are theirs alone', async () => {
  const entries = ['__proto__', 'a/b', 'mallory,ada', 'a\nb'].map((entityName) => ({
    entity: [{ entityType: 'user', entityName }],
    ops: [{ key: 'request_percentage', value: 0.01, remove: false }],
  }));
  const answer = await admin.request(alterClientQuotasRequest, alterClientQuotasResponse, 1, {
    entries,
    validateOnly: false,
  });
  assert.deepEqual(
    answer.entries.map(({ errorCode }) => errorCode),
    entries.map(() => ErrorCode.NONE),
  );
  const mallory = await dial('mallory');
  const { throttleTimeMs } = await mallory.request(metadataRequest, metadataResponse, 12, { topics: [] });
  assert.equal(throttleTimeMs, 0);
});
