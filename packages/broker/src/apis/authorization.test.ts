// What the table of permissions says, seen from outside: a broker with users, asked each API by one who lacks one permission, and by
// one who has none.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  ErrorCode,
  fetchRequest,
  fetchResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import type { RawClient } from '@moldau/testing';
import { AclOperation, ResourceType } from '../security/authorization/acl.ts';
import { type Permission, permissions } from '../security/authorization/permissions.ts';
import { handlers } from './handlers.ts';
import { type Named, requestsNaming } from './testing-requests.ts';
import { BrokerWithUsers, TYPES } from './testing-users.ts';

const GROUP_NAME = 'a-group';
const TRANSACTIONAL = 'a-transactional-id';
const SECRET_TOPIC = 'secret-topic';
const IDEMPOTENT_API = 22;
const ADD_PARTITIONS_API = 24;

interface Row extends Permission {
  readonly api: string;
  readonly apiKey: number;
  readonly what: string;
}

function rowsOf(apiKey: number, name: string): Row[] {
  const api = `${name[0]!.toLowerCase()}${name.slice(1)}`;
  const table = permissions[api as keyof typeof permissions] as
    | Readonly<Record<string, Permission>>
    | undefined;
  assert.ok(table !== undefined, `the table of permissions has no entry ${api}`);
  return Object.entries(table).map(([what, permission]) => ({ api, apiKey, what, ...permission }));
}

/** All error codes of an answer, wherever they stand. */
function codesIn(answer: unknown): Set<number> {
  const codes = new Set<number>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (/ErrorCode$|^errorCode$/.test(name) && typeof inner === 'number') codes.add(inner);
      walk(inner);
    }
  };
  walk(answer);
  return codes;
}

describe('a broker with an authorizer', () => {
  let broker: BrokerWithUsers;
  let admin: RawClient;
  let topic: { name: string; id: string };

  /** A request that was allowed may have deleted it. */
  async function ensureTopic(): Promise<void> {
    const { topics } = await admin.request(metadataRequest, metadataResponse, 12, {
      ...{ topics: [{ name: SECRET_TOPIC }], allowAutoTopicCreation: false },
    });
    const isThere = topics[0]!.errorCode === ErrorCode.NONE;
    topic = { name: SECRET_TOPIC, id: isThere ? topics[0]!.topicId : await broker.createTopic(SECRET_TOPIC) };
  }

  function named(name: string, id: string): Named {
    return { topics: [{ name, id }], groups: [GROUP_NAME], transactionalId: TRANSACTIONAL };
  }

  before(async () => {
    broker = await BrokerWithUsers.start();
    admin = broker.admin;
    topic = { name: SECRET_TOPIC, id: await broker.createTopic(SECRET_TOPIC) };
  });
  after(() => broker.stop());

  test('every API has an entry in the table, and one that needs something has a request to test it by', () => {
    const samples = requestsNaming(named('', ''));
    for (const { apiKey, name } of handlers)
      assert.ok(rowsOf(apiKey, name).length === 0 || samples.has(apiKey), `${name} has no sample request`);
    assert.equal(Object.keys(permissions).length, handlers.length);
  });

  test('who lacks one permission gets exactly the error of the table, and who has it does not', async () => {
    const some = await broker.dial('some');
    for (const { apiKey, name, minVersion, maxVersion } of handlers) {
      const rows = rowsOf(apiKey, name);
      for (const row of rows) {
        if (row.refusal === 'hidden' || !TYPES.includes(row.resourceType)) continue;
        if (WANTS_MORE.has(`${row.api}.${row.what}`)) continue;
        const ask = async (denied: readonly Permission[]) => {
          await ensureTopic();
          await broker.allowAllBut(...denied);
          const names = named(topic.name, topic.id);
          const { version, body } = requestFor(row, { minVersion, maxVersion }, names);
          return codesIn(await some.requestByKey(apiKey, version, body));
        };
        const allowed = await ask([]);
        assert.ok(!allowed.has(row.denied), `${name}: ${row.what} is refused with all rights`);
        const alternative = rows.filter(({ what }) => what === row.orElse);
        const refused = await ask([row, ...alternative]);
        assert.ok(refused.has(row.denied), `${name}: ${row.what} is not refused, but ${[...refused]}`);
        if (row.orElse === undefined) continue;
        const other = await ask([row]);
        assert.ok(!other.has(row.denied), `${name}: ${row.orElse} does not stand in for ${row.what}`);
      }
    }
  });

  test('who has no right learns nothing: what is there looks like what is not', async () => {
    const nobody = await broker.dial('nobody');
    await ensureTopic();
    const there = requestsNaming(named(SECRET_TOPIC, topic.id));
    const absent = requestsNaming(named('absent-topic', topic.id));
    for (const { apiKey, name, maxVersion } of handlers) {
      const [body, other] = [there.get(apiKey), absent.get(apiKey)];
      if (body === undefined || other === undefined || BY_ID.has(apiKey)) continue;
      const version =
        apiKey === IDEMPOTENT_API ? maxVersion : Math.min(maxVersion, LAST_VERSION_BY_NAME.get(apiKey) ?? 99);
      const answers = [
        await nobody.requestByKey(apiKey, version, body),
        await nobody.requestByKey(apiKey, version, other),
      ].map((answer) => JSON.stringify(answer));
      assert.equal(answers[0]!.replaceAll(SECRET_TOPIC, 'absent-topic'), answers[1], name);
      if (!answers[1]!.includes('absent-topic')) assert.ok(!answers[0]!.includes(SECRET_TOPIC), name);
    }
    const all = await nobody.request(metadataRequest, metadataResponse, 12, { topics: null });
    assert.deepEqual(all.topics, []);
  });

  test('a consumer that says to be a replica reads nothing', async () => {
    const nobody = await broker.dial('nobody');
    for (const version of [12, 17]) {
      const { responses } = await nobody.request(fetchRequest, fetchResponse, version, {
        ...{ replicaId: 1, replicaState: { replicaId: 1 }, maxWaitMs: 0, minBytes: 0, maxBytes: 1000 },
        ...{ isolationLevel: 0, forgottenTopicsData: [] },
        topics: [
          {
            ...{ topic: topic.name, topicId: topic.id },
            partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
          },
        ],
      });
      const [partition] = responses[0]!.partitions;
      assert.equal(partition!.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    }
  });

  test('nobody but an admin tool writes to the topics of the broker itself', async () => {
    const { topics } = await admin.request(metadataRequest, metadataResponse, 12, {
      topics: [{ name: '__consumer_offsets' }],
    });
    const { name, topicId } = topics[0]!;
    const body = requestsNaming(named(name!, topicId)).get(0)!;
    for (const version of [9, 13])
      assert.deepEqual(
        [...codesIn(await admin.requestByKey(0, version, body))],
        [ErrorCode.INVALID_TOPIC_EXCEPTION],
      );
  });

  test('a topic is not made for somebody who may not, and is for somebody who may', async () => {
    const some = await broker.dial('some');
    const ask = (name: string) =>
      some.request(metadataRequest, metadataResponse, 12, {
        ...{ topics: [{ name }], allowAutoTopicCreation: true },
      });
    const { created, createdInCluster } = permissions.metadata;
    await broker.allowAllBut(created, createdInCluster);
    assert.equal((await ask('made-1')).topics[0]!.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    await broker.allowAllBut(createdInCluster);
    assert.equal((await ask('made-1')).topics[0]!.errorCode, ErrorCode.NONE);
    await broker.allowAllBut(created);
    assert.equal((await ask('made-2')).topics[0]!.errorCode, ErrorCode.NONE);
  });

  test('a refused partition leaves the others of its request alone', async () => {
    await ensureTopic();
    const other = { name: 'open-topic', id: await broker.createTopic('open-topic') };
    const some = await broker.dial('some');
    await broker.allowAllBut({
      ...{ operation: AclOperation.ALL, resourceType: ResourceType.TOPIC, resourceName: SECRET_TOPIC },
    });
    const both = { topics: [topic, other], groups: [GROUP_NAME], transactionalId: TRANSACTIONAL };
    const body = requestsNaming(both).get(0)!;
    const { responses } = await some.request(produceRequest, produceResponse, 13, body as never);
    assert.deepEqual(
      responses.map(({ partitionResponses }) => partitionResponses[0]!.errorCode),
      [ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.NONE],
    );
  });

  test('a regular expression subscribes to no topic that the member may not see', async () => {
    await ensureTopic();
    const open = { name: 'seen-topic', id: await broker.createTopic('seen-topic') };
    const some = await broker.dial('some');
    await broker.allowAllBut({
      ...{ operation: AclOperation.DESCRIBE, resourceType: ResourceType.TOPIC, resourceName: SECRET_TOPIC },
    });
    const member = { groupId: 'by-expression', memberId: 'AAAAAAAAAAAAAAAAAAAAAg' };
    const beat = async (fields: object) =>
      some.request(consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse, 1, {
        ...{ ...member, instanceId: null, rackId: null, rebalanceTimeoutMs: -1, serverAssignor: null },
        ...{ subscribedTopicNames: null, subscribedTopicRegex: null, topicPartitions: null },
        ...(fields as { memberEpoch: number }),
      });
    const joining = { memberEpoch: 0, rebalanceTimeoutMs: 10_000, topicPartitions: [] };
    let answer = await beat({ ...joining, subscribedTopicRegex: '(secret|seen)-topic' });
    const assigned = () => answer.assignment?.topicPartitions ?? [];
    while (assigned().length === 0) {
      assert.equal(answer.errorCode, ErrorCode.NONE);
      await new Promise((done) => setTimeout(done, 20));
      answer = await beat({ memberEpoch: answer.memberEpoch });
    }
    assert.deepEqual(
      assigned().map(({ topicId }) => topicId),
      [open.id],
    );
  });
});

/** Rows that a plain request does not come to; tests of their own do, here and in partly-allowed.test.ts. */
const WANTS_MORE = new Set([
  'produce.transactionalId',
  'offsetDelete.topic',
  'shareAcknowledge.topic',
  'deleteShareGroupOffsets.topic',
  'fetch.cluster',
  'metadata.created',
  'metadata.createdInCluster',
  'consumerGroupDescribe.topic',
  'shareGroupDescribe.topic',
]);

/** APIs that name topics by their ids alone, which are no secret (KIP-516). */
const BY_ID = new Set([78, 79, 83, 84, 85, 86, 87]);
const LAST_VERSION_BY_NAME = new Map([
  [0, 12],
  [1, 12],
  [8, 9],
  [9, 9],
]);

function requestFor(
  { apiKey, what }: Row,
  { minVersion, maxVersion }: { minVersion: number; maxVersion: number },
  names: Named,
): { version: number; body: object } {
  const body = requestsNaming(names).get(apiKey)!;
  const isIdempotent = apiKey === IDEMPOTENT_API && what !== 'transactionalId';
  if (isIdempotent) return { version: maxVersion, body: { ...body, transactionalId: null } };
  // Of other coordinators' keys.
  if (apiKey === 10) {
    const keyTypes: Record<string, number> = { group: 0, transactionalId: 1, cluster: 2 };
    const coordinatorKeys = what === 'cluster' ? [`${GROUP_NAME}:${names.topics[0]!.id}:0`] : [GROUP_NAME];
    return { version: maxVersion, body: { ...body, keyType: keyTypes[what]!, coordinatorKeys } };
  }
  const isOfProducers = apiKey === ADD_PARTITIONS_API && what !== 'cluster';
  return { version: isOfProducers ? 3 : Math.max(minVersion, maxVersion), body };
}
