import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Network, nodeNetwork } from '@moldau/io';
import {
  ErrorCode,
  encodeBatch,
  fetchRequest,
  fetchResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  heartbeatRequest,
  heartbeatResponse,
  listOffsetsRequest,
  listOffsetsResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { FaultProxy } from './faults/fault-proxy.ts';
import { RawClient } from './raw-client.ts';
import { TestKafka, type TestKafkaOptions } from './test-kafka.ts';

const QUICK = { retryBackoffMs: 1, retryBackoffMaxMs: 5, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 5 };

/** In memory unless a raw client is needed. */
function start(options: TestKafkaOptions = {}): Promise<TestKafka> {
  return TestKafka.start({ transport: 'memory', ...options });
}

function dial(kafka: TestKafka, broker = 1): Promise<RawClient> {
  const [, port] = kafka.brokers.split(',')[broker - 1]!.split(':');
  return RawClient.dial({ port: Number(port) });
}

function produce(client: RawClient, topics: Readonly<Record<string, readonly number[]>>) {
  const records = encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.from('v') }] });
  return client.request(produceRequest, produceResponse, 12, {
    acks: -1,
    timeoutMs: 1000,
    topicData: Object.entries(topics).map(([name, partitions]) => ({
      name,
      partitionData: partitions.map((index) => ({ index, records })),
    })),
  });
}

function codesOf(answer: Awaited<ReturnType<typeof produce>>): Record<string, number> {
  return Object.fromEntries(
    answer.responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, errorCode }) => [`${name}-${index}`, errorCode]),
    ),
  );
}

describe('TestKafka', () => {
  it('runs a broker in memory, with the topics that were asked for', async () => {
    await using kafka = await start({ topics: ['a', { name: 'b', partitions: 3 }] });
    const admin = kafka.client().admin();
    const found = await admin.topics.describe(['a', 'b']);
    assert.deepEqual(
      found.map(({ name, partitions }) => [name, partitions.length]),
      [
        ['a', 1],
        ['b', 3],
      ],
    );
  });

  it('listens on real ports for clients of any kind', async () => {
    await using kafka = await start({ transport: 'tcp', settings: { 'num.partitions': 2 } });
    const client = await dial(kafka);
    const answer = await client.request(metadataRequest, metadataResponse, 12, {
      topics: [{ name: 'made' }],
    });
    const again = await client.request(metadataRequest, metadataResponse, 12, { topics: [{ name: 'made' }] });
    assert.equal(again.topics[0]!.partitions.length, 2);
    const [broker] = answer.brokers;
    assert.equal(`${broker!.host}:${broker!.port}`, kafka.brokers);
    client.close();
  });

  it('ends clients and connections at its stop', async () => {
    const kafka = await start();
    const admin = kafka.client().admin();
    await admin.cluster.describe();
    await kafka.stop();
    await assert.rejects(admin.cluster.describe(), { code: 'CLOSED' });
  });

  it('leaves no listener when it is stopped while its doors open again', async () => {
    const kafka = await start({ transport: 'tcp' });
    const refusal = await kafka.faults.refuse();
    refusal.lift();
    await kafka.stop();
    await assert.rejects(dial(kafka), { code: 'ECONNREFUSED' });
  });

  it('leaves nothing that runs when a client has lost records, and tells of them', async () => {
    const kafka = await start({ transport: 'tcp' });
    const producer = kafka.client().producer({ unknownTopicTimeoutMs: 0, allowTopicCreation: false });
    producer.post('nowhere', { value: 'v' });
    await assert.rejects(kafka.stop(), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    await assert.rejects(dial(kafka), { code: 'ECONNREFUSED' });
  });

  it('comes back after a restart, with what was on its disk', async () => {
    await using kafka = await start({ topics: ['kept'] });
    const admin = kafka.client(QUICK).admin();
    await kafka.restart();
    assert.equal((await admin.topics.describe('kept')).length, 1);
  });

  it('lets clients wait for a broker that is away', async () => {
    await using kafka = await start({ topics: ['kept'] });
    const admin = kafka.client(QUICK).admin();
    await admin.cluster.describe();
    const restarted = kafka.restart({ downMs: 30 });
    assert.equal((await admin.topics.describe('kept')).length, 1);
    await restarted;
  });
});

describe('faults of requests', () => {
  it('answers the n-th request with an error, and the broker never sees it', async () => {
    await using kafka = await start();
    const admin = kafka.client(QUICK).admin();
    const fault = kafka.faults.error({ api: 'CreateTopics', nth: 2, code: 'TOPIC_AUTHORIZATION_FAILED' });
    await admin.topics.create({ name: 'first' });
    await assert.rejects(admin.topics.create({ name: 'second' }));
    await admin.topics.create({ name: 'third' });
    const met = await fault.met;
    assert.equal(met.api, 'CreateTopics');
    assert.equal(fault.count, 1);
    const names = (await admin.topics.list()).map(({ name }) => name);
    assert.deepEqual(names.filter((name) => !name.startsWith('_')).sort(), ['first', 'third']);
  });

  it('fails the part of a Produce that is of the topic, and only that', async () => {
    await using kafka = await start({ transport: 'tcp', topics: ['a', { name: 'b', partitions: 2 }] });
    const client = await dial(kafka);
    kafka.faults.error({ api: 'Produce', topic: 'b', partition: 1, code: 'NOT_LEADER_OR_FOLLOWER' });
    const answer = await produce(client, { a: [0], b: [0, 1] });
    const refused = ErrorCode.NOT_LEADER_OR_FOLLOWER;
    assert.deepEqual(codesOf(answer), { 'a-0': 0, 'b-0': 0, 'b-1': refused });
    // As brokers do: each topic once.
    assert.deepEqual(answer.responses.map(({ name }) => name).toSorted(), ['a', 'b']);
    assert.deepEqual(codesOf(await produce(client, { b: [1] })), { 'b-1': 0 });
    client.close();
  });

  it('holds up a request, or its answer', async () => {
    await using kafka = await start();
    const admin = kafka.client().admin();
    await admin.cluster.describe();
    for (const where of ['request', 'answer'] as const) {
      kafka.faults.delay({ api: 'DescribeCluster', ms: 30, where });
      const startedMs = performance.now();
      await admin.cluster.describe();
      assert.ok(performance.now() - startedMs >= 25, where);
    }
  });

  it('drops a connection before the broker has the request, so that the next attempt is the first', async () => {
    await using kafka = await start();
    const admin = kafka.client(QUICK).admin();
    const fault = kafka.faults.drop({ api: 'CreateTopics', when: 'before', afterBytes: 20 });
    await admin.topics.create({ name: 'made' });
    assert.equal(fault.count, 1);
  });

  it('drops a connection after the broker did the work, so that the next attempt is the second', async () => {
    await using kafka = await start();
    const admin = kafka.client(QUICK).admin();
    kafka.faults.drop({ api: 'CreateTopics', when: 'after', afterBytes: 5 });
    await assert.rejects(admin.topics.create({ name: 'made' }), /already/i);
  });

  it('says what is wrong with a fault that makes no sense', async () => {
    await using kafka = await start();
    assert.throws(() => kafka.faults.drop({ api: 'produce', when: 'before' }), /Produce is meant/);
    assert.throws(() => kafka.faults.error({ api: 'Produce', code: 'OUCH' as never }), /no error OUCH/);
    assert.throws(() => kafka.faults.moveLeader({ topic: 'a', partition: 0 }), /start with \{ brokers: 2 \}/);
  });

  it('ends a wait for a fault that is lifted', async () => {
    await using kafka = await start();
    const fault = kafka.faults.drop({ when: 'before', nth: 100 });
    const waiting = assert.rejects(fault.met, /nothing had met it/);
    kafka.faults.lift();
    await waiting;
  });
});

describe('faults of connections', () => {
  it('refuses, and takes connections again when lifted', async () => {
    for (const transport of ['memory', 'tcp'] as const) {
      await using kafka = await start({ transport });
      const admin = kafka.client(QUICK).admin();
      await admin.cluster.describe();
      const refusal = await kafka.faults.refuse();
      await assert.rejects(admin.cluster.describe({ timeoutMs: 50 }));
      refusal.lift();
      await admin.cluster.describe();
    }
  });

  it('has lifted refusals when connections are taken', async () => {
    let mayListen = Promise.resolve();
    const network: Network = {
      ...nodeNetwork,
      listen: (...given) => mayListen.then(() => nodeNetwork.listen(...given)),
    };
    await using proxy = await FaultProxy.start({ upstream: '127.0.0.1:1', brokers: 3, network });
    await proxy.faults.refuse({ broker: 1 });
    await proxy.faults.refuse({ broker: 3 });
    const gate = Promise.withResolvers<void>();
    mayListen = gate.promise;
    let isLifted = false;
    const lifting = proxy.faults.lift().then(() => {
      isLifted = true;
    });
    await new Promise(setImmediate);
    const wasLifted = isLifted;
    gate.resolve();
    await lifting;
    assert.equal(wasLifted, false);
    for (const address of proxy.brokers.split(','))
      (await RawClient.dial({ port: Number(address.split(':')[1]) })).close();
  });

  it('tells whoever waits, and at the latest close(), that a port is taken and so a refusal stays', async () => {
    let isTaken = false;
    const network: Network = {
      ...nodeNetwork,
      listen: (...given) =>
        isTaken ? Promise.reject(new Error('EADDRINUSE')) : nodeNetwork.listen(...given),
    };
    const proxy = await FaultProxy.start({ upstream: '127.0.0.1:1', network });
    {
      // Nobody can wait for this one, and a rejection that is nobody's would end the process.
      using _refusal = await proxy.faults.refuse();
      isTaken = true;
    }
    await new Promise(setImmediate);
    proxy.faults.lift();
    await new Promise(setImmediate);
    await assert.rejects(proxy.faults.lift(), /EADDRINUSE/);
    await assert.rejects(proxy.close(), /EADDRINUSE/);
  });

  it('is silent: connections stay and nothing comes, and what lost bytes ends when lifted', async () => {
    await using kafka = await start();
    const admin = kafka.client(QUICK).admin();
    await admin.cluster.describe();
    const silence = kafka.faults.silence();
    await assert.rejects(admin.cluster.describe({ timeoutMs: 30 }));
    await silence.met;
    silence.lift();
    await admin.cluster.describe();
  });

  it('is slow', async () => {
    await using kafka = await start();
    const admin = kafka.client().admin();
    await admin.cluster.describe();
    const slowness = kafka.faults.slow({ bytesPerSecond: 2000 });
    const startedMs = performance.now();
    await admin.cluster.describe();
    assert.ok(performance.now() - startedMs > 30);
    slowness.lift();
    assert.equal(kafka.faults.dropAll(), 1);
  });
});

describe('several brokers', () => {
  it('lead partitions in turn, and refuse what others lead', async () => {
    await using kafka = await start({ transport: 'tcp', brokers: 2, topics: [{ name: 't', partitions: 2 }] });
    const [one, two] = [await dial(kafka, 1), await dial(kafka, 2)];
    const { topics } = await one.request(metadataRequest, metadataResponse, 12, { topics: [{ name: 't' }] });
    const leaders = topics[0]!.partitions.map(({ leaderId }) => leaderId);
    assert.deepEqual(leaders.toSorted(), [1, 2]);
    const [mine, other] = [leaders.indexOf(1), leaders.indexOf(2)];
    const answer = await produce(one, { t: [mine, other] });
    const refused = ErrorCode.NOT_LEADER_OR_FOLLOWER;
    assert.deepEqual(codesOf(answer), { [`t-${mine}`]: 0, [`t-${other}`]: refused });
    assert.deepEqual(codesOf(await produce(two, { t: [other] })), { [`t-${other}`]: 0 });
    one.close();
    two.close();
  });

  it('move a leader: with a higher epoch, and the former one tells who it is', async () => {
    await using kafka = await start({ transport: 'tcp', brokers: 2, topics: ['t'] });
    const client = await dial(kafka, 1);
    const leader = async () => {
      const answer = await client.request(metadataRequest, metadataResponse, 12, { topics: [{ name: 't' }] });
      const { leaderId, leaderEpoch } = answer.topics[0]!.partitions[0]!;
      return { leaderId, leaderEpoch };
    };
    if ((await leader()).leaderId !== 1) kafka.faults.moveLeader({ topic: 't', partition: 0 });
    const before = await leader();
    assert.equal(before.leaderId, 1);
    const move = kafka.faults.moveLeader({ topic: 't', partition: 0 });
    const now = await leader();
    assert.deepEqual(now, { leaderId: 2, leaderEpoch: before.leaderEpoch + 1 });
    const part = (await produce(client, { t: [0] })).responses[0]!.partitionResponses[0]!;
    assert.equal(part.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assert.deepEqual(part.currentLeader, now);
    assert.equal((await move.met).api, 'Produce');
    move.lift();
    assert.deepEqual(await leader(), { leaderId: 1, leaderEpoch: before.leaderEpoch + 2 });
    client.close();
  });

  it('take the epochs that clients were told', async () => {
    await using kafka = await start({ transport: 'tcp', brokers: 2, topics: ['t'] });
    const client = await dial(kafka, 1);
    const metadata = () => client.request(metadataRequest, metadataResponse, 12, { topics: [{ name: 't' }] });
    let partition = (await metadata()).topics[0]!.partitions[0]!;
    for (let moves = 0; moves < 2 || partition.leaderId !== 1; moves++) {
      kafka.faults.moveLeader({ topic: 't', partition: 0 });
      partition = (await metadata()).topics[0]!.partitions[0]!;
    }
    const { leaderEpoch: currentLeaderEpoch } = partition;
    assert.equal(codesOf(await produce(client, { t: [0] }))['t-0'], 0);
    const { topics } = await client.request(listOffsetsRequest, listOffsetsResponse, 7, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, currentLeaderEpoch, timestamp: -1 }] }],
    });
    assert.deepEqual([topics[0]!.partitions[0]!.errorCode, topics[0]!.partitions[0]!.offset], [0, 1]);
    client.close();
  });

  it('tell a session of fetches of a leader that moved', async () => {
    await using kafka = await start({ transport: 'tcp', brokers: 2, topics: ['t'] });
    const clients = [await dial(kafka, 1), await dial(kafka, 2)];
    const fetch = async (client: RawClient, sessionId: number, sessionEpoch: number) => {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
      const answer = await client.request(fetchRequest, fetchResponse, 12, {
        ...{ maxWaitMs: 10_000, minBytes: 0, sessionId, sessionEpoch, forgottenTopicsData: [] },
        topics: sessionEpoch === 0 ? [{ topic: 't', partitions }] : [],
      });
      return answer;
    };
    const answers = [await fetch(clients[0]!, 0, 0), await fetch(clients[1]!, 0, 0)];
    const isLeader = answers.map(({ responses }) => responses[0]!.partitions[0]!.errorCode === 0);
    assert.deepEqual(isLeader.toSorted(), [false, true]);
    const leader = isLeader.indexOf(true);
    const { sessionId } = answers[leader]!;
    assert.deepEqual((await fetch(clients[leader]!, sessionId, 1)).responses, []);
    kafka.faults.moveLeader({ topic: 't', partition: 0 });
    const told = (await fetch(clients[leader]!, sessionId, 2)).responses[0]!.partitions[0]!;
    assert.equal(told.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assert.equal(told.currentLeader.leaderId, 2 - leader);
    for (const client of clients) client.close();
  });

  it('move a coordinator', async () => {
    await using kafka = await start({ transport: 'tcp', brokers: 2 });
    const clients = [await dial(kafka, 1), await dial(kafka, 2)];
    const find = async () => {
      const body = { keyType: 0, coordinatorKeys: ['g'] };
      const answer = await clients[0]!.request(findCoordinatorRequest, findCoordinatorResponse, 4, body);
      return answer.coordinators[0]!.nodeId;
    };
    const heartbeat = (broker: number) =>
      clients[broker - 1]!.request(heartbeatRequest, heartbeatResponse, 4, {
        groupId: 'g',
        generationId: 1,
        memberId: 'm',
      });
    const before = await find();
    assert.equal((await heartbeat(before)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
    const move = kafka.faults.moveCoordinator({ group: 'g' });
    assert.notEqual(await find(), before);
    assert.equal((await heartbeat(before)).errorCode, ErrorCode.NOT_COORDINATOR);
    assert.equal((await move.met).broker, before);
    assert.equal((await heartbeat(await find())).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
    for (const client of clients) client.close();
  });
});
