// Share groups against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { encodeBatch, produceRequest, produceResponse } from '@moldau/protocol';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import type { Admin } from '../admin/admin.ts';
import { Cluster } from '../cluster/cluster.ts';
import { elsewhere, lacks } from '../cluster/testing-elsewhere.ts';
import { Kafka } from '../kafka.ts';
import { resolveClientOptions } from '../options/client-options.ts';
import { nodePorts } from '../options/ports.ts';
import { string } from '../serdes/primitives.ts';
import { topic } from '../topic.ts';
import { ShareConsumer } from './share-consumer.ts';
import { resolveShareOptions } from './share-options.ts';

const PATIENCE_MS = 20_000;

describe('share consumers', { concurrency: true }, () => {
  let broker: TestBroker | undefined;
  let brokers: string;
  let kafka: Kafka;
  let admin: Admin;

  before(async () => {
    if (elsewhere === undefined) broker = await startTestBroker();
    brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
    kafka = new Kafka({ brokers, clientId: 'share-test' });
    admin = kafka.admin();
  });

  after(async () => {
    await kafka.close();
    await broker?.stop();
  });

  async function topicWith(values: readonly string[], partitions = 1): Promise<string> {
    const name = `share-${randomUUID()}`;
    await admin.topics.create({ name, partitions });
    for (;;) {
      const found = await admin.topics.describe(name).catch(() => []);
      if (found[0]?.partitions.length === partitions) break;
    }
    for (let partition = 0; partition < partitions; partition++)
      await write(
        name,
        partition,
        values.filter((_, index) => index % partitions === partition),
      );
    return name;
  }

  async function write(name: string, partition: number, values: readonly string[]): Promise<void> {
    if (values.length === 0) return;
    await using cluster = new Cluster(resolveClientOptions({ brokers }), nodePorts);
    // Several batches, so that several answers have some.
    const batches = Array.from({ length: Math.ceil(values.length / 10) }, (_, index) =>
      values.slice(index * 10, index * 10 + 10),
    );
    for (const batch of batches) {
      const records = encodeBatch({
        records: batch.map((value) => ({ timestamp: 1, key: null, value: Buffer.from(value) })),
      });
      const answer = await cluster.request(
        { request: produceRequest, response: produceResponse, maxVersion: 12 },
        {
          ...{ acks: -1, timeoutMs: 10_000 },
          topicData: [{ name, partitionData: [{ index: partition, records }] }],
        },
        { to: { leaderOf: { topic: name, partition } }, purpose: 'produce' },
      );
      assert.equal(answer.responses[0]!.partitionResponses[0]!.errorCode, 0);
    }
  }

  /** A group that begins with what is there already. */
  async function groupFromStart(): Promise<string> {
    const groupId = `group-${randomUUID()}`;
    await admin.configs.alter({
      resource: { type: 'group', name: groupId },
      set: { 'share.auto.offset.reset': 'earliest' },
    });
    return groupId;
  }

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);
  const texts = (name: string) => topic(name, { value: string() });

  it('gives each record to one member, once, when it is accepted by asking for the next', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(numbered(120), 3);
    const groupId = await groupFromStart();
    const stop = new AbortController();
    const seen: string[] = [];
    const owners = new Set<string>();
    const read = async (): Promise<void> => {
      await using consumer = kafka.shareConsumer({ groupId, signal: stop.signal, maxBufferedRecords: 10 });
      for await (const record of consumer.subscribe(texts(name))) {
        assert.equal(record.deliveryCount, 1);
        seen.push(record.value!);
        owners.add(consumer.memberId);
        if (seen.length === 120) stop.abort();
        // So that the others get their share.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await within(Promise.all([read(), read(), read()]));
    assert.deepEqual(seen.sort(), numbered(120).sort());
    assert.ok(owners.size > 1, 'one member had all records');
  });

  it('gives released records again with a higher count, and rejected ones never', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(numbered(30));
    await using consumer = kafka.shareConsumer({ groupId: await groupFromStart(), acknowledge: 'explicit' });
    const deliveries = new Map<string, number[]>();
    let acceptedCount = 0;
    for await (const record of consumer.subscribe(texts(name))) {
      const number = Number(record.value!.slice(1));
      deliveries.set(record.value!, [...(deliveries.get(record.value!) ?? []), record.deliveryCount]);
      if (number % 3 === 0 && record.deliveryCount < 3) assert.ok(record.release());
      else if (number % 3 === 1) assert.ok(record.reject());
      else {
        assert.ok(record.accept());
        assert.equal(record.accept(), false);
        acceptedCount++;
      }
      if (acceptedCount === 20) break;
    }
    await consumer.commit();
    for (const value of numbered(30)) {
      const isReleased = Number(value.slice(1)) % 3 === 0;
      assert.deepEqual(deliveries.get(value), isReleased ? [1, 2, 3] : [1]);
    }
  });

  it('releases at once what a member that is closed was not done with', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(numbered(20));
    const groupId = await groupFromStart();
    const first = kafka.shareConsumer({ groupId });
    let count = 0;
    for await (const _ of first.subscribe(name)) if (++count === 5) break;
    await first.close();
    await using second = kafka.shareConsumer({ groupId });
    const seen = new Map<string, number>();
    for await (const batch of second.subscribe(texts(name)).batches({ maxRecords: 4 })) {
      assert.ok(batch.length <= 4);
      for (const record of batch) seen.set(record.value!, record.deliveryCount);
      await batch.commit();
      if (seen.size === 16) break;
    }
    // The fifth was not done when its loop was left.
    assert.deepEqual([...seen.keys()].sort(), numbered(20).slice(4).sort());
    assert.equal(seen.get('v4'), 2);
  });

  it('gives the records of a member whose connection is cut to another', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(numbered(20));
    const groupId = await groupFromStart();
    const cluster = new Cluster(resolveClientOptions({ brokers, clientId: 'doomed' }), nodePorts);
    const victim = new ShareConsumer(cluster, resolveShareOptions({ groupId, acknowledge: 'explicit' }));
    const held: string[] = [];
    for await (const record of victim.subscribe(texts(name))) if (held.push(record.value!) === 10) break;
    // Its connections end without a word.
    await cluster.close();
    await using survivor = kafka.shareConsumer({ groupId });
    const seen = new Map<string, number>();
    for await (const record of survivor.subscribe(texts(name))) {
      seen.set(record.value!, record.deliveryCount);
      if (seen.size === 20) break;
    }
    for (const value of held) assert.equal(seen.get(value), 2);
  });

  it('runs handlers side by side, gives what failed again, and rejects what failed too often', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(numbered(40), 2);
    const groupId = await groupFromStart();
    const stop = new AbortController();
    await using consumer = kafka.shareConsumer({ groupId, signal: stop.signal });
    const done = new Set<string>();
    const rejected: string[] = [];
    let running = 0;
    let mostRunning = 0;
    const check = (): void => {
      if (done.size + rejected.length === 40) stop.abort();
    };
    const run = consumer.subscribe(texts(name)).run({
      concurrency: 8,
      retry: { attempts: 3 },
      async handler(record) {
        running++;
        mostRunning = Math.max(mostRunning, running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        const number = Number(record.value!.slice(1));
        if (number % 10 === 0) throw new Error('cannot be done');
        if (number % 10 === 1 && record.deliveryCount === 1) throw new Error('not the first time');
        done.add(record.value!);
        check();
      },
      onFailed(_, record, { isRejected }) {
        assert.equal(isRejected, record.deliveryCount === 3);
        if (isRejected) rejected.push(record.value!);
        check();
      },
    });
    await within(run);
    assert.deepEqual(rejected.sort(), ['v0', 'v10', 'v20', 'v30']);
    assert.equal(done.size, 36);
    assert.ok(mostRunning > 1 && mostRunning <= 8, `${mostRunning} at a time`);
  });

  it('keeps a record that takes long by renewing its lock', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const name = await topicWith(['slow']);
    await using consumer = kafka.shareConsumer({ groupId: await groupFromStart() });
    for await (const record of consumer.subscribe(texts(name))) {
      const { lockedUntilMs } = record;
      await record.renew();
      assert.ok(record.lockedUntilMs > lockedUntilMs);
      assert.ok(record.accept());
      break;
    }
    await consumer.commit();
  });
});

/** Rejects when it takes too long. */
async function within<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('took too long')), PATIENCE_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
