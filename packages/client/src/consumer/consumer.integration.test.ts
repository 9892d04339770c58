// Groups of consumers against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { elsewhere, lacks } from '../cluster/testing-elsewhere.ts';
import { Kafka } from '../kafka.ts';
import { json } from '../serdes/json.ts';
import { string } from '../serdes/primitives.ts';
import { type Topic, topic } from '../topic.ts';
import type { Consumer } from './consumer.ts';
import type { ConsumerOptions } from './options/consumer-options.ts';

interface Order {
  readonly id: number;
}

type Orders = Topic<string | null, Order | null>;

describe('consumers', { timeout: 60_000 }, () => {
  let broker: TestBroker | undefined;
  let kafka: Kafka;

  before(async () => {
    if (elsewhere === undefined)
      broker = await startTestBroker({ settings: ['group.initial.rebalance.delay.ms=0'] });
    kafka = new Kafka({ brokers: elsewhere ?? `127.0.0.1:${broker!.port}`, clientId: 'consumer-test' });
  });

  after(async () => {
    await kafka.close();
    await broker?.stop();
  });

  async function made(partitions = 1): Promise<Orders> {
    const name = `orders-${randomUUID()}`;
    await using admin = kafka.admin();
    await admin.topics.create({ name, partitions });
    for (;;) {
      const found = await admin.topics.describe(name).catch(() => []);
      if (found[0]?.partitions.length === partitions)
        return topic(name, { key: string(), value: json<Order>() });
    }
  }

  async function send(orders: Orders, count: number, from = 0): Promise<void> {
    await using producer = kafka.producer();
    for (let id = from; id < from + count; id++) producer.post(orders, { key: `k${id % 23}`, value: { id } });
    await producer.flush();
  }

  const reader = (options: ConsumerOptions = {}) =>
    kafka.consumer({ groupId: `group-${randomUUID()}`, autoOffsetReset: 'earliest', ...options });

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('gives typed records once, over a stop and a start', async () => {
    const orders = await made();
    await send(orders, 100);
    const groupId = `group-${randomUUID()}`;
    const seen: (number | undefined)[] = [];
    for (let round = 1; round <= 3; round++) {
      const stop = new AbortController();
      await using consumer = reader({ groupId, signal: stop.signal }).subscribe(orders);
      for await (const record of consumer) {
        seen.push(record.value?.id);
        if (seen.length === Math.min(100, round * 40)) stop.abort();
      }
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, id) => id),
    );
  });

  for (const groupProtocol of ['classic', 'consumer'] as const) {
    for (const assignors of groupProtocol === 'classic'
      ? (['range', 'cooperative-sticky'] as const)
      : [undefined]) {
      it(`shares partitions under load, and each record is processed once though members come and go (${assignors ?? groupProtocol})`, async (test) => {
        if (groupProtocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
        const orders = await made(6);
        const groupId = `group-${randomUUID()}`;
        const seen = new Map<number, number>();
        const lastOfKey = new Map<string, number>();
        const errors: unknown[] = [];
        const begin = (): { consumer: Consumer<unknown>; over: Promise<void> } => {
          const consumer = reader({
            ...{ groupId, groupProtocol, heartbeatIntervalMs: 100 },
            assignors: assignors === undefined ? undefined : [assignors],
          }).subscribe(orders);
          const over = consumer.run({
            ...{ orderBy: 'key', concurrency: 8 },
            async handler({ key, value }) {
              await new Promise((resolve) => setTimeout(resolve, value!.id % 4));
              seen.set(value!.id, (seen.get(value!.id) ?? 0) + 1);
              if (value!.id < (lastOfKey.get(key!) ?? -1)) errors.push(`${value!.id} overtook`);
              lastOfKey.set(key!, value!.id);
            },
          });
          over.catch((error: unknown) => errors.push(error));
          return { consumer, over };
        };
        const members = [begin(), begin()];
        let sent = 0;
        const sending = (async () => {
          for (; sent < 1_500; sent += 100) {
            await send(orders, 100, sent);
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        })();
        await until(() => seen.size > 200);
        members.push(begin());
        await until(() => seen.size > 500);
        await members[0]!.consumer.close();
        members.push(begin());
        await sending;
        await until(() => seen.size === 1_500);
        await Promise.all(members.map(({ consumer }) => consumer.close()));
        await Promise.all(members.map(({ over }) => over));
        assert.deepEqual(errors, []);
        const repeated = [...seen].filter(([, count]) => count > 1);
        assert.deepEqual(repeated, [], 'clean stops and rebalances repeat nothing');
      });
    }
  }

  it('does not repeat what was done beyond a gap, when it is restarted', async () => {
    const orders = await made();
    await send(orders, 50);
    const groupId = `group-${randomUUID()}`;
    const first: number[] = [];
    const dying = reader({ groupId, drainTimeoutMs: 50 }).subscribe(orders);
    void dying.run({
      ...{ orderBy: 'none', concurrency: 50 },
      handler: async ({ value }) => {
        if (value!.id === 7) await new Promise(() => {});
        first.push(value!.id);
      },
    });
    await until(() => first.length === 49);
    await dying.close();
    await using admin = kafka.admin();
    const stop = new AbortController();
    const second: number[] = [];
    await using consumer = reader({ groupId, signal: stop.signal }).subscribe(orders);
    await send(orders, 1, 50);
    await consumer.run({
      handler({ value }) {
        second.push(value!.id);
        if (value!.id === 50) stop.abort();
      },
    });
    assert.deepEqual(second, [7, 50]);
    assert.ok(admin);
  });

  it('puts records aside that fail, with their reasons, and goes on', async () => {
    const orders = await made();
    const dead = await made();
    await send(orders, 10);
    const stop = new AbortController();
    let count = 0;
    await using consumer = reader({ signal: stop.signal }).subscribe(orders);
    await consumer.run({
      ...{ retry: { attempts: 2, delayMs: 1 }, deadLetter: dead },
      handler({ value }) {
        if (value!.id === 3) throw new Error('not this one');
        if (++count === 9) stop.abort();
      },
    });
    for await (const record of reader({ groupId: undefined }).assign([
      { topic: dead, partition: 0, offset: 0 },
    ])) {
      assert.deepEqual(record.value, { id: 3 });
      assert.equal(record.headers.text('dead-letter.offset'), '3');
      assert.equal(record.headers.text('dead-letter.error'), 'not this one');
      break;
    }
  });

  it('seeks, pauses, and tells positions, ends, times and lag', async () => {
    const orders = await made(2);
    await send(orders, 40);
    const partitions = [0, 1].map((partition) => ({ topic: orders.name, partition }));
    await using consumer = reader({ groupId: undefined }).assign(
      partitions.map((place) => ({ ...place, topic: orders })),
    );
    const iterator = consumer[Symbol.asyncIterator]();
    for (let count = 0; count < 40; count++) await iterator.next();
    const marks = await consumer.watermarks();
    assert.deepEqual(
      marks.map(({ low }) => low),
      [0, 0],
    );
    assert.equal(marks[0]!.high + marks[1]!.high, 40);
    const full = marks.findIndex(({ high }) => high > 0);
    const place = partitions[full]!;
    consumer.seek(place, 'earliest');
    const again = (await iterator.next()).value!;
    assert.deepEqual([again.partition, again.offset], [full, 0]);
    assert.equal(consumer.position(place), 1);
    const lag = (await consumer.lag()).find(({ partition }) => partition === full)!;
    assert.equal(lag.records, marks[full]!.high - 1);
    const [found] = await consumer.offsetsForTimes([{ ...place, timestampMs: again.timestampMs }]);
    assert.equal(found!.offset, 0);
    assert.equal(
      (await consumer.offsetsForTimes([{ ...place, timestampMs: Date.now() + 60_000 }]))[0]!.offset,
      undefined,
    );
    await assert.rejects(consumer.commit(), { code: 'INVALID_OPTIONS' });
    await iterator.return?.();
  });

  it('commits for a group without being its member, and takes up from there', async () => {
    const orders = await made();
    await send(orders, 10);
    const groupId = `group-${randomUUID()}`;
    const place = { topic: orders.name, partition: 0 };
    await using consumer = reader({ groupId, commit: 'manual' }).assign([{ topic: orders, partition: 0 }]);
    for await (const batch of consumer.batches({ maxRecords: 4 })) {
      await batch.commit();
      break;
    }
    assert.equal((await consumer.committed([place]))[0]!.offset, 4);
    await using other = reader({ groupId }).assign([{ topic: orders, partition: 0 }]);
    for await (const record of other) {
      assert.equal(record.offset, 4);
      break;
    }
  });

  it('tells who assigns by himself of partitions that are made later', async () => {
    const prefix = `grows-${randomUUID()}`;
    await using admin = kafka.admin();
    await admin.topics.create({ name: `${prefix}-a`, partitions: 1 });
    const client = new Kafka({ brokers: elsewhere ?? `127.0.0.1:${broker!.port}`, metadataMaxAgeMs: 100 });
    await using consumer = client.consumer({ autoOffsetReset: 'earliest' });
    const told: string[] = [];
    let heard = Promise.withResolvers<void>();
    const until = async (wanted: string): Promise<void> => {
      while (told.at(-1) !== wanted) {
        heard = Promise.withResolvers();
        await heard.promise;
      }
    };
    const stop = consumer.watchPartitions([`${prefix}-a`, new RegExp(`^${prefix}-[bc]`)], (partitions) => {
      told.push(partitions.map(({ topic, partition }) => `${topic.at(-1)}${partition}`).join());
      consumer.assign(partitions);
      heard.resolve();
    });
    await until('a0');
    const records = consumer[Symbol.asyncIterator]();
    const first = records.next();
    await admin.topics.create({ name: `${prefix}-b`, partitions: 2 });
    await until('a0,b0,b1');
    await admin.topics.addPartitions({ topic: `${prefix}-a`, count: 2 });
    await until('a0,a1,b0,b1');
    await using producer = kafka.producer();
    await producer.send(`${prefix}-a`, { partition: 1, value: 'late' });
    assert.equal(String((await first).value!.value), 'late');
    await records.return?.();
    stop();
    await admin.topics.create({ name: `${prefix}-c`, partitions: 1 });
    await admin.topics.list();
    assert.equal(told.at(-1), 'a0,a1,b0,b1');
  });

  it('reads topics of a pattern, among them one that is made later', async () => {
    const prefix = `audit-${randomUUID()}`;
    await using producer = kafka.producer();
    await using admin = kafka.admin();
    const made = async (name: string): Promise<void> => {
      await admin.topics.create({ name, partitions: 1 });
      await producer.send(name, { value: name });
    };
    await made(`${prefix}-a`);
    const consumer = new Kafka({
      brokers: elsewhere ?? `127.0.0.1:${broker!.port}`,
      metadataMaxAgeMs: 200,
    });
    const seen: string[] = [];
    const iterator = consumer
      .consumer({ groupId: prefix, groupProtocol: 'classic', autoOffsetReset: 'earliest' })
      .subscribe(new RegExp(`^${prefix}-`))
      [Symbol.asyncIterator]();
    seen.push(String((await iterator.next()).value!.value));
    await made(`${prefix}-b`);
    seen.push(String((await iterator.next()).value!.value));
    assert.deepEqual(seen, [`${prefix}-a`, `${prefix}-b`]);
    void iterator.next();
    await consumer.close();
  });
});
