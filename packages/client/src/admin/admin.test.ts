// What the admin does, against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { has, lacks } from '../cluster/testing-elsewhere.ts';
import { KafkaError, PartialFailureError } from '../errors/kafka-error.ts';
import { Kafka } from '../kafka.ts';
import type { Admin } from './admin.ts';
import { AdminWorld } from './testing-admin.ts';

describe('the admin', () => {
  let world: AdminWorld;
  let admin: Admin;

  before(async () => {
    world = await AdminWorld.start();
    admin = world.admin;
  });
  after(() => world.stop());

  it('describes the cluster', async () => {
    const { clusterId, controllerId, brokers: found } = await admin.cluster.describe();
    assert.match(clusterId!, /^[\w-]{22}$/);
    assert.ok(found.some(({ id }) => id === controllerId));
    assert.ok(found.every(({ port }) => port > 0));
  });

  it('makes topics, lists them, describes them, gives them partitions, and deletes them', async () => {
    const [first, second] = [world.name(), world.name()];
    const created = await admin.topics.create([
      { name: first, partitions: 3, replicationFactor: 1, configs: { 'retention.ms': 12_345 } },
      { name: second, assignments: [[1], [1]] },
    ]);
    assert.deepEqual(
      created.map(({ name, partitions, replicationFactor }) => [name, partitions, replicationFactor]),
      [
        [first, 3, 1],
        [second, 2, 1],
      ],
    );
    await world.made();
    const listed = await admin.topics.list();
    assert.ok(listed.some((topic) => topic.name === first && topic.id === created[0]!.id));
    assert.ok(!listed.some(({ isInternal }) => isInternal));
    const [described] = await admin.topics.describe([first]);
    assert.deepEqual(
      described!.partitions.map(({ index, leaderId, replicas }) => [index, leaderId, replicas]),
      [0, 1, 2].map((index) => [index, 1, [1]]),
    );
    await admin.topics.addPartitions({ topic: first, count: 5 }, { validateOnly: true });
    await admin.topics.addPartitions([
      { topic: first, count: 5 },
      { topic: second, count: 3, assignments: [[1]] },
    ]);
    await assert.rejects(admin.topics.addPartitions({ topic: first, count: 2 }), {
      code: 'INVALID_PARTITIONS',
      topic: first,
    });
    for (let count = 0; count !== 5; ) count = (await admin.topics.describe(first))[0]!.partitions.length;
    await admin.topics.delete([first, second]);
    for (let isThere = true; isThere; )
      isThere = (await admin.topics.list()).some((topic) => topic.name === first);
  });

  it('tells who may lead partitions, page by page', async (test) => {
    if (await lacks(test, 'eligible leaders')) return;
    const [first, second] = [await world.made(3), await world.made(2)];
    const told = await admin.topics.eligibleLeaders([first, second], { pageSize: 2 });
    const partitions = told.map(({ topic, partition }) => `${topic}-${partition}`);
    assert.deepEqual(
      partitions.sort(),
      [0, 1, 2]
        .map((index) => `${first}-${index}`)
        .concat([0, 1].map((index) => `${second}-${index}`))
        .sort(),
    );
    assert.deepEqual(told[0]!.eligible, []);
    await assert.rejects(admin.topics.eligibleLeaders(world.name()), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    assert.deepEqual(await admin.topics.eligibleLeaders([]), []);
  });

  it('says of each thing what went wrong, and does the others', async () => {
    const there = await world.made();
    await assert.rejects(admin.topics.create({ name: there }), {
      code: 'TOPIC_ALREADY_EXISTS',
      topic: there,
    });
    const fresh = world.name();
    await assert.rejects(
      admin.topics.create([{ name: there }, { name: fresh }, { name: 'no name!' }]),
      (error) => {
        assert.ok(error instanceof PartialFailureError);
        assert.deepEqual(
          error.errors.map(({ code }) => code),
          ['TOPIC_ALREADY_EXISTS', 'INVALID_TOPIC_EXCEPTION'],
        );
        assert.match(error.message, /^2 of 3 failed/);
        return true;
      },
    );
    await admin.topics.delete(fresh);
    await assert.rejects(admin.topics.delete(world.name()), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    await assert.rejects(admin.topics.describe(world.name()), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    assert.throws(() => new Kafka({ brokers: [] }), KafkaError);
  });

  it('finds offsets, and deletes records', async () => {
    const topic = await world.made(2);
    await world.write(topic, 0, [1_000, 2_000, 3_000]);
    await world.write(topic, 1, [500]);
    const at = async (place: Parameters<typeof admin.offsets.list>[0]): Promise<(number | undefined)[]> =>
      (await admin.offsets.list(place)).map(({ offset }) => offset);
    assert.deepEqual(
      await at([
        { topic, partition: 1, at: 'latest' },
        { topic, partition: 0, at: 'latest' },
      ]),
      [1, 3],
    );
    assert.deepEqual(await at({ topic, partition: 0, at: 'earliest' }), [0]);
    assert.deepEqual(await at({ topic, partition: 0, at: { timestampMs: 1_500 } }), [1]);
    assert.deepEqual(await at({ topic, partition: 0, at: { timestampMs: 9_000 } }), [undefined]);
    if (await has('the largest timestamp')) {
      const [max] = await admin.offsets.list({ topic, partition: 0, at: 'max-timestamp' });
      assert.deepEqual([max!.offset, max!.timestampMs], [2, 3_000]);
    }
    const deleted = await admin.records.delete([
      { topic, partition: 0, before: 2 },
      { topic, partition: 1, before: 'end' },
    ]);
    assert.deepEqual(
      deleted.map(({ lowWatermark }) => lowWatermark),
      [2, 1],
    );
    assert.deepEqual(await at({ topic, partition: 0, at: 'earliest' }), [2]);
    await assert.rejects(admin.records.delete([{ topic, partition: 0, before: 99 }]), {
      code: 'OFFSET_OUT_OF_RANGE',
      topic,
      partition: 0,
    });
    await assert.rejects(
      admin.offsets.list({ topic, partition: 7, at: 'latest' }, { timeoutMs: 1_000 }),
      (error: KafkaError) => /UNKNOWN_TOPIC_OR_PARTITION|TIMED_OUT/.test(error.code),
    );
  });

  it('reads and changes configuration', async () => {
    const topic = await world.made();
    const resource = { type: 'topic', name: topic } as const;
    await admin.configs.alter({
      resource,
      set: { 'retention.ms': 60_000, 'cleanup.policy': 'compact' },
    });
    await admin.configs.alter({ resource, append: { 'cleanup.policy': 'delete' }, remove: ['retention.ms'] });
    const read = async () =>
      (await admin.configs.describe(resource, { keys: ['cleanup.policy', 'retention.ms'] }))[0]!.entries;
    // Brokers learn of it a moment later.
    while ((await read()).get('retention.ms')?.isDefault !== true);
    const entries = await read();
    assert.deepEqual([...entries.keys()].sort(), ['cleanup.policy', 'retention.ms']);
    assert.equal(entries.get('cleanup.policy')!.value, 'compact,delete');
    assert.equal(entries.get('cleanup.policy')!.source, 'topic');
    const { brokers: found } = await admin.cluster.describe();
    const [own] = await admin.configs.describe(
      { type: 'broker', name: String(found[0]!.id) },
      { includeSynonyms: true, includeDocumentation: true },
    );
    const logDirs = own!.entries.get('log.dirs') ?? own!.entries.get('log.dir')!;
    assert.equal(logDirs.isReadOnly, true);
    assert.ok(logDirs.synonyms.length > 0);
    if (await has('documentation of configuration')) assert.ok(logDirs.documentation!.length > 10);
    // The latter is what brokers with ZooKeeper say.
    const invalidConfig = (await has('the quorum')) ? 'INVALID_CONFIG' : /^INVALID_(CONFIG|REQUEST)$/;
    await assert.rejects(admin.configs.alter({ resource, set: { 'retention.ms': 'soon' } }), {
      code: invalidConfig,
      topic,
    });
    await assert.rejects(
      admin.configs.alter({ resource, set: { 'retention.ms': 'soon' } }, { validateOnly: true }),
      {
        code: invalidConfig,
      },
    );
  });

  it('gives up when it is told to', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    stop.abort(reason);
    await assert.rejects(admin.topics.list({ signal: stop.signal }), reason);
    const other = world.kafka.admin();
    const pending = other.topics.list();
    await other.close();
    await assert.rejects(pending, { code: 'CLOSED' });
    await assert.rejects(other.topics.list(), { code: 'CLOSED' });
  });
});
