// What a consumer keeps whatever goes wrong: it is given every record, in the order of its partition, what it committed stays committed, and nothing hangs.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Kafka } from '@moldau/client';
import { type ErrorName, SeededRandom, seedOf } from '@moldau/testing';
import { lacks, startTarget, type Target, until, within } from './target.ts';

const SETTLED_MS = 20_000;
/** The last value where nobody knows how many there are. */
const END = 1_000_000;
const PROTOCOLS = ['classic', 'consumer'] as const;

const random = new SeededRandom(seedOf());

type Consumer = ReturnType<Kafka['consumer']>;

async function fill(
  target: Target,
  topic: string,
  from: number,
  count: number,
  partition = 0,
): Promise<void> {
  await using kafka = target.client();
  const producer = kafka.producer();
  await Promise.all(
    Array.from({ length: count }, (_, at) => producer.send(topic, { value: String(from + at), partition })),
  );
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => String(from + at));
}

/**
 * Reads values until there are so many and they are committed. What was read while the group gave the partition away comes again, and counts once; it does
 * not where the commit was done though it was said to be too late.
 */
async function read(consumer: Consumer, topic: string, count: number, end = count): Promise<string[]> {
  const values = new Set<string>();
  const isCommitted = async (): Promise<boolean> => {
    const [committed] = await consumer.committed([{ topic, partition: 0 }]);
    return committed !== undefined && committed.offset >= end;
  };
  const reading = (async () => {
    for await (const batch of consumer.batches()) {
      for (const { value } of batch.records) values.add(String(value));
      const isDone = await batch.commit().then(() => true, isCommitted);
      if (isDone && values.size >= count) break;
    }
  })();
  await within(SETTLED_MS, `reading ${count} records`, reading).catch((error) => {
    throw new Error(`${(error as Error).message}; there are ${values.size}`, { cause: error });
  });
  return [...values];
}

describe(`a consumer of a group whose connections are cut (SEED=${random.seed})`, () => {
  let target: Target;
  let topic: string;
  before(async () => {
    target = await startTarget();
    topic = await target.topic();
    await fill(target, topic, 0, 5);
  });
  after(() => target[Symbol.asyncDispose]());

  const apis = {
    classic: [
      'FindCoordinator',
      'JoinGroup',
      'SyncGroup',
      'OffsetFetch',
      'ListOffsets',
      'Fetch',
      'OffsetCommit',
      'LeaveGroup',
    ],
    consumer: ['ConsumerGroupHeartbeat', 'OffsetCommit'],
  };
  /** Of these every byte; of the others some, which are others each time. */
  const thorough = ['JoinGroup', 'ConsumerGroupHeartbeat'];

  for (const groupProtocol of PROTOCOLS) {
    for (const api of apis[groupProtocol]) {
      for (const when of ['before', 'after'] as const) {
        const what = when === 'before' ? 'a request' : 'an answer';
        it(`(${groupProtocol}) reads all and commits, cut within ${what} of ${api}`, async (test) => {
          if (groupProtocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
          const stride = thorough.includes(api) ? 1 : 11;
          const first = random.below(stride);
          for (let afterBytes = first, bytes = 100; afterBytes <= bytes; afterBytes += stride) {
            const clientId = `cut-${randomUUID()}`;
            const cut = target.faults.drop({ api, when, afterBytes, clientId });
            const groupId = clientId;
            const kafka = target.client({ clientId });
            const consumer = kafka.consumer({ groupId, groupProtocol, autoOffsetReset: 'earliest' });
            consumer.subscribe(topic);
            assert.deepEqual(await read(consumer, topic, 5), numbers(0, 5), `${afterBytes} bytes of ${api}`);
            const [committed] = await consumer.committed([{ topic, partition: 0 }]);
            assert.equal(committed?.offset, 5);
            await within(SETTLED_MS, 'close()', kafka.close());
            assert.equal(cut.count, 1, `${api} met the cut after ${afterBytes} bytes`);
            if (when === 'before') bytes = Math.min(bytes + stride, (await cut.met).bytes);
          }
        });
      }
    }
  }
});

describe('a consumer of partitions whose connections are cut', () => {
  it('is given every record once and in order, cut at every byte of a Fetch and of its answer', async () => {
    await using target = await startTarget();
    const topic = await target.topic();
    await using kafka = target.client({ clientId: 'cut' });
    await using writer = target.client();
    const producer = writer.producer({ lingerMs: 0 });
    const consumer = kafka.consumer({ autoOffsetReset: 'earliest', fetchMaxWaitMs: 20 });
    consumer.assign([{ topic, partition: 0 }]);
    const records = consumer[Symbol.asyncIterator]();
    let sent = 0;
    const next = async (): Promise<void> => {
      await producer.send(topic, { value: String(sent), partition: 0 });
      const { value } = await within(SETTLED_MS, 'the next record', records.next());
      assert.equal(String(value?.value), String(sent));
      sent += 1;
    };
    await next();
    for (const when of ['before', 'after'] as const) {
      for (let afterBytes = 0, bytes = 120; afterBytes <= bytes; afterBytes++) {
        const cut = target.faults.drop({ api: 'Fetch', clientId: 'cut', when, afterBytes });
        await next();
        const met = await within(SETTLED_MS, 'the cut', cut.met);
        if (when === 'before') bytes = met.bytes;
        await next();
      }
    }
    await records.return?.();
  });
});

describe('a consumer that is told of errors', () => {
  let target: Target;
  let topic: string;
  before(async () => {
    target = await startTarget();
    topic = await target.topic();
    await fill(target, topic, 0, 5);
  });
  after(() => target[Symbol.asyncDispose]());

  const cases: readonly [api: string, ...codes: ErrorName[]][] = [
    ['FindCoordinator', 'COORDINATOR_NOT_AVAILABLE'],
    [
      'JoinGroup',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'NOT_COORDINATOR',
      'UNKNOWN_MEMBER_ID',
      'COORDINATOR_NOT_AVAILABLE',
    ],
    ['SyncGroup', 'REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'],
    ['OffsetFetch', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'UNSTABLE_OFFSET_COMMIT'],
    ['OffsetCommit', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'REQUEST_TIMED_OUT'],
    ['ListOffsets', 'NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['Fetch', 'NOT_LEADER_OR_FOLLOWER', 'FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH'],
    ['Fetch', 'KAFKA_STORAGE_ERROR', 'UNKNOWN_TOPIC_ID', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH'],
    ['Heartbeat', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'NOT_COORDINATOR'],
    [
      'ConsumerGroupHeartbeat',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'NOT_COORDINATOR',
      'COORDINATOR_NOT_AVAILABLE',
    ],
  ];
  for (const [api, ...codes] of cases) {
    for (const code of codes) {
      it(`reads all and commits when ${api} says ${code} twice`, async (test) => {
        if (api === 'ConsumerGroupHeartbeat' && (await lacks(test, 'the consumer protocol'))) return;
        const clientId = `told-${randomUUID()}`;
        const fault = target.faults.error({ api, code, clientId, times: 2 });
        await using kafka = target.client({ clientId });
        const groupProtocol = api === 'ConsumerGroupHeartbeat' ? 'consumer' : 'classic';
        const consumer = kafka.consumer({
          ...{ groupId: clientId, groupProtocol, autoOffsetReset: 'earliest', heartbeatIntervalMs: 10 },
          // A member that was told to forget its id leaves one behind.
          ...{ sessionTimeoutMs: 500, fetchMaxWaitMs: 20 },
        });
        consumer.subscribe(topic);
        assert.deepEqual(await read(consumer, topic, 5), numbers(0, 5));
        await within(SETTLED_MS, 'the error', fault.met);
        const [committed] = await consumer.committed([{ topic, partition: 0 }]);
        assert.equal(committed?.offset, 5);
      });
    }
  }
});

describe('a consumer and brokers that change', () => {
  for (const groupProtocol of PROTOCOLS) {
    it(`(${groupProtocol}) goes on where it was when its coordinator moves again and again`, async (test) => {
      if (groupProtocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
      await using target = await startTarget({ brokers: 3 });
      const topic = await target.topic();
      await using kafka = target.client();
      const groupId = `moving-${randomUUID()}`;
      const consumer = kafka.consumer({
        ...{ groupId, groupProtocol, autoOffsetReset: 'earliest', heartbeatIntervalMs: 20 },
        fetchMaxWaitMs: 20,
      });
      consumer.subscribe(topic);
      for (let round = 0; round < 6; round++) {
        await fill(target, topic, round * 10, 10);
        assert.deepEqual(
          await read(consumer, topic, 10, round * 10 + 10),
          numbers(round * 10, round * 10 + 10),
        );
        target.faults.moveCoordinator({ group: groupId });
      }
      const [committed] = await consumer.committed([{ topic, partition: 0 }]);
      assert.equal(committed?.offset, 60);
    });
  }

  it('is given every record once and in order while leaders move', async () => {
    await using target = await startTarget({ brokers: 3 });
    const topic = await target.topic();
    await using kafka = target.client();
    const consumer = kafka.consumer({ autoOffsetReset: 'earliest', fetchMaxWaitMs: 20 });
    consumer.assign([{ topic, partition: 0 }]);
    const producer = target.client().producer({ lingerMs: 0 });
    const sending = (async () => {
      for (let sent = 0; sent < 1000; sent += 10) {
        await Promise.all(
          numbers(sent, sent + 10).map((value) => producer.send(topic, { value, partition: 0 })),
        );
        if (sent % 100 === 50) target.faults.moveLeader({ topic, partition: 0 });
      }
    })();
    const values: string[] = [];
    const reading = (async () => {
      for await (const record of consumer) {
        values.push(String(record.value));
        if (values.length === 1000) break;
      }
    })();
    await within(SETTLED_MS, 'sending', sending);
    await within(SETTLED_MS, 'reading', reading);
    assert.deepEqual(values, numbers(0, 1000));
  });

  it('reads on when the broker that it reads from is gone and another leads', async () => {
    await using target = await startTarget({ brokers: 2 });
    const topic = await target.topic();
    await fill(target, topic, 0, 5);
    await using kafka = target.client();
    const [found] = await kafka.admin().topics.describe(topic);
    const consumer = kafka.consumer({ autoOffsetReset: 'earliest' });
    consumer.assign([{ topic, partition: 0 }]);
    const records = consumer[Symbol.asyncIterator]();
    for (const value of numbers(0, 5)) assert.equal(String((await records.next()).value?.value), value);
    await target.faults.refuse({ broker: found!.partitions[0]!.leaderId! });
    target.faults.moveLeader({ topic, partition: 0 });
    await fill(target, topic, 5, 5);
    for (const value of numbers(5, 10))
      assert.equal(String((await within(SETTLED_MS, 'the next record', records.next())).value?.value), value);
    await records.return?.();
    await target.faults.lift();
  });

  for (const groupProtocol of PROTOCOLS) {
    it(`(${groupProtocol}) is given every record, and what was committed once only, over restarts under load`, async (context) => {
      await using target = await startTarget({ settings: { 'moldau.durability': 'fsync' } });
      if (target.restart === undefined) return context.skip('the broker is not ours to stop');
      const topic = await target.topic();
      await using kafka = target.client();
      const consumer = kafka.consumer({
        ...{ groupId: 'restarts', groupProtocol, autoOffsetReset: 'earliest', heartbeatIntervalMs: 50 },
        ...{ fetchMaxWaitMs: 50, commit: 'manual' },
      });
      consumer.subscribe(topic);
      const producer = target.client().producer({ lingerMs: 0 });
      let isOver = false;
      let sent = 0;
      const sending = (async () => {
        for (; !isOver; sent += 20)
          await Promise.all(
            numbers(sent, sent + 20).map((value) => producer.send(topic, { value, partition: 0 })),
          );
      })();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const batch of consumer.batches({ maxRecords: 50 })) {
          for (const { value } of batch.records) seen.push(Number(String(value)));
          await batch.commit().catch(() => {});
          if (seen.at(-1) === END) break;
        }
      })();
      for (let restarts = 0; restarts < 3; restarts++) {
        const enough = seen.length + 100;
        await until(SETTLED_MS, 'records after a restart', () => seen.length >= enough);
        await target.restart({ downMs: 20 });
      }
      isOver = true;
      await within(SETTLED_MS, 'sending', sending);
      await fill(target, topic, END, 1);
      await within(SETTLED_MS, 'reading', reading);
      assert.deepEqual([...new Set(seen)], [...Array(sent).keys(), END]);
    });
  }
});

describe('a consumer and a broker that does not answer', () => {
  it('reads on after a silence, and closes within its bound during one', async () => {
    await using target = await startTarget();
    const topic = await target.topic();
    await fill(target, topic, 0, 1);
    await using kafka = target.client({ requestTimeoutMs: 300 });
    const LONGER_THAN_A_REQUEST_MS = 400;
    const consumer = kafka.consumer({
      ...{ groupId: `silent-${randomUUID()}`, autoOffsetReset: 'earliest', fetchMaxWaitMs: 100 },
      ...{ heartbeatIntervalMs: 50, drainTimeoutMs: 300 },
    });
    consumer.subscribe(topic);
    const records = consumer[Symbol.asyncIterator]();
    assert.equal(String((await within(SETTLED_MS, 'a record', records.next())).value?.value), '0');
    const silence = target.faults.silence();
    await silence.met;
    const next = records.next();
    await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_A_REQUEST_MS));
    await silence.lift();
    await fill(target, topic, 1, 1);
    assert.equal(String((await within(SETTLED_MS, 'a record after the silence', next)).value?.value), '1');
    const second = target.faults.silence();
    const startedMs = performance.now();
    await within(
      5_000,
      'close()',
      consumer.close({ timeoutMs: 500 }).catch(() => {}),
    );
    assert.ok(performance.now() - startedMs < 3_000);
    second.lift();
  });

  it('is as slow as its connection, and loses nothing', async () => {
    await using target = await startTarget();
    const topic = await target.topic();
    await fill(target, topic, 0, 3000);
    await using kafka = target.client();
    const consumer = kafka.consumer({ autoOffsetReset: 'earliest', partitionMaxBytes: 10_000 });
    consumer.assign([{ topic, partition: 0 }]);
    const slowness = target.faults.slow({ bytesPerSecond: 100_000 });
    const values: string[] = [];
    const reading = (async () => {
      for await (const record of consumer) {
        values.push(String(record.value));
        if (values.length === 3000) break;
      }
    })();
    await within(SETTLED_MS, 'reading', reading);
    slowness.lift();
    assert.deepEqual(values, numbers(0, 3000));
  });
});

describe('members of a group whose connections are dropped again and again', () => {
  for (const groupProtocol of PROTOCOLS) {
    it(`(${groupProtocol}) are given every record between them`, async (test) => {
      if (groupProtocol === 'consumer' && (await lacks(test, 'the consumer protocol'))) return;
      await using target = await startTarget({
        settings: {
          'group.consumer.min.heartbeat.interval.ms': 50,
          'group.consumer.heartbeat.interval.ms': 50,
        },
      });
      const topic = await target.topic({ partitions: 4 });
      const groupId = `members-${randomUUID()}`;
      const seen = new Set<string>();
      const stop = new AbortController();
      // Members whose answers were lost leave others behind, which the group waits for so long.
      const sessionTimeoutMs = 500;
      const runs = Array.from({ length: 3 }, async () => {
        const consumer = target.client().consumer({
          ...{ groupId, groupProtocol, autoOffsetReset: 'earliest', fetchMaxWaitMs: 50 },
          ...{ sessionTimeoutMs, heartbeatIntervalMs: 50 },
        });
        consumer.subscribe(topic);
        await consumer.run({
          signal: stop.signal,
          handler: (record) => void seen.add(String(record.value)),
        });
        await consumer.close();
      });
      const drops = setInterval(() => target.faults.dropAll(), 100);
      const producer = target.client().producer({ lingerMs: 0 });
      for (let sent = 0; sent < 1000; sent += 20)
        await Promise.all(
          numbers(sent, sent + 20).map((value) =>
            producer.send(topic, { value, partition: Number(value) % 4 }),
          ),
        );
      clearInterval(drops);
      await until(
        SETTLED_MS,
        'all records read',
        () => seen.size === 1000,
        () => `there are ${seen.size}`,
      );
      stop.abort();
      await within(SETTLED_MS, 'the end of run()', Promise.all(runs));
    });
  }
});
