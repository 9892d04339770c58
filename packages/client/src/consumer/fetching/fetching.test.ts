// Fetching from a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  CODECS,
  encodeBatch,
  endTxnRequest,
  endTxnResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { SeededRandom, seedOf, startTestBroker, type TestBroker } from '@moldau/testing';
import { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { elsewhere, lacks } from '../../cluster/testing-elsewhere.ts';
import { OffsetOutOfRangeError } from '../../errors/consumer-errors.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import { Fetcher } from './fetcher.ts';
import { FETCH_DEFAULTS, type FetchSettings } from './types.ts';

const PRODUCE = { request: produceRequest, response: produceResponse, maxVersion: 11 };
const INIT = { request: initProducerIdRequest, response: initProducerIdResponse, maxVersion: 4 };
const ADD = { request: addPartitionsToTxnRequest, response: addPartitionsToTxnResponse, maxVersion: 3 };
const END = { request: endTxnRequest, response: endTxnResponse, maxVersion: 3 };

describe('fetching', () => {
  let broker: TestBroker | undefined;
  let cluster: Cluster;
  let admin: Admin;

  before(async () => {
    if (elsewhere === undefined) broker = await startTestBroker();
    const brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
    cluster = new Cluster(resolveClientOptions({ brokers, clientId: 'fetching-test' }), nodePorts);
    admin = new Admin(cluster);
  });

  after(async () => {
    await cluster.close();
    await broker?.stop();
  });

  async function made(
    partitions = 1,
    configs: Record<string, string> = {},
    topic = `fetching-${randomUUID()}`,
  ): Promise<string> {
    await admin.topics.create({ name: topic, partitions, configs });
    // Brokers learn of topics a moment after they are made.
    for (;;) {
      const found = await admin.topics.describe(topic).catch(() => []);
      if (found[0]?.partitions.length === partitions) return topic;
    }
  }

  type Batch = Omit<Parameters<typeof encodeBatch>[0], 'records'>;

  async function write(
    topic: string,
    values: readonly (string | Buffer)[],
    options: Batch & { partition?: number; timestamp?: number } = {},
  ): Promise<void> {
    const { partition = 0, timestamp = Date.now(), ...fields } = options;
    const records = encodeBatch({
      records: values.map((value) => ({ timestamp, key: null, value: Buffer.from(value) })),
      ...fields,
    });
    const isTransactional = fields.isTransactional === true;
    const { responses } = await cluster.request(
      PRODUCE,
      {
        ...{ acks: -1, timeoutMs: 10_000, transactionalId: isTransactional ? `id-${topic}` : null },
        topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
      },
      {
        to: { leaderOf: { topic, partition } },
        purpose: 'produce',
        retry: { errorOf: ({ responses }) => responses[0]!.partitionResponses[0]!.errorCode },
      },
    );
    assert.equal(responses[0]!.partitionResponses[0]!.errorCode, 0);
  }

  function fetcherOf(settings: Partial<FetchSettings> = {}): Fetcher {
    // They share a connection: what waits at the broker for one that is closed holds up the next.
    const defaults = { ...FETCH_DEFAULTS, autoOffsetReset: 'earliest', fetchMaxWaitMs: 50 } as const;
    return new Fetcher(cluster, { ...defaults, ...settings });
  }

  async function read(
    fetcher: Fetcher,
    count: number,
    most = 1_000,
  ): Promise<ConsumerRecord<unknown, unknown>[]> {
    const records = [];
    while (records.length < count) {
      const taken = fetcher.take(most);
      if (taken === undefined) await fetcher.whenReady(AbortSignal.timeout(20_000));
      else records.push(...taken.records);
    }
    return records;
  }

  const texts = (records: readonly ConsumerRecord<unknown, unknown>[]): string[] =>
    records.map(({ value }) => String(value));

  it('gives all records of all codecs and sizes once, in order, in few bytes at a time', async () => {
    const seed = seedOf();
    console.log(`seed ${seed}: repeat with SEED=${seed}`);
    const random = new SeededRandom(seed);
    const topic = await made(3);
    const counts = [0, 0, 0];
    for (let batch = 0; batch < 60; batch++) {
      const partition = random.below(3);
      const values = Array.from({ length: 1 + random.below(40) }, () =>
        String(counts[partition]!++).padEnd(random.chance(0.03) ? 30_000 : random.below(200)),
      );
      await write(topic, values, { partition, compression: random.pick(CODECS) });
    }
    await using fetcher = fetcherOf({ partitionMaxBytes: 5_000, maxBufferedBytes: 12_000 });
    fetcher.assign([0, 1, 2].map((partition) => ({ topic, partition })));
    const next = [0, 0, 0];
    const all = await read(
      fetcher,
      counts.reduce((sum, count) => sum + count),
      1 + random.below(60),
    );
    for (const { partition, offset, value } of all) {
      assert.equal(offset, next[partition]!++);
      assert.equal(Number(String(value)), offset);
    }
    assert.deepEqual(next, counts);
    assert.equal(fetcher.lagOf({ topic, partition: 0 }).records, 0);
  });

  it('waits at the broker for records, and gives them when they come', async () => {
    const topic = await made();
    await using fetcher = fetcherOf({ autoOffsetReset: 'latest', fetchMaxWaitMs: 200 });
    fetcher.assign([{ topic, partition: 0 }]);
    while (fetcher.position({ topic, partition: 0 }) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
    for (const value of ['a', 'b', 'c']) {
      await write(topic, [value]);
      assert.deepEqual(texts(await read(fetcher, 1)), [value]);
    }
  });

  it('begins at the first record that is not older than a time, and where it is sought to', async () => {
    const topic = await made();
    const nowMs = Date.now();
    for (const ageMs of [300_000, 200_000, 100_000])
      await write(topic, [`${ageMs}`], { timestamp: nowMs - ageMs });
    await using fetcher = fetcherOf({ autoOffsetReset: { durationMs: 250_000 } });
    const place = { topic, partition: 0 };
    const next = async (): Promise<string> => texts(await read(fetcher, 1, 1))[0]!;
    fetcher.assign([place]);
    assert.equal(await next(), '200000');
    fetcher.seek(place, { timestampMs: nowMs - 100_000 });
    assert.equal(await next(), '100000');
    fetcher.seek(place, 'earliest');
    assert.equal(await next(), '300000');
    fetcher.seek(place, { offset: 2 });
    assert.equal(await next(), '100000');
    fetcher.seek(place, { timestampMs: nowMs + 100_000 });
    while (fetcher.position(place) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    await write(topic, ['new']);
    assert.equal(await next(), 'new');
  });

  it('tells of an offset that is out of range', async () => {
    const topic = await made();
    await write(topic, ['a']);
    await using fetcher = fetcherOf({ autoOffsetReset: 'none' });
    fetcher.assign([{ topic, partition: 0, position: { offset: 50 } }]);
    await assert.rejects(read(fetcher, 1), OffsetOutOfRangeError);
    fetcher.seek({ topic, partition: 0 }, { offset: 0, leaderEpoch: 0 });
    assert.deepEqual(texts(await read(fetcher, 1)), ['a']);
  });

  it('reads what is committed, or everything, of transactions', async () => {
    const topic = await made();
    const transactionalId = `id-${topic}`;
    const to = { coordinatorOf: 'transaction', key: transactionalId } as const;
    const retry = { errorOf: ({ errorCode }: { errorCode: number }) => errorCode };
    const { producerId, producerEpoch } = await cluster.request(
      INIT,
      { transactionalId, transactionTimeoutMs: 60_000 },
      { to, retry },
    );
    let baseSequence = 0;
    for (const [value, committed] of [
      ['one', true],
      ['two', false],
      ['three', true],
      ['four', false],
    ] as const) {
      await cluster.request(
        ADD,
        {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [0] }],
        },
        {
          to,
          retry: {
            errorOf: ({ resultsByTopicV3AndBelow }) =>
              resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode,
          },
        },
      );
      await write(topic, [value, value], { producerId, producerEpoch, baseSequence, isTransactional: true });
      baseSequence += 2;
      await cluster.request(END, { transactionalId, producerId, producerEpoch, committed }, { to, retry });
    }
    await write(topic, ['last']);
    await using committed = fetcherOf({ isolation: 'read-committed' });
    committed.assign([{ topic, partition: 0 }]);
    assert.deepEqual(texts(await read(committed, 5)), ['one', 'one', 'three', 'three', 'last']);
    await using everything = fetcherOf();
    everything.assign([{ topic, partition: 0 }]);
    assert.equal((await read(everything, 9)).length, 9);
  });

  it('gives a record that is larger than what is asked for', async () => {
    const topic = await made(1, { 'max.message.bytes': '3000000' });
    await write(topic, [Buffer.alloc(2_500_000, 1)]);
    await write(topic, ['small']);
    await using fetcher = fetcherOf({
      partitionMaxBytes: 1_000,
      fetchMaxBytes: 1_000,
      maxBufferedBytes: 2_000,
    });
    fetcher.assign([{ topic, partition: 0 }]);
    const [large, small] = await read(fetcher, 2, 1);
    assert.equal(large!.valueBytes!.length, 2_500_000);
    assert.equal(String(small!.value), 'small');
  });

  it('reads a topic that is deleted and made anew from its beginning', async (test) => {
    if (await lacks(test, 'topic ids')) return;
    const topic = await made();
    await write(topic, ['a', 'b', 'c']);
    await using fetcher = fetcherOf({ fetchMaxWaitMs: 100 });
    fetcher.assign([{ topic, partition: 0 }]);
    assert.equal((await read(fetcher, 3)).length, 3);
    await admin.topics.delete(topic);
    for (;;) {
      try {
        await made(1, {}, topic);
        break;
      } catch {
        // Its deletion is not over.
      }
    }
    await write(topic, ['d', 'e', 'f', 'g']);
    assert.deepEqual(texts(await read(fetcher, 4)), ['d', 'e', 'f', 'g']);
  });
});
