// What the admin does with brokers, replicas, producers and transactions, against a broker in this process, or the one at MOLDAU_TEST_BROKERS
// (host:port) if that is set, which needs two log.dirs for all of it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  ErrorCode,
  encodeBatch,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { has, lacks } from '../cluster/testing-elsewhere.ts';
import { PartialFailureError } from '../errors/kafka-error.ts';
import type { Admin } from './admin.ts';
import { AdminWorld, eventually } from './testing-admin.ts';

const PRODUCE = { request: produceRequest, response: produceResponse, maxVersion: 11 };
const ADD_PARTITIONS = {
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  maxVersion: 3,
};

describe('the admin of brokers and partitions', () => {
  let world: AdminWorld;
  let admin: Admin;
  let brokerId: number;

  before(async () => {
    world = await AdminWorld.start({ logDirs: ['one', 'two'] });
    admin = world.admin;
    brokerId = (await admin.cluster.describe()).brokers[0]!.id;
  });
  after(() => world.stop());

  it('describes topics by id, and deletes them so', async (test) => {
    if (await lacks(test, 'topics by id')) return;
    const topic = await world.made(2);
    const [found] = await admin.topics.describe(topic, { includeAuthorizedOperations: true });
    const id = found!.id!;
    assert.ok(found!.authorizedOperations === undefined || found!.authorizedOperations.includes('read'));
    const described = await admin.topics.describe([{ id }, topic]);
    assert.deepEqual(
      described.map(({ name, partitions }) => [name, partitions.length]),
      [
        [topic, 2],
        [topic, 2],
      ],
    );
    await admin.topics.delete({ id });
    await assert.rejects(admin.topics.delete({ id }), { code: 'UNKNOWN_TOPIC_ID', topic: id });
  });

  it('tells what brokers speak', async () => {
    const [broker] = await admin.cluster.apiVersions({ brokerIds: [brokerId] });
    assert.equal(broker!.brokerId, brokerId);
    const metadata = broker!.apis.find(({ apiKey }) => apiKey === 3)!;
    assert.ok(metadata.maxVersion >= 9 && metadata.minVersion <= 4);
  });

  it('tells features and their levels, and checks changes of them', async (test) => {
    if (await lacks(test, 'the quorum')) return;
    const { finalized, supported } = await admin.features.describe();
    const level = finalized.get('metadata.version')!.maxLevel;
    assert.ok(supported.get('metadata.version')!.maxLevel >= level);
    const { maxLevel } = supported.get('metadata.version')!;
    const update = { feature: 'metadata.version', level: maxLevel + 1 };
    await assert.rejects(admin.features.update(update, { validateOnly: true }), {
      code: 'INVALID_UPDATE_VERSION',
    });
    await assert.rejects(admin.features.update([{ feature: 'nonsense', level: 1 }]), {
      code: 'INVALID_UPDATE_VERSION',
    });
  });

  it('tells how the quorum stands, and says when its voters cannot be changed', async (test) => {
    if (await lacks(test, 'the quorum')) return;
    const { leaderId, voters, highWatermark } = await admin.quorum.describe();
    assert.ok(voters.some(({ id, logEndOffset }) => id === leaderId && logEndOffset >= highWatermark - 1));
    const voter = { id: 77, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ' };
    await assert.rejects(admin.quorum.removeVoter(voter), { code: 'UNSUPPORTED_VERSION' });
    const listeners = [{ name: 'CONTROLLER', host: 'nowhere', port: 9093 }];
    await assert.rejects(admin.quorum.addVoter(voter, listeners), { code: 'UNSUPPORTED_VERSION' });
  });

  it('tells of the cluster what is asked, and forgets brokers that are gone', async (test) => {
    if (await lacks(test, 'fenced brokers')) return;
    const described = await admin.cluster.describe({
      includeFencedBrokers: true,
      includeAuthorizedOperations: true,
    });
    assert.equal(described.brokers.find(({ id }) => id === brokerId)!.isFenced, false);
    assert.ok(
      described.authorizedOperations === undefined || described.authorizedOperations.includes('create'),
    );
    await assert.rejects(admin.cluster.unregisterBroker(12_345), {
      code: 'BROKER_ID_NOT_REGISTERED',
      message: /^broker 12345: /,
    });
  });

  it('lists what has configuration, and keeps that of client metrics and of groups', async (test) => {
    if (await lacks(test, 'configuration of groups')) return;
    const metrics = { type: 'client-metrics', name: world.name() } as const;
    const group = { type: 'group', name: world.name() } as const;
    await admin.configs.alter([
      { resource: metrics, set: { 'interval.ms': 60_000, metrics: 'org.apache.kafka.producer.' } },
      { resource: group, set: { 'consumer.heartbeat.interval.ms': 6_000 } },
    ]);
    const isListed = (
      resource: { type: string; name: string },
      found: readonly { type: string; name: string }[],
    ) => found.some(({ type, name }) => type === resource.type && name === resource.name);
    await eventually(
      () => admin.configs.list({ types: ['client-metrics'] }),
      (found) => isListed(metrics, found),
    );
    const all = await eventually(
      () => admin.configs.list(),
      (found) => isListed(group, found),
    );
    assert.ok(isListed({ type: 'broker', name: String(brokerId) }, all));
    const [told] = await admin.configs.describe(group, { keys: ['consumer.heartbeat.interval.ms'] });
    assert.equal(told!.entries.get('consumer.heartbeat.interval.ms')!.value, '6000');
    await admin.configs.alter({ resource: metrics, remove: ['interval.ms', 'metrics'] });
    const loggers = await admin.configs.describe({ type: 'broker-logger', name: String(brokerId) });
    assert.equal(loggers.length, 1);
  });

  it('elects leaders, and tells apart those who lead already from those who cannot', async () => {
    const topic = await world.made(2);
    assert.deepEqual(await admin.leaders.elect({ topic, partition: 1 }), []);
    assert.deepEqual(await admin.leaders.elect('all'), []);
    const missing = { topic, partition: 9 };
    await assert.rejects(admin.leaders.elect([{ topic, partition: 0 }, missing], { type: 'unclean' }), {
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      partition: 9,
    });
  });

  it('moves partitions, and says of each that cannot be moved why', async () => {
    const topic = await world.made(2);
    await admin.reassignments.alter({ topic, partition: 0, replicas: [brokerId] });
    const moves = [
      { topic, partition: 0, replicas: [12_345] },
      { topic, partition: 1, replicas: [brokerId] },
    ];
    await assert.rejects(admin.reassignments.alter(moves), (error) => {
      assert.ok(error instanceof PartialFailureError);
      assert.deepEqual(
        error.errors.map(({ code, partition }) => [code, partition]),
        [['INVALID_REPLICA_ASSIGNMENT', 0]],
      );
      assert.equal(error.results.length, 2);
      return true;
    });
    assert.deepEqual(await admin.reassignments.list({ partitions: [{ topic, partition: 0 }] }), []);
    await assert.rejects(admin.reassignments.cancel({ topic, partition: 0 }), {
      code: 'NO_REASSIGNMENT_IN_PROGRESS',
    });
  });

  it('tells where replicas are, and moves them to other log directories', async (test) => {
    const topic = await world.made();
    await world.write(topic, 0, [1, 2, 3]);
    const replica = { topic, partition: 0, brokerId };
    const dirs = await admin.logDirs.describe();
    assert.ok(dirs.every(({ error }) => error === undefined));
    if (await has('sizes of log directories')) assert.ok(dirs.every(({ totalBytes }) => totalBytes! > 0));
    const [told] = await admin.logDirs.describe({ brokerIds: [brokerId], partitions: [replica] });
    assert.equal(told!.brokerId, brokerId);
    const [place] = await admin.logDirs.replicas([replica]);
    assert.equal(place!.offsetLag, 0);
    await assert.rejects(admin.logDirs.alter({ ...replica, path: '/not/there' }), {
      code: 'LOG_DIR_NOT_FOUND',
      message: new RegExp(`^${topic}, partition 0, to /not/there of broker ${brokerId}: `),
    });
    const other = dirs.find(({ path }) => path !== place!.path);
    if (other === undefined) return test.skip('the broker has one log directory only');
    await admin.logDirs.alter({ ...replica, path: other.path });
    await eventually(
      () => admin.logDirs.replicas(replica),
      ([now]) => now!.path === other.path && now!.futurePath === undefined,
    );
  });

  it('shuts out producers, tells how transactions stand, and ends one that hangs', async (test) => {
    if (await lacks(test, 'listing of transactions')) return;
    const topic = await world.made(2);
    const [one, other] = [world.name(), world.name()];
    const [first] = await admin.transactions.fence([one, other]);
    const [again] = await admin.transactions.fence(one);
    assert.equal(again!.producerId, first!.producerId);
    assert.ok(again!.producerEpoch > first!.producerEpoch);
    const { producerId, producerEpoch } = again!;
    await begin(one, producerId, producerEpoch, topic, 0);

    const listed = await admin.transactions.list({ states: ['ongoing'], producerIds: [producerId] });
    assert.deepEqual(
      listed.map(({ transactionalId, state }) => [transactionalId, state]),
      [[one, 'ongoing']],
    );
    assert.deepEqual(
      await admin.transactions.list({ producerIds: [producerId], minDurationMs: 600_000 }),
      [],
    );
    const byPattern = await admin.transactions.list({ transactionalIdPattern: `${other}.*` });
    assert.deepEqual(
      byPattern.map(({ transactionalId, state }) => [transactionalId, state]),
      [[other, 'empty']],
    );
    const [described] = await admin.transactions.describe([one]);
    assert.deepEqual(described!.partitions, [{ topic, partition: 0 }]);
    assert.ok(described!.startedMs! <= Date.now() && described!.timeoutMs > 0);
    const missing = world.name();
    await assert.rejects(admin.transactions.describe([one, missing]), (error) => {
      assert.ok(error instanceof PartialFailureError);
      return error.errors[0]!.message.startsWith(`transactional id ${missing}: `);
    });

    const both = [0, 1].map((partition) => ({ topic, partition }));
    const [busy, idle] = await admin.producers.describe(both);
    assert.equal(busy!.producers[0]!.transactionStartOffset, 0);
    assert.deepEqual(idle!.producers, []);
    assert.deepEqual(await admin.producers.describe(both, { brokerId }), [busy, idle]);
    await assert.rejects(
      admin.producers.describe(
        [
          { topic, partition: 0 },
          { topic, partition: 9 },
        ],
        { brokerId },
      ),
      {
        code: 'PARTIAL_FAILURE',
      },
    );
    const old = { partitions: both, olderThanMs: -60_000 };
    assert.deepEqual(await admin.transactions.findHanging(old), [], 'its coordinator knows of it');
    await admin.transactions.abort({ ...both[0]!, producerId, producerEpoch, coordinatorEpoch: 0 });
    const [ended] = await admin.producers.describe(both[0]!);
    assert.equal(ended!.producers[0]!.transactionStartOffset, undefined);
    await admin.transactions.fence(one);
    assert.equal((await admin.transactions.describe(one))[0]!.partitions.length, 0);
  });

  /** A transaction with a record in a partition. */
  async function begin(
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    topic: string,
    partition: number,
  ): Promise<void> {
    await world.cluster.request(
      ADD_PARTITIONS,
      {
        ...{
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
        },
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      },
      {
        to: { coordinatorOf: 'transaction', key: transactionalId },
        retry: {
          errorOf: ({ resultsByTopicV3AndBelow }) =>
            resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode,
        },
      },
    );
    const records = encodeBatch({
      ...{ producerId, producerEpoch, baseSequence: 0, isTransactional: true },
      records: [{ timestamp: Date.now(), key: null, value: Buffer.from('v') }],
    });
    const answer = await world.cluster.request(
      PRODUCE,
      {
        transactionalId,
        acks: -1,
        timeoutMs: 10_000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
      },
      {
        ...{ to: { leaderOf: { topic, partition } }, purpose: 'produce' },
        retry: { errorOf: ({ responses }) => responses[0]!.partitionResponses[0]!.errorCode },
      },
    );
    assert.equal(answer.responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
  }
});
