// @platformatic/kafka against a broker.

import assert from 'node:assert/strict';
import { Admin, Consumer, Producer } from '@platformatic/kafka';
import {
  FIRST_MS,
  largeRecords,
  main,
  rebalancingGroup,
  records,
  RUN,
  sameRecords,
  testCase,
  topicName,
  totalBytes,
  until,
} from '../../harness/cases.ts';

function base(bootstrap) {
  return { clientId: 'interop', bootstrapBrokers: [bootstrap], timeout: 20_000, retries: 3 };
}

async function withAdmin(bootstrap, use) {
  const admin = new Admin(base(bootstrap));
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

async function create(bootstrap, name, partitions = 1, configs = []) {
  const topic = topicName(name);
  await withAdmin(bootstrap, (admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1, configs }));
  return topic;
}

async function produce(bootstrap, topic, wanted, { firstMs = FIRST_MS, batch = 50, ...settings } = {}) {
  const producer = new Producer({ ...base(bootstrap), ...settings });
  for (let at = 0; at < wanted.length; at += batch) {
    const messages = wanted.slice(at, at + batch).map((record, index) => ({
      topic,
      partition: 0,
      key: record.key ?? undefined,
      value: record.value ?? undefined,
      timestamp: BigInt(firstMs + at + index),
      headers: new Map(record.headers.map((header) => [Buffer.from(header.key), header.value])),
    }));
    const answer = await producer.send({ messages, acks: -1 });
    assert.equal(Number(answer.offsets[0].offset), at);
  }
  await producer.close();
}

async function consume(bootstrap, topic, count, from = 0) {
  const consumer = new Consumer({ ...base(bootstrap), groupId: `read-${topic}-${from}`, maxWaitTime: 200 });
  const offsets = [{ topic, partition: 0, offset: BigInt(from) }];
  const stream = await consumer.consume({ topics: [topic], mode: 'manual', offsets, autocommit: false });
  const found = [];
  stream.on('data', (message) => found.push(message));
  let trouble;
  stream.on('error', (error) => {
    trouble = error;
  });
  await until(`${count} messages of ${topic}`, () => found.length >= count || trouble !== undefined, 40_000);
  if (trouble !== undefined) throw trouble;
  await consumer.close(true);
  return found;
}

function asRecords(messages) {
  return messages.map((message) => ({
    key: message.key ?? null,
    value: message.value ?? null,
    headers: message.headerEntries.map(([key, value]) => ({ key: key.toString(), value })),
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

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  const name = `codec-${compression}`;
  testCase(name, (bootstrap) => thereAndBack(bootstrap, name, records(240), { compression }));
}

testCase('large', (bootstrap) => thereAndBack(bootstrap, 'large', largeRecords(), { batch: 1 }));

testCase('idempotent', (bootstrap) =>
  thereAndBack(bootstrap, 'idempotent', records(100), { batch: 10, idempotent: true }),
);

async function startMember(bootstrap, topic, groupId) {
  const consumer = new Consumer({
    ...base(bootstrap),
    groupId,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 300,
    maxWaitTime: 100,
  });
  const seen = [];
  let commitsUnderWay = 0;
  const topics = [topic];
  const stream = await consumer.consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: false });
  let trouble;
  stream.on('error', (error) => {
    trouble = error;
  });
  stream.on('data', (message) => {
    seen.push({ partition: message.partition, offset: Number(message.offset), value: String(message.value) });
    // A commit that meets a rebalance is refused; the record comes again.
    commitsUnderWay += 1;
    message.commit(() => {
      commitsUnderWay -= 1;
    });
  });
  return {
    assignment() {
      if (trouble !== undefined) throw trouble;
      return (consumer.assignments ?? []).flatMap((one) => (one.topic === topic ? one.partitions : []));
    },
    seen,
    async close() {
      // The client leaves without waiting for them.
      await until('commits are answered', () => commitsUnderWay === 0, 20_000);
      await consumer.close(true);
    },
  };
}

testCase('group', async (bootstrap) => {
  const topic = await create(bootstrap, 'group', 6);
  const producer = new Producer(base(bootstrap));
  const send = async (partition, value) =>
    void (await producer.send({ messages: [{ topic, partition, value: Buffer.from(value) }], acks: -1 }));
  const answer = await rebalancingGroup(() => startMember(bootstrap, topic, `g/${topic}`), send);
  await producer.close();
  return answer;
});

testCase('offsets-by-time', async (bootstrap) => {
  const topic = await create(bootstrap, 'by-time');
  for (let index = 0; index < 10; index += 1) {
    const producer = new Producer(base(bootstrap));
    const timestamp = BigInt(FIRST_MS + index * 1_000);
    await producer.send({ messages: [{ topic, partition: 0, value: Buffer.from('x'), timestamp }], acks: -1 });
    await producer.close();
  }
  const consumer = new Consumer({ ...base(bootstrap), groupId: `time-${RUN}` });
  const at = async (timestamp) => Number((await consumer.listOffsets({ topics: [topic], timestamp })).get(topic)[0]);
  assert.equal(await at(BigInt(FIRST_MS - 5)), 0);
  assert.equal(await at(BigInt(FIRST_MS + 4_001)), 5);
  assert.equal(await at(BigInt(FIRST_MS + 9_001)), -1);
  assert.equal(await at(-1n), 10);
  assert.equal(await at(-2n), 0);
  await consumer.close(true);
});

testCase('admin-topics', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'admin', 3);
    assert.ok((await admin.listTopics()).includes(topic));
    await assert.rejects(admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }));
    const count = async () => {
      const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
      return metadata.topics.get(topic).partitionsCount;
    };
    assert.equal(await count(), 3);
    await admin.createPartitions({ topics: [{ name: topic, count: 5, assignments: null }] }).catch(() =>
      admin.createPartitions({ topics: [{ name: topic, count: 5, assignments: [] }] }),
    );
    await until('five partitions', async () => (await count()) === 5);
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  }),
);

testCase('admin-configs', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'configs', 1, [{ name: 'cleanup.policy', value: 'compact' }]);
    const resourceType = 2;
    const get = async (name) => {
      const resources = [{ resourceType, resourceName: topic, configurationKeys: null }];
      const [answer] = await admin.describeConfigs({ resources, includeSynonyms: true });
      return answer.configs.find((entry) => entry.name === name)?.value;
    };
    assert.equal(await get('cleanup.policy'), 'compact');
    assert.equal(await get('retention.ms'), '604800000');
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '777000' }];
    await admin.incrementalAlterConfigs({ resources: [{ resourceType, resourceName: topic, configs }] });
    await until('the new value', async () => (await get('retention.ms')) === '777000');
    assert.equal(await get('cleanup.policy'), 'compact');
  }),
);

testCase('admin-groups', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'groups', 2);
    await produce(bootstrap, topic, records(10));
    const groupId = `admin-${topic}`;
    const member = await startMember(bootstrap, topic, groupId);
    await until('the member has seen all', () => member.seen.length === 10);
    assert.ok((await admin.listGroups()).has(groupId));
    const group = (await admin.describeGroups({ groups: [groupId] })).get(groupId);
    assert.deepEqual([group.state, group.members.size], ['Stable', 1]);
    const stored = async () => {
      const [answer] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      const partitions = answer.topics.find((one) => one.name === topic)?.partitions ?? [];
      return Number(partitions.find((one) => one.partitionIndex === 0)?.committedOffset);
    };
    await until('the commit', async () => (await stored()) === 10);
    await member.close();
    const partitionOffsets = [{ partition: 0, offset: 4n }];
    await admin.alterConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionOffsets }] });
    assert.equal(await stored(), 4);
    await admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionIndexes: [0] }] });
    await admin.deleteGroups({ groups: [groupId] });
    assert.ok(!(await admin.listGroups()).has(groupId));
  }),
);

testCase('admin-records', (bootstrap) =>
  withAdmin(bootstrap, async (admin) => {
    const topic = await create(bootstrap, 'records');
    await produce(bootstrap, topic, records(20));
    await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 7n }] }] });
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -2n }] }];
    const [listed] = await admin.listOffsets({ topics });
    assert.equal(Number(listed.partitions[0].offset), 7);
    const directories = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] });
    assert.ok(directories[0].results[0].topics.some((one) => one.name === topic));
  }),
);

await main();
