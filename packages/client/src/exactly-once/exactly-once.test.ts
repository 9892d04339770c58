// Exactly once against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Network } from '@moldau/io';
import { SeededRandom, seedOf, startTestBroker, type TestBroker } from '@moldau/testing';
import type { Admin } from '../admin/admin.ts';
import { elsewhere, lacks } from '../cluster/testing-elsewhere.ts';
import type { TransactionError } from '../errors/kafka-error.ts';
import { Kafka } from '../kafka.ts';
import { nodePorts } from '../options/ports.ts';
import { int32, string } from '../serdes/primitives.ts';
import { topic as declare, type Topic } from '../topic.ts';
import type { ExactlyOnceOptions } from './exactly-once-options.ts';

const PARTITIONS = 4;

type Numbers = Topic<string | null, number | null>;
type Options = ExactlyOnceOptions<Numbers[]>;

/** A network whose connections can be cut, for a moment or as when a process is killed: then brokers hear nothing more of it. */
function mortalNetwork(): { network: Network; cut(): void; kill(): void } {
  const connections = new Set<Connection>();
  let isDead = false;
  const network: Network = {
    listen: nodePorts.network.listen,
    lookup: nodePorts.network.lookup,
    async dial(...call) {
      if (isDead) throw Object.assign(new Error('killed'), { code: 'ECONNREFUSED' });
      const connection = await nodePorts.network.dial(...call);
      connections.add(connection);
      if (isDead) connection.destroy();
      return connection;
    },
  };
  const cut = (): void => {
    for (const connection of connections) connection.destroy();
    connections.clear();
  };
  const kill = (): void => {
    isDead = true;
    cut();
  };
  return { network, cut, kill };
}

describe('exactlyOnce', () => {
  let broker: TestBroker | undefined;
  let brokers: string;
  let kafka: Kafka;
  let admin: Admin;

  before(async () => {
    if (elsewhere === undefined)
      broker = await startTestBroker({ settings: ['group.initial.rebalance.delay.ms=0'] });
    brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
    kafka = new Kafka({ brokers, clientId: 'exactly-once-test' });
    admin = kafka.admin();
  });

  after(async () => {
    await kafka.close();
    await broker?.stop();
  });

  async function made(what: string, count: number): Promise<Numbers> {
    const name = `${what}-${randomUUID()}`;
    await admin.topics.create({ name, partitions: PARTITIONS });
    const topic = declare(name, { key: string(), value: int32() });
    if (count > 0) {
      await using producer = kafka.producer();
      const records = Array.from({ length: count }, (_, value) => ({ key: `k${value % 50}`, value }));
      await producer.send(topic, records);
    }
    return topic;
  }

  /** All that is committed, in the order of each partition. */
  async function committed(topic: Numbers): Promise<number[]> {
    await using consumer = kafka.consumer({ isolation: 'read-committed', fetchMaxWaitMs: 50 });
    const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: topic.name, partition }));
    const ends = await admin.offsets.list(
      all.map((each) => ({ ...each, at: 'latest' })),
      { isolation: 'read-committed' },
    );
    const reader = consumer.assign(all.map(({ partition }) => ({ topic, partition, offset: 0 })));
    const values: number[] = [];
    const stop = new AbortController();
    const isDone = (): boolean => ends.every((end) => (reader.position(end) ?? 0) >= end.offset!);
    const watch = (async () => {
      while (!isDone()) await sleep(10);
      stop.abort();
    })();
    for await (const batch of reader.batches({ signal: stop.signal }))
      values.push(...batch.records.map(({ value }) => value!));
    await watch;
    return values;
  }

  /** A commit is answered when it is decided, and seen when its markers are written: a moment later. */
  async function assertOnce(topic: Numbers, count: number): Promise<void> {
    let values = await committed(topic);
    for (
      const deadlineMs = performance.now() + 10_000;
      values.length < count && performance.now() < deadlineMs;
    )
      values = await committed(topic);
    assert.equal(new Set(values).size, values.length, 'there are duplicates');
    values.sort((left, right) => left - right);
    assert.deepEqual(
      values,
      Array.from({ length: count }, (_, value) => value),
    );
  }

  const optionsOf = (from: Numbers, to: Numbers, more: Partial<Options> = {}): Options => ({
    from: [from],
    groupId: `group-${from.name}`,
    transactionalId: `tx-${from.name}`,
    maxRecords: 50,
    retry: { delayMs: 10, maxDelayMs: 50, attempts: 5 },
    consumer: { fetchMaxWaitMs: 50, groupProtocol: 'classic', heartbeatIntervalMs: 100 },
    transform: async (batch, tx) => {
      for (const { key, value } of batch) tx.send(to, { key, value });
    },
    ...more,
  });

  it('gives each output once, though instances are killed, stopped, cut off and started again', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    const random = new SeededRandom(seedOf());
    test.diagnostic(`SEED=${random.seed}`);
    const count = 2_000;
    const [from, to] = [await made('in', count), await made('out', 0)];
    let done = 0;
    let endings = 0;
    for (let life = 0; done < count; life++) {
      const { network, cut, kill } = mortalNetwork();
      const instance = new Kafka(
        { brokers, retryBackoffMs: 20, reconnectBackoffMs: 5 },
        { ...nodePorts, network },
      );
      const stop = new AbortController();
      const isKilled = random.chance(0.6);
      let lives = life < 12 ? 1 + random.below(8) : Number.POSITIVE_INFINITY;
      const end = async (): Promise<void> => {
        endings++;
        if (isKilled) kill();
        stop.abort();
      };
      const running = instance.exactlyOnce(
        optionsOf(from, to, {
          signal: stop.signal,
          stopTimeoutMs: isKilled ? 0 : 2_000,
          consumer: { ...optionsOf(from, to).consumer, instanceId: 'the one' },
          async transform(batch, tx) {
            for (const { key, value } of batch) {
              const sent = tx.send(to, { key, value });
              if (random.chance(0.02)) await sent;
            }
            if (random.chance(0.06)) setTimeout(cut, random.below(20));
            if (random.chance(0.1)) throw new RangeError('at random');
            if (--lives === 0) await end();
          },
          onCommitted: ({ recordCount }) => {
            done += recordCount;
            if (done >= count) stop.abort();
          },
          retry: { delayMs: 1, attempts: 1_000 },
        }),
      );
      await running.catch((error) => assert.ok(isKilled, error));
      await instance.close();
      // A commit whose answer did not come may have been done.
      if (isKilled) {
        const places = await admin.groupOffsets.get(`group-${from.name}`, { requireStable: true });
        const starts = await admin.offsets.list(places.map((each) => ({ ...each, at: 'earliest' })));
        done = places.reduce((sum, { offset }, index) => sum + offset - starts[index]!.offset!, 0);
      }
    }
    test.diagnostic(`${endings} ends on the way`);
    await assertOnce(to, count);
  });

  it('shares the work of a group, whose members come and go', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    const count = 400;
    const [from, to] = [await made('in', count), await made('out', 0)];
    let done = 0;
    const stops = ['a', 'b', 'c'].map(() => new AbortController());
    const run = (index: number) =>
      kafka.exactlyOnce(
        optionsOf(from, to, {
          signal: stops[index]!.signal,
          transactionalId: `tx-${index}-${from.name}`,
          maxRecords: 10,
          async transform(batch, tx) {
            for (const { key, value } of batch) tx.send(to, { key, value });
            await sleep(5);
          },
          onCommitted({ recordCount }) {
            done += recordCount;
            if (done > count / 3 && index === 0) stops[0]!.abort();
            if (done >= count) for (const stop of stops) stop.abort();
          },
        }),
      );
    const runs = [run(0), run(1)];
    while (done < count / 6) await sleep(5);
    runs.push(run(2));
    const summaries = await Promise.all(runs);
    assert.equal(
      summaries.reduce((sum, { records }) => sum + records, 0),
      count,
    );
    await assertOnce(to, count);
  });

  it('does not let a member commit what the group has given to others while it was at work', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    const count = 40;
    const [from, to] = [await made('in', count), await made('out', 0)];
    const stop = new AbortController();
    const errors: unknown[] = [];
    let isSlow = true;
    let lost: AbortSignal | undefined;
    const slow = kafka.exactlyOnce(
      optionsOf(from, to, {
        signal: stop.signal,
        transactionalId: `slow-${from.name}`,
        consumer: { ...optionsOf(from, to).consumer, drainTimeoutMs: 50 },
        async transform(batch, tx, { signal }) {
          for (const { key, value } of batch) tx.send(to, { key, value });
          if (!isSlow) return;
          isSlow = false;
          lost = signal;
          await new Promise(() => {});
        },
        onAborted: (error) => void errors.push(error),
      }),
    );
    while (lost === undefined) await sleep(5);
    const other = kafka.exactlyOnce(
      optionsOf(from, to, { signal: stop.signal, transactionalId: `other-${from.name}` }),
    );
    for (let values = 0; values < count; values = (await committed(to)).length) await sleep(20);
    stop.abort();
    await Promise.all([slow, other]);
    assert.ok(lost.aborted);
    assert.equal(errors.length, 1);
    await assertOnce(to, count);
  });

  it('rejects when transform() fails again and again, tells of each time, and commits nothing of it', async () => {
    const [from, to] = [await made('in', 20), await made('out', 0)];
    const told: [attempt: number, isRetried: boolean][] = [];
    const running = kafka.exactlyOnce(
      optionsOf(from, to, {
        retry: { attempts: 3, delayMs: 1 },
        async transform(batch, tx, { attempt }) {
          for (const { key, value } of batch) tx.send(to, { key, value });
          throw new RangeError(`attempt ${attempt}`);
        },
        onAborted: (_, { attempt, retryDelayMs }) => void told.push([attempt, retryDelayMs !== undefined]),
      }),
    );
    await assert.rejects(running, /attempt 3/);
    assert.deepEqual(told, [
      [1, true],
      [2, true],
      [3, false],
    ]);
    assert.deepEqual(await committed(to), []);
    assert.deepEqual(await admin.groupOffsets.get(`group-${from.name}`), []);
  });

  it('ends within its time though transform() does not', async () => {
    const [from, to] = [await made('in', 20), await made('out', 0)];
    const stop = new AbortController();
    const running = kafka.exactlyOnce(
      optionsOf(from, to, {
        signal: stop.signal,
        stopTimeoutMs: 100,
        transform: async (batch, tx) => {
          await tx.send(to, { key: null, value: batch.length });
          stop.abort();
          await new Promise(() => {});
        },
      }),
    );
    const summary = await running;
    assert.deepEqual(summary, { transactions: 0, records: 0, aborted: 1 });
    assert.deepEqual(await committed(to), []);
    const already = await kafka.exactlyOnce(optionsOf(from, to, { signal: AbortSignal.abort() }));
    assert.equal(already.transactions, 0);
  });

  it('ends when all clients are closed', async () => {
    const [from, to] = [await made('in', 20), await made('out', 0)];
    const instance = new Kafka({ brokers });
    const running = instance.exactlyOnce(
      optionsOf(from, to, {
        async transform(batch, tx) {
          await tx.send(to, { key: null, value: batch.length });
          void instance.close();
          await new Promise(() => {});
        },
      }),
    );
    assert.equal((await running).transactions, 0);
    await instance.close();
    assert.deepEqual(await committed(to), []);
  });

  it('rejects when another instance with its transactional id has taken over', async () => {
    const [from, to] = [await made('in', 20), await made('out', 0)];
    await using successor = kafka.producer({ transactionalId: `tx-${from.name}` });
    const running = kafka.exactlyOnce(
      optionsOf(from, to, {
        async transform(_, tx) {
          await tx.send(to, { key: null, value: 1 });
          await successor.transaction(async () => {});
        },
      }),
    );
    await assert.rejects(running, (error: TransactionError) => {
      assert.match(error.message, /Another producer has taken over/);
      return error.fatal;
    });
    assert.deepEqual(await committed(to), []);
  });

  it('says what is wrong with its options', async () => {
    const topic = declare('t', { key: string(), value: int32() });
    const wrong = (options: object) => kafka.exactlyOnce({ ...optionsOf(topic, topic), ...options });
    await assert.rejects(wrong({ transactionalID: 'x' }), /did you mean transactionalId\?/);
    await assert.rejects(wrong({ linger: 5 }), /stand in consumer: \{ \.\.\. \} and producer: \{ \.\.\. \}/);
    await assert.rejects(wrong({ groupId: '' }), /takes a groupId/);
    await assert.rejects(wrong({ transactionalId: undefined }), /keeps over restarts/);
    await assert.rejects(wrong({ consumer: { autoOffsetRest: 'latest' } }), /did you mean autoOffsetReset\?/);
  });
});
