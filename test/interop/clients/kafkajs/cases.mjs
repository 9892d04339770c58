// KafkaJS against a broker.

import assert from 'node:assert/strict';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import {
  FIRST_MS,
  largeRecords,
  main,
  rebalancingGroup,
  records,
  sameRecords,
  testCase,
  topicName,
  totalBytes,
  until,
} from '../../harness/cases.ts';

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs;

/** Snappy as Java writes it: a header, then blocks with their lengths. */
function xerialBlocks(bytes) {
  const blocks = [];
  for (let at = 16; at < bytes.length; at += 4 + bytes.readInt32BE(at))
    blocks.push(snappy.uncompressSync(bytes.subarray(at + 4, at + 4 + bytes.readInt32BE(at))));
  return Buffer.concat(blocks);
}

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async (encoder) => snappy.compressSync(encoder.buffer),
  decompress: async (bytes) =>
    bytes.toString('latin1', 0, 8) === '\x82SNAPPY\0' ? xerialBlocks(bytes) : snappy.uncompressSync(bytes),
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => lz4.compressFrameSync(encoder.buffer),
  decompress: async (bytes) => lz4.decompressFrameSync(bytes),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => zstdCompressSync(encoder.buffer),
  decompress: async (bytes) => zstdDecompressSync(bytes),
});

function connect(bootstrap) {
  return new Kafka({ clientId: 'interop', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 5 } });
}

async function withAdmin(bootstrap, use) {
  const admin = connect(bootstrap).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function create(bootstrap, name, numPartitions = 1, configEntries = []) {
  const topic = topicName(name);
  await withAdmin(bootstrap, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }], waitForLeaders: true }),
  );
  return topic;
}

async function produce(bootstrap, topic, wanted, { firstMs = FIRST_MS, batch = 50, compression, ...settings } = {}) {
  const producer = connect(bootstrap).producer(settings);
  await producer.connect();
  for (let at = 0; at < wanted.length; at += batch) {
    const messages = wanted.slice(at, at + batch).map((record, index) => ({
      key: record.key,
      value: record.value,
      partition: 0,
      timestamp: String(firstMs + at + index),
      headers: Object.fromEntries(record.headers.map((header) => [header.key, header.value])),
    }));
    const [answer] = await producer.send({ topic, messages, acks: -1, compression });
    assert.equal(Number(answer.baseOffset), at);
  }
  await producer.disconnect();
}

async function consume(bootstrap, topic, count, from = 0) {
  const consumer = connect(bootstrap).consumer({ groupId: `read-${topic}-${from}`, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const found = [];
  consumer.run({ autoCommit: false, eachMessage: async ({ message }) => void found.push(message) });
  if (from > 0) consumer.seek({ topic, partition: 0, offset: String(from) });
  await until(`${count} messages of ${topic}`, () => found.length >= count, 40_000);
  await consumer.disconnect();
  return found;
}

function asRecords(messages) {
  return messages.map((message) => ({
    key: message.key,
    value: message.value,
    headers: Object.entries(message.headers).map(([key, value]) => ({ key, value })),
  }));
}

async function thereAndBack(bootstrap, name, wanted, settings) {
  const topic = await create(bootstrap, name);
  await produce(bootstrap, topic, wanted, settings);
  const found = await consume(bootstrap, topic, wanted.length);
  sameRecords(asRecords(found), wanted);
  assert.deepEqual(
    found.map((message) => [Number(message.offset), Number(message.timestamp)]),
    wanted.map((_, index) => [index, FIRST_MS + index]),
  );
  sameRecords(asRecords(await consume(bootstrap, topic, wanted.length - 7, 7)), wanted.slice(7));
  return totalBytes(wanted);
}

for (const codec of ['None', 'GZIP', 'Snappy', 'LZ4', 'ZSTD']) {
  const name = `codec-${codec.toLowerCase()}`;
  testCase(name, (bootstrap) =>
    thereAndBack(bootstrap, name, records(240), { compression: CompressionTypes[codec] }),
  );
}

testCase('large', (bootstrap) => thereAndBack(bootstrap, 'large', largeRecords(), { batch: 1 }));

testCase('idempotent', (bootstrap) =>
  thereAndBack(bootstrap, 'idempotent', records(100), { batch: 10, idempotent: true, maxInFlightRequests: 1 }),
);

async function startMember(bootstrap, topic, groupId) {
  const consumer = connect(bootstrap).consumer({
    groupId,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 300,
    maxWaitTimeInMs: 100,
  });
  let assignment = [];
  const seen = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assignment = payload.memberAssignment[topic] ?? [];
  });
  consumer.on(consumer.events.REBALANCING, () => {
    assignment = [];
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) =>
      void seen.push({ partition, offset: Number(message.offset), value: String(message.value) }),
  });
  return {
    assignment: () => assignment,
    seen,
    close: async () => {
      assignment = [];
      await consumer.disconnect();
    },
  };
}

testCase('group', async (bootstrap) => {
  const topic = await create(bootstrap, 'group', 6);
  const producer = connect(bootstrap).producer();
  await producer.connect();
  const send = async (partition, value) => void (await producer.send({ topic, messages: [{ partition, value }] }));
  const answer = await rebalancingGroup(() => startMember(bootstrap, topic, `g/${topic}`), send);
  await producer.disconnect();
  return answer;
});

testCase('offsets-by-time', async (bootstrap) => {
  const topic = await create(bootstrap, 'by-time');
  const producer = connect(bootstrap).producer();
  await producer.connect();
  for (let index = 0; index < 10; index += 1)
    await producer.send({ topic, messages: [{ value: 'x', timestamp: String(FIRST_MS + index * 1_000) }] });
  await producer.disconnect();
  await withAdmin(bootstrap, async (admin) => {
    const at = async (stamp) => Number((await admin.fetchTopicOffsetsByTimestamp(topic, stamp))[0].offset);
    assert.equal(await at(FIRST_MS - 5), 0);
    assert.equal(await at(FIRST_MS + 4_001), 5);
    assert.equal(await at(FIRST_MS + 9_001), 10);
    const [offsets] = await admin.fetchTopicOffsets(topic);
    assert.deepEqual([offsets.low, offsets.high], ['0', '10']);
  });
});

testCase('admin-topics', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'admin', 3);
    assert.ok((await admin.listTopics()).includes(topic));
    assert.equal(await admin.createTopics({ topics: [{ topic }] }), false);
    const count = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length;
    assert.equal(await count(), 3);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    await until('five partitions', async () => (await count()) === 5);
    const cluster = await admin.describeCluster();
    assert.ok(cluster.clusterId !== '' && cluster.brokers.some((broker) => broker.nodeId === cluster.controller));
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
    await assert.rejects(admin.createTopics({ topics: [{ topic: 'a/b' }] }), /invalid topic|topic/i);
  }),
);

testCase('admin-configs', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'configs', 1, [{ name: 'cleanup.policy', value: 'compact' }]);
    const type = ConfigResourceTypes.TOPIC;
    const get = async (name) => {
      const answer = await admin.describeConfigs({ includeSynonyms: true, resources: [{ type, name: topic }] });
      return answer.resources[0].configEntries.find((entry) => entry.configName === name)?.configValue;
    };
    assert.equal(await get('cleanup.policy'), 'compact');
    assert.equal(await get('retention.ms'), '604800000');
    const configEntries = [{ name: 'retention.ms', value: '777000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] });
    await until('the new value', async () => (await get('retention.ms')) === '777000');
    assert.equal(await get('cleanup.policy'), 'delete');
  }),
);

testCase('admin-groups', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'groups', 2);
    await produce(bootstrap, topic, records(10));
    const groupId = `admin-${topic}`;
    const member = await startMember(bootstrap, topic, groupId);
    await until('the member has seen all', () => member.seen.length === 10, 40_000).catch(() => {
      throw new Error(`seen ${member.seen.length}`);
    });
    assert.ok((await admin.listGroups()).groups.some((group) => group.groupId === groupId));
    const [group] = (await admin.describeGroups([groupId])).groups;
    assert.deepEqual([group.state, group.members.length], ['Stable', 1]);
    const stored = async () => {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return Number(answer.partitions.find((one) => one.partition === 0)?.offset);
    };
    await until('the commit', async () => (await stored()) === 10);
    await member.close();
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '4' }] });
    assert.equal(await stored(), 4);
    await admin.resetOffsets({ groupId, topic, earliest: true });
    // KafkaJS commits -2, its sign for "earliest", and Kafka stores what it is told.
    assert.equal(await stored(), -2);
    await admin.deleteGroups([groupId]);
    assert.ok(!(await admin.listGroups()).groups.some((one) => one.groupId === groupId));
  }),
);

testCase('admin-records', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'records');
    await produce(bootstrap, topic, records(20));
    await admin.fetchTopicOffsets(topic); // It needs to have heard of the topic.
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] });
    assert.equal((await admin.fetchTopicOffsets(topic))[0].low, '7');
    const found = await consume(bootstrap, topic, 13);
    assert.equal(found[0].offset, '7');
  }),
);

await main();
