// What administration does when things go wrong: it tries again what may be done twice, finds those who moved, and settles by its timeout.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Admin } from '@moldau/client';
import type { ErrorName } from '@moldau/testing';
import { lacks, startTarget, type Target, until, within } from './target.ts';

const SETTLED_MS = 15_000;

describe('the admin whose connections are cut', () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(() => target[Symbol.asyncDispose]());

  const calls: Readonly<Record<string, (admin: Admin, topic: string) => Promise<unknown>>> = {
    DescribeCluster: (admin) => admin.cluster.describe(),
    DescribeConfigs: (admin, topic) => admin.configs.describe({ type: 'topic', name: topic }),
    ListOffsets: (admin, topic) => admin.offsets.list({ topic, partition: 0, at: 'latest' }),
    ListGroups: (admin) => admin.groups.list(),
    DeleteTopics: async (admin) => {
      const name = `gone-${randomUUID()}`;
      await admin.topics.create({ name });
      // The second attempt finds what the first has done.
      await admin.topics
        .delete(name)
        .catch((error) => assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION'));
    },
  };
  for (const [api, call] of Object.entries(calls)) {
    for (const when of ['before', 'after'] as const) {
      it(`gets through, cut within ${when === 'before' ? 'a request' : 'an answer'} of ${api}`, async (test) => {
        if (api === 'DescribeCluster' && (await lacks(test, 'the description of clusters'))) return;
        const topic = await target.topic();
        const clientId = `cut-${randomUUID()}`;
        await using kafka = target.client({ clientId });
        const admin = kafka.admin();
        for (let afterBytes = 0, bytes = 60; afterBytes <= bytes; afterBytes += 3) {
          const cut = target.faults.drop({ api, when, afterBytes, clientId });
          await within(SETTLED_MS, api, call(admin, topic));
          assert.equal(cut.count, 1);
          if (when === 'before') bytes = (await cut.met).bytes;
        }
      });
    }
  }

  it('settles by its timeout while nobody answers, and works again afterwards', async () => {
    await using kafka = target.client();
    const admin = kafka.admin();
    await admin.cluster.describe();
    const silence = target.faults.silence();
    await assert.rejects(within(3_000, 'describe()', admin.cluster.describe({ timeoutMs: 300 })), {
      code: 'TIMED_OUT',
    });
    silence.lift();
    await within(SETTLED_MS, 'describe()', admin.cluster.describe());
  });

  it('ends a call when its signal is aborted', async () => {
    await using kafka = target.client();
    const admin = kafka.admin();
    await admin.cluster.describe();
    const silence = target.faults.silence();
    const stop = new AbortController();
    const call = admin.cluster.describe({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(within(1_000, 'describe()', call), /enough/);
    silence.lift();
  });

  for (const code of ['NOT_CONTROLLER', 'THROTTLING_QUOTA_EXCEEDED'] as ErrorName[]) {
    it(`creates a topic when the broker says ${code} twice`, async () => {
      const clientId = `told-${randomUUID()}`;
      await using kafka = target.client({ clientId });
      const fault = target.faults.error({ api: 'CreateTopics', code, clientId, times: 2 });
      await within(SETTLED_MS, 'create()', kafka.admin().topics.create({ name: clientId }));
      assert.equal(fault.count, 2);
    });
  }
});

describe('the admin and brokers that change', () => {
  it('finds leaders and coordinators that moved', async () => {
    await using target = await startTarget({ brokers: 3 });
    const topic = await target.topic({ partitions: 3 });
    await using kafka = target.client();
    const admin = kafka.admin();
    const producer = kafka.producer();
    for (const partition of [0, 1, 2]) await producer.send(topic, { value: 'v', partition });
    for (let round = 0; round < 5; round++) {
      for (const partition of [0, 1, 2]) target.faults.moveLeader({ topic, partition });
      const ends = [0, 1, 2].map((partition) => ({ topic, partition, at: 'latest' as const }));
      const found = await within(SETTLED_MS, 'offsets', admin.offsets.list(ends));
      assert.deepEqual(
        found.map(({ offset }) => offset),
        [1, 1, 1],
      );
    }
    const groupId = `moving-${randomUUID()}`;
    const consumer = kafka.consumer({ groupId, autoOffsetReset: 'earliest' });
    consumer.subscribe(topic);
    const stop = new AbortController();
    const running = consumer.run({ handler: () => {}, signal: stop.signal });
    await until(SETTLED_MS, 'an assignment', () => consumer.assignment.length === 3);
    for (let round = 0; round < 5; round++) {
      target.faults.moveCoordinator({ group: groupId });
      const [found] = await within(SETTLED_MS, 'groups', admin.groups.describe(groupId));
      assert.equal(found!.groupId, groupId);
    }
    const listed = await admin.groups.list();
    assert.equal(listed.filter((group) => group.groupId === groupId).length, 1);
    stop.abort();
    await within(SETTLED_MS, 'run()', running);
  });
});
