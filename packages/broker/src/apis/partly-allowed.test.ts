// Transactions and groups of somebody who may do most of it: what the table of permissions forbids is refused, and nothing of it is done,
// while the rest goes on. Rows that a plain request does not come to (authorization.test.ts).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
  ErrorCode,
  encodeBatch,
  endTxnRequest,
  endTxnResponse,
  fetchRequest,
  fetchResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  offsetCommitRequest,
  offsetCommitResponse,
  offsetDeleteRequest,
  offsetDeleteResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  produceRequest,
  produceResponse,
  shareAcknowledgeRequest,
  shareAcknowledgeResponse,
  shareFetchRequest,
  shareFetchResponse,
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
} from '@moldau/protocol';
import type { RawClient } from '@moldau/testing';
import { permissions } from '../security/authorization/permissions.ts';
import { BrokerWithUsers } from './testing-users.ts';

const { NONE, TOPIC_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED } = ErrorCode;
const OPEN = 'open-topic';
const SECRET = 'secret-topic';
const ACCEPT = 1;
const OPERATIONS_NOT_ASKED = -2147483648;

function recordsOf(count: number, fields: object = {}): Buffer {
  return encodeBatch({
    records: Array.from({ length: count }, () => ({ timestamp: 0, key: null, value: Buffer.from('v') })),
    ...fields,
  });
}

describe('somebody who may do most of it', () => {
  let broker: BrokerWithUsers;
  let admin: RawClient;
  let some: RawClient;
  let openId: string;
  let secretId: string;

  before(async () => {
    broker = await BrokerWithUsers.start();
    admin = broker.admin;
    some = await broker.dial('some');
    openId = await broker.createTopic(OPEN);
    secretId = await broker.createTopic(SECRET);
  });
  after(() => broker.stop());

  function produce(client: RawClient, transactionalId: string | null, names: string[], records: Buffer) {
    return client.request(produceRequest, produceResponse, 12, {
      ...{ transactionalId, acks: -1, timeoutMs: 10_000 },
      topicData: names.map((name) => ({ name, partitionData: [{ index: 0, records }] })),
    });
  }

  async function produced(...asked: Parameters<typeof produce>): Promise<Record<string, number>> {
    const { responses } = await produce(...asked);
    return Object.fromEntries(
      responses.map(({ name, partitionResponses }) => [name, partitionResponses[0]!.errorCode]),
    );
  }

  test('writes nothing in a transaction that is not its own, and the transaction goes on', async () => {
    const transactionalId = 'a-transaction';
    const { producerId, producerEpoch } = await admin.request(
      initProducerIdRequest,
      initProducerIdResponse,
      5,
      { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 },
    );
    const batch = (baseSequence: number) =>
      recordsOf(1, { producerId, producerEpoch, baseSequence, isTransactional: true });
    assert.deepEqual(await produced(admin, transactionalId, [OPEN], batch(0)), { [OPEN]: NONE });
    await broker.allowAllBut({ ...permissions.produce.transactionalId, resourceName: transactionalId });
    const refused = { [OPEN]: TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
    assert.deepEqual(await produced(some, transactionalId, [OPEN], batch(1)), refused);
    assert.deepEqual(await produced(some, null, [OPEN], batch(1)), refused);
    // Records outside of transactions need no right to one.
    assert.deepEqual(await produced(some, transactionalId, [OPEN], recordsOf(1)), { [OPEN]: NONE });
    // Nothing of the refused was taken: the sequence goes on where it was.
    assert.deepEqual(await produced(admin, transactionalId, [OPEN], batch(1)), { [OPEN]: NONE });
    const ended = await admin.request(endTxnRequest, endTxnResponse, 5, {
      ...{ transactionalId, producerId, producerEpoch, committed: true },
    });
    assert.equal(ended.errorCode, NONE);
  });

  test('writes in its transaction only to topics that it may write to', async () => {
    const transactionalId = 'its-own';
    await broker.allowAllBut({ ...permissions.produce.topic, resourceName: SECRET });
    const { producerId, producerEpoch } = await some.request(
      initProducerIdRequest,
      initProducerIdResponse,
      5,
      { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 },
    );
    const batch = recordsOf(1, { producerId, producerEpoch, baseSequence: 0, isTransactional: true });
    assert.deepEqual(await produced(some, transactionalId, [OPEN, SECRET], batch), {
      [OPEN]: NONE,
      [SECRET]: TOPIC_AUTHORIZATION_FAILED,
    });
    const { responses } = await admin.request(fetchRequest, fetchResponse, 11, {
      ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, isolationLevel: 0, forgottenTopicsData: [] },
      topics: [
        { topic: SECRET, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }] },
      ],
    });
    assert.equal(responses[0]!.partitions[0]!.highWatermark, 0);
  });

  test('forgets no offsets of topics that it may not read', async () => {
    const groupId = 'with-offsets';
    await admin.request(offsetCommitRequest, offsetCommitResponse, 9, {
      ...{ groupId, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
      topics: [OPEN, SECRET].map((name) => ({
        ...{ name, partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }] },
      })),
    });
    await broker.allowAllBut({ ...permissions.offsetDelete.topic, resourceName: SECRET });
    const { errorCode, topics } = await some.request(offsetDeleteRequest, offsetDeleteResponse, 0, {
      groupId,
      topics: [OPEN, SECRET].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] })),
    });
    assert.equal(errorCode, NONE);
    assert.deepEqual(
      Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions[0]!.errorCode])),
      { [OPEN]: NONE, [SECRET]: TOPIC_AUTHORIZATION_FAILED },
    );
    const { groups } = await admin.request(offsetFetchRequest, offsetFetchResponse, 8, {
      groups: [{ groupId, topics: null }],
    });
    assert.deepEqual(
      groups[0]!.topics.map(({ name }) => name),
      [SECRET],
    );
  });

  test('sees no group of consumers of which one has a topic that it may not see', async () => {
    const join = async (groupId: string, memberId: string, topic: string) => {
      const answer = await admin.request(consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse, 1, {
        ...{ groupId, memberId, memberEpoch: 0, rebalanceTimeoutMs: 10_000, topicPartitions: [] },
        subscribedTopicNames: [topic],
      });
      assert.equal(answer.errorCode, NONE);
    };
    await join('open-group', 'a', OPEN);
    await join('mixed-group', 'a', SECRET);
    await join('mixed-group', 'b', OPEN);
    // Subscribed alone, nothing to be read: the group shows a name that its client gave.
    await join('waiting-group', 'a', 'secret-topic-to-come');
    await broker.allowAllBut({ ...permissions.consumerGroupDescribe.topic, resourceName: SECRET });
    const { groups } = await some.request(consumerGroupDescribeRequest, consumerGroupDescribeResponse, 1, {
      ...{ groupIds: ['open-group', 'mixed-group', 'waiting-group'], includeAuthorizedOperations: true },
    });
    assert.deepEqual(
      groups.map(({ groupId, errorCode, members }) => [groupId, errorCode, members.length]),
      [
        ['open-group', NONE, 1],
        ['mixed-group', TOPIC_AUTHORIZATION_FAILED, 0],
        ['waiting-group', NONE, 1],
      ],
    );
    const [, hidden] = groups;
    assert.ok(!JSON.stringify(hidden).includes(SECRET));
    assert.equal(hidden!.authorizedOperations, OPERATIONS_NOT_ASKED);
  });

  async function configureFromEarliest(groupId: string): Promise<void> {
    await admin.request(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, 1, {
      resources: [
        {
          ...{ resourceType: 32, resourceName: groupId },
          configs: [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }],
        },
      ],
      validateOnly: false,
    });
  }

  async function joinShare(groupId: string, topics: string[]): Promise<void> {
    await configureFromEarliest(groupId);
    for (let memberEpoch = 0, assigned = 0; assigned < topics.length; ) {
      const answer = await admin.request(shareGroupHeartbeatRequest, shareGroupHeartbeatResponse, 1, {
        ...{ groupId, memberId: 'm', memberEpoch, subscribedTopicNames: topics },
      });
      assert.equal(answer.errorCode, NONE);
      memberEpoch = answer.memberEpoch;
      assigned = answer.assignment?.topicPartitions.length ?? 0;
    }
  }

  test('sees no share group of which a member has a topic that it may not see', async () => {
    await joinShare('open-share', [OPEN]);
    await joinShare('secret-share', [OPEN, SECRET]);
    await broker.allowAllBut({ ...permissions.shareGroupDescribe.topic, resourceName: SECRET });
    const { groups } = await some.request(shareGroupDescribeRequest, shareGroupDescribeResponse, 1, {
      ...{ groupIds: ['open-share', 'secret-share'], includeAuthorizedOperations: true },
    });
    assert.deepEqual(
      groups.map(({ groupId, errorCode, members }) => [groupId, errorCode, members.length]),
      [
        ['open-share', NONE, 1],
        ['secret-share', TOPIC_AUTHORIZATION_FAILED, 0],
      ],
    );
    assert.ok(!JSON.stringify(groups[1]).includes(SECRET));
  });

  /** A share group that is given the records of both topics, the next epoch of its session, and how to acknowledge. */
  async function given(groupId: string) {
    await produce(admin, null, [OPEN, SECRET], recordsOf(2));
    await joinShare(groupId, [OPEN, SECRET]);
    const waiting = new Set([openId, secretId]);
    let epoch = 0;
    while (waiting.size > 0) {
      const { responses } = await admin.request(shareFetchRequest, shareFetchResponse, 2, {
        ...{ groupId, memberId: 'm', shareSessionEpoch: epoch++, maxWaitMs: 5000, minBytes: 1 },
        ...{ maxBytes: 1_000_000, maxRecords: 500, batchSize: 500, forgottenTopicsData: [] },
        topics: [openId, secretId].map((topicId) => ({
          topicId,
          partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }],
        })),
      });
      for (const { topicId, partitions } of responses)
        if (partitions.some(({ acquiredRecords }) => acquiredRecords.length > 0)) waiting.delete(topicId);
    }
    return async (client: RawClient, firstOffset: number, ...topicIds: string[]) => {
      const { errorCode, responses } = await client.request(
        shareAcknowledgeRequest,
        shareAcknowledgeResponse,
        2,
        {
          ...{ groupId, memberId: 'm', shareSessionEpoch: epoch++ },
          topics: topicIds.map((topicId) => ({
            topicId,
            partitions: [
              {
                partitionIndex: 0,
                acknowledgementBatches: [
                  { firstOffset, lastOffset: firstOffset, acknowledgeTypes: [ACCEPT] },
                ],
              },
            ],
          })),
        },
      );
      assert.equal(errorCode, NONE);
      return Object.fromEntries(
        responses.map(({ topicId, partitions }) => [topicId, partitions[0]!.errorCode]),
      );
    };
  }

  test('acknowledges no records of topics that it may not read', async () => {
    const acknowledge = await given('acknowledging');
    await broker.allowAllBut({ ...permissions.shareAcknowledge.topic, resourceName: SECRET });
    assert.deepEqual(await acknowledge(some, 0, openId, secretId), {
      [openId]: NONE,
      [secretId]: TOPIC_AUTHORIZATION_FAILED,
    });
    // The record is as it was: who may read the topic acknowledges it now.
    assert.deepEqual(await acknowledge(admin, 0, secretId), { [secretId]: NONE });
  });

  test('forgets not where a share group is in topics that it may not read', async () => {
    const groupId = 'forgetting';
    const acknowledge = await given(groupId);
    await acknowledge(admin, 0, openId, secretId);
    await admin.request(shareGroupHeartbeatRequest, shareGroupHeartbeatResponse, 1, {
      ...{ groupId, memberId: 'm', memberEpoch: -1, subscribedTopicNames: null },
    });
    await broker.allowAllBut({ ...permissions.deleteShareGroupOffsets.topic, resourceName: SECRET });
    const { errorCode, responses } = await some.request(
      deleteShareGroupOffsetsRequest,
      deleteShareGroupOffsetsResponse,
      0,
      { groupId, topics: [OPEN, SECRET].map((topicName) => ({ topicName })) },
    );
    assert.equal(errorCode, NONE);
    assert.deepEqual(
      responses.map((topic) => [topic.topicName, topic.errorCode]),
      [
        [SECRET, TOPIC_AUTHORIZATION_FAILED],
        [OPEN, NONE],
      ],
    );
    assert.ok(!JSON.stringify(responses).includes(secretId));
    const { groups } = await admin.request(
      describeShareGroupOffsetsRequest,
      describeShareGroupOffsetsResponse,
      1,
      { groups: [{ groupId, topics: null }] },
    );
    assert.deepEqual(
      groups[0]!.topics.map(({ topicName }) => topicName),
      [SECRET],
    );
  });
});
