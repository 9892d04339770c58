// Transactions against a broker in this process, by both protocols, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set, by the one it has.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import type { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { elsewhere, has, lacks } from '../../cluster/testing-elsewhere.ts';
import { Fetcher } from '../../consumer/fetching/fetcher.ts';
import type { KafkaError, TransactionError } from '../../errors/kafka-error.ts';
import { Kafka } from '../../kafka.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import { int32, string } from '../../serdes/primitives.ts';
import { topic as declare } from '../../topic.ts';

const PARTITIONS = 3;

for (const protocol of elsewhere === undefined ? ([1, 2] as const) : ['its' as const])
  describe(`transactions of protocol ${protocol}`, () => {
    let broker: TestBroker | undefined;
    let kafka: Kafka;
    let admin: Admin;
    let brokers: string;
    let topic: string;

    before(async () => {
      if (elsewhere === undefined) broker = await startTestBroker();
      brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
      kafka = new Kafka({ brokers, clientId: 'transactions-test' });
      admin = kafka.admin();
      if (protocol === 1)
        await admin.features.update({ feature: 'transaction.version', level: 1, type: 'safe-downgrade' });
    });

    after(async () => {
      await kafka.close();
      await broker?.stop();
    });

    async function made(): Promise<string> {
      const name = `transactions-${randomUUID()}`;
      await admin.topics.create({ name, partitions: PARTITIONS });
      return name;
    }

    /** What somebody reads who reads all, or only what is committed, up to the end of now. */
    async function values(name: string, isolation: 'read-committed' | 'read-uncommitted'): Promise<string[]> {
      await using cluster = new Cluster(resolveClientOptions({ brokers }), nodePorts);
      await using fetcher = new Fetcher(cluster, {
        ...{ fetchMinBytes: 1, fetchMaxWaitMs: 100, fetchMaxBytes: 1 << 20, partitionMaxBytes: 1 << 20 },
        ...{
          maxBufferedBytes: 1 << 24,
          isolation,
          autoOffsetReset: 'earliest',
          rack: undefined,
          checkCrcs: true,
        },
      });
      const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: name, partition }));
      const ends = await admin.offsets.list(
        all.map((each) => ({ ...each, at: 'latest' })),
        { isolation },
      );
      fetcher.assign(all);
      const found: string[] = [];
      const isDone = () => ends.every((end) => (fetcher.position(end)?.offset ?? -1) >= end.offset!);
      while (!isDone()) {
        const taken = fetcher.take(100);
        if (taken === undefined) await sleep(5);
        else found.push(...taken.records.map(({ value }) => String(value)));
      }
      return found.toSorted();
    }

    /** A commit is answered when it is decided, and seen when its markers are written: a moment later. */
    async function committed(count: number): Promise<string[]> {
      for (const deadlineMs = performance.now() + 10_000; ; ) {
        const found = await values(topic, 'read-committed');
        if (found.length >= count || performance.now() > deadlineMs) return found;
      }
    }

    const producerOf = (transactionalId = randomUUID() as string, options = {}) =>
      kafka.producer({ transactionalId, ...options });

    it('show what is committed, and to those who read committed nothing else', async () => {
      topic = await made();
      await using producer = producerOf();
      await producer.transaction(async (tx) => {
        for (let index = 0; index < 30; index++)
          tx.send(topic, { value: `a${index % 10}`, partition: index % PARTITIONS });
      });
      const failed = producer.transaction(async (tx) => {
        await tx.send(topic, { value: 'aborted', partition: 1 });
        throw new RangeError('no');
      });
      await assert.rejects(failed, RangeError);
      await producer.transaction((tx) => tx.send(topic, { value: 'b' }));
      const open = await producer.begin();
      await open.send(topic, { value: 'open', partition: 0 });
      const found = await committed(31);
      const uncommitted = await values(topic, 'read-uncommitted');
      assert.equal(found.length, 31);
      assert.ok(
        found.every((value) => /^a\d|b$/.test(value)),
        String(found),
      );
      assert.equal(uncommitted.length, 33);
      await open.commit();
      assert.equal((await committed(32)).length, 32);
    });

    it('can follow each other without waiting, many times', async () => {
      topic = await made();
      await using producer = producerOf();
      const numbers = declare(topic, { key: string(), value: int32() });
      const count = 50;
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          producer
            .transaction(async (tx) => {
              tx.send(
                numbers,
                [0, 1, 2].map((partition) => ({ key: `k${partition}`, value: index, partition })),
              );
              if (index % 5 === 4) await tx.abort();
            })
            .catch((error: KafkaError) => assert.equal(error.code, 'NO_TRANSACTION')),
        ),
      );
      const expected = (count * 4 * PARTITIONS) / 5;
      assert.equal((await committed(expected)).length, expected);
    });

    it('commit offsets of a group with them, or none', async () => {
      topic = await made();
      await using producer = producerOf();
      const groupId = randomUUID();
      const commit = (offset: number, isCommit: boolean) =>
        producer
          .transaction(async (tx) => {
            tx.send(topic, { value: `at ${offset}` });
            await tx.sendOffsets([{ topic, partition: 1, offset, metadata: 'so far' }], { groupId });
            if (!isCommit) throw new RangeError('no');
          })
          .catch((error) => assert.ok(error instanceof RangeError, error));
      await commit(7, true);
      await commit(9, false);
      const [found, ...others] = await admin.groupOffsets.get(groupId, {
        requireStable: await has('stable offsets'),
      });
      assert.deepEqual([found?.offset, found?.metadata, others.length], [7, 'so far', 0]);
      assert.deepEqual(await committed(1), ['at 7']);
    });

    it('refuse offsets of a member that the group does not know, and go on', async (test) => {
      if (await lacks(test, 'offsets of members in transactions')) return;
      topic = await made();
      await using producer = producerOf();
      const member = { groupId: randomUUID(), generationId: 5, memberId: 'nobody' };
      const refused = producer.transaction(async (tx) => {
        tx.send(topic, { value: 'zombie' });
        await tx.sendOffsets([{ topic, partition: 0, offset: 1 }], member);
      });
      await assert.rejects(refused, (error: TransactionError) => {
        assert.match(error.code, /^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)$/);
        assert.match(error.message, /go on from the committed offsets/);
        return error.abortable && !error.fatal;
      });
      await producer.transaction((tx) => tx.send(topic, { value: 'next' }));
      assert.deepEqual(await committed(1), ['next']);
    });

    it('of a producer that comes back abort those that it left open, and fence it', async () => {
      topic = await made();
      const id = randomUUID();
      await using zombie = producerOf(id);
      const left = await zombie.begin();
      await left.send(topic, { value: 'left' });
      await using producer = producerOf(id);
      await producer.transaction((tx) => tx.send(topic, { value: 'new' }));
      await assert.rejects(left.commit(), (error: TransactionError) => {
        assert.match(error.message, /Another producer has taken over/);
        return error.fatal;
      });
      await assert.rejects(zombie.begin(), { fatal: true });
      assert.deepEqual(await committed(1), ['new']);
      await producer.transaction((tx) => tx.send(topic, { value: 'more' }));
      assert.deepEqual(await committed(2), ['more', 'new']);
    });

    it('find out that they were fenced while they send, and nothing of it counts', async () => {
      topic = await made();
      const id = randomUUID();
      await using zombie = producerOf(id);
      const left = await zombie.begin();
      await left.send(topic, { value: 'a', partition: 0 });
      await using producer = producerOf(id);
      await producer.transaction(async () => {});
      await assert.rejects(
        left.send(topic, { value: 'b', partition: 0 }),
        (error: TransactionError) => error.abortable || error.fatal,
      );
      await assert.rejects(left.commit());
      await left.abort().catch((error: TransactionError) => assert.ok(error.fatal, String(error)));
      assert.deepEqual(await committed(0), []);
    });

    it('are left with an error that says so when one record does not fit, and the next one succeeds', async () => {
      topic = await made();
      await admin.configs.alter({
        resource: { type: 'topic', name: topic },
        set: { 'max.message.bytes': 2_000 },
      });
      await using producer = producerOf();
      const large = producer.transaction(async (tx) => {
        tx.send(topic, { value: 'small', partition: 0 });
        tx.post(topic, { value: 'x'.repeat(5_000), partition: 1 });
      });
      await assert.rejects(large, { name: 'TransactionError', code: 'MESSAGE_TOO_LARGE', abortable: true });
      await producer.transaction((tx) => tx.send(topic, { value: 'next', partition: 1 }));
      assert.deepEqual(await committed(1), ['next']);
    });

    it('end with the producer: what is open is aborted', async () => {
      topic = await made();
      const producer = producerOf();
      const tx = await producer.begin();
      await tx.send(topic, { value: 'open' });
      await producer.close();
      assert.equal(tx.outcome, 'aborted');
      await assert.rejects(tx.send(topic, { value: 'late' }), { code: 'NO_TRANSACTION' });
      await using next = producerOf();
      await next.transaction((other) => other.send(topic, { value: 'other' }));
      assert.deepEqual(await committed(1), ['other']);
    });

    it('are what a transactional producer sends in, and an ordinary one has not', async () => {
      await using transactional = producerOf();
      await using ordinary = kafka.producer();
      await assert.rejects(transactional.send('t', { value: 'v' }), /sends in transactions only/);
      assert.throws(() => transactional.post('t', { value: 'v' }), { code: 'NO_TRANSACTION' });
      await assert.rejects(
        ordinary.transaction(async () => {}),
        { code: 'INVALID_OPTIONS' },
      );
    });

    it('say which setting is too much for the broker', async () => {
      await using producer = producerOf(randomUUID(), { transactionTimeoutMs: 2_000_000_000 });
      await assert.rejects(producer.begin(), /transaction\.max\.timeout\.ms/);
    });
  });
