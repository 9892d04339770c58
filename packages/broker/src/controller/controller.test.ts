import assert from 'node:assert/strict';
import test from 'node:test';
import { type Logger, silentLogger } from '@moldau/io';
import {
  EmbeddedMetadataStore,
  GROUP_METADATA_TOPIC,
  SHARE_GROUP_STATE_TOPIC,
  TRANSACTION_STATE_TOPIC,
} from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { MemoryDisk, SeededRandom } from '@moldau/testing';
import { BrokerConfig } from '../config/broker-config.ts';
import { MetadataFollower } from '../replication/metadata-follower.ts';
import { Controller } from './controller.ts';

async function startController(
  options: { disk?: MemoryDisk; logger?: Logger; snapshotMinLogBytes?: number; brokers?: number } = {},
) {
  const { disk = new MemoryDisk(), logger = silentLogger, brokers = 1, ...storeOptions } = options;
  await disk.makeDirectory('/data');
  await disk.syncDirectory('/');
  const store = await EmbeddedMetadataStore.open({
    disk,
    logger,
    directory: '/data/metadata',
    ...storeOptions,
  });
  const follower = new MetadataFollower();
  const session = await store.openSession(1);
  await store.watch(0, follower);
  const controller = new Controller({
    ...{ store, follower, logger },
    controllerEpoch: await session.claimController(),
    config: BrokerConfig.of({}),
    random: new SeededRandom(1),
  });
  for (let brokerId = 1; brokerId <= brokers; brokerId += 1) {
    await controller.registerBroker({ brokerId, endpoints: [], rack: null });
  }
  return { disk, store, controller, image: follower.image, follower };
}

function creation(name: string, numPartitions = 1) {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  return { topics: [topic], validateOnly: false };
}

test('answers when the log holds the records, and they are there after a power cut', async () => {
  const { disk, controller } = await startController();
  const [created] = await controller.createTopics(creation('orders', 3));
  disk.powerCut();
  const again = await startController({ disk });
  assert.equal(again.image.topicByName('orders')?.id, created?.topicId);
  assert.equal(again.image.topicByName('orders')?.partitionCount, 3);
});

test('ten thousand concurrent creations share a few fsyncs', async () => {
  const { disk, controller, image } = await startController();
  const before = disk.counts.get('sync') ?? 0;
  const names = Array.from({ length: 10_000 }, (_, n) => `topic-${n}`);
  await Promise.all(names.map((name) => controller.createTopics(creation(name))));
  assert.equal(image.topicCount, 10_000);
  const syncs = (disk.counts.get('sync') ?? 0) - before;
  assert.ok(syncs <= 10, `${syncs} syncs`);
});

test('of two concurrent creations of one name the second fails', async () => {
  const { controller } = await startController();
  const answers = await Promise.all([
    controller.createTopics(creation('orders')),
    controller.createTopics(creation('orders')),
    controller.autoCreateTopics(['orders', 'payments']),
  ]);
  assert.equal(answers[0][0]?.errorCode, ErrorCode.NONE);
  assert.equal(answers[1][0]?.errorCode, ErrorCode.TOPIC_ALREADY_EXISTS);
  assert.deepEqual([...answers[2]], []);
});

test('a full disk refuses the change and takes the next one', async () => {
  const { disk, controller, image } = await startController();
  disk.fail({ operation: 'write', code: 'ENOSPC', writtenBytes: 7 });
  await assert.rejects(controller.createTopics(creation('a')), (error: Error) => {
    return error instanceof KafkaError && error.code === ErrorCode.KAFKA_STORAGE_ERROR;
  });
  await controller.createTopics(creation('b'));
  assert.deepEqual(image.sortedTopicNames(), ['b']);
});

test('a controller that was succeeded answers NOT_CONTROLLER', async () => {
  const { store, controller } = await startController();
  await (await store.openSession(2)).claimController();
  await assert.rejects(controller.createTopics(creation('a')), (error: Error) => {
    return error instanceof KafkaError && error.code === ErrorCode.NOT_CONTROLLER;
  });
});

test('writes a snapshot when the log has grown, and goes on without one that fails', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: object, message: string) => void warnings.push(message) };
  const { disk, controller, image } = await startController({ logger, snapshotMinLogBytes: 300 });
  disk.fail({ operation: 'rename', code: 'EIO' });
  for (let n = 0; n < 30; n += 1) await controller.createTopics(creation(`topic-${n}`));
  await controller.createTopics(creation('last'));
  assert.equal(warnings.length, 1);
  disk.kill();
  const again = await startController({ disk });
  assert.deepEqual(again.image.sortedTopicNames(), image.sortedTopicNames());
  const names = (await disk.list('/data/metadata')).map(({ name }) => name);
  assert.equal(names.filter((name) => name.endsWith('.snapshot')).length, 1);
});

test('makes internal topics as they have to be, with no more replicas than there are brokers', async () => {
  const { controller, image } = await startController({ brokers: 2 });
  await Promise.all([
    controller.ensureTopic(GROUP_METADATA_TOPIC),
    controller.ensureTopic(GROUP_METADATA_TOPIC),
  ]);
  const groups = image.topicByName(GROUP_METADATA_TOPIC)!;
  assert.equal(groups.partitionCount, 50);
  assert.equal(groups.partition(0)?.replicas.length, 2);
  assert.deepEqual(Object.fromEntries(image.topicConfigs(GROUP_METADATA_TOPIC)), {
    'cleanup.policy': 'compact',
    'compression.type': 'producer',
    'segment.bytes': '104857600',
  });
  await controller.autoCreateTopics([TRANSACTION_STATE_TOPIC]);
  assert.equal(image.topicConfigs(TRANSACTION_STATE_TOPIC).get('cleanup.policy'), 'compact');
  assert.equal(image.topicConfigs(TRANSACTION_STATE_TOPIC).get('min.insync.replicas'), '2');
  await controller.ensureTopic(SHARE_GROUP_STATE_TOPIC);
  assert.equal(image.topicConfigs(SHARE_GROUP_STATE_TOPIC).get('moldau.durability'), 'replicated');
});

test('auto-creation reports what it could not create', async () => {
  const { controller } = await startController();
  const errors = await controller.autoCreateTopics(['a.b', 'a_b', 'bad/name']);
  assert.deepEqual(
    [...errors],
    [
      ['a_b', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['bad/name', ErrorCode.INVALID_TOPIC_EXCEPTION],
    ],
  );
});

test('initial topics are made once, with the replicas that can be had', async () => {
  const { controller, image } = await startController();
  const topics = [
    { name: 'orders', partitions: 3, replicas: 3, configs: new Map([['cleanup.policy', 'compact']]) },
  ];
  await controller.createInitialTopics(topics);
  assert.deepEqual(await controller.createInitialTopics(topics), []);
  assert.equal(image.topicByName('orders')?.partitionCount, 3);
  assert.equal(image.topicConfigs('orders').get('cleanup.policy'), 'compact');
});

test('never hands out a producer id twice, also after a crash', async () => {
  const { disk, controller } = await startController();
  const [one, two] = await Promise.all([controller.reserveProducerIds(), controller.reserveProducerIds()]);
  assert.deepEqual(
    [one, two],
    [
      { first: 0, count: 1000 },
      { first: 1000, count: 1000 },
    ],
  );
  disk.powerCut();
  const again = await startController({ disk });
  assert.equal((await again.controller.reserveProducerIds()).first, 2000);
});

test('forms a cluster once, and registers a broker anew only when it has changed', async () => {
  const { controller, follower, image } = await startController();
  await controller.formCluster('first');
  await controller.formCluster('second');
  assert.equal(image.clusterId, 'first');
  const { position } = follower;
  await controller.registerBroker({ brokerId: 1, endpoints: [], rack: null });
  assert.equal(follower.position, position);
  await controller.registerBroker({ brokerId: 1, endpoints: [], rack: 'r' });
  assert.equal(image.brokers.get(1)?.rack, 'r');
});

test('makes users that do not exist, and leaves those that do as they are', async () => {
  const { disk, controller, image } = await startController();
  await controller.createInitialUsers([{ name: 'ada', password: 'one' }]);
  const before = image.scramCredentials.of('ada');
  assert.deepEqual([...before.keys()], [1, 2]);
  const again = await startController({ disk });
  await again.controller.createInitialUsers([
    { name: 'ada', password: 'two' },
    { name: 'bob', password: 'one' },
  ]);
  assert.deepEqual(again.image.scramCredentials.of('ada'), before);
  assert.equal(again.image.scramCredentials.of('bob').size, 2);
});

test('gives a cluster one secret for ever', async () => {
  const { disk, controller, image } = await startController();
  await Promise.all([controller.ensureClusterSecret(), controller.ensureClusterSecret()]);
  assert.equal(image.clusterSecret?.length, 32);
  const again = await startController({ disk });
  await again.controller.ensureClusterSecret();
  assert.deepEqual(again.image.clusterSecret, image.clusterSecret);
});
