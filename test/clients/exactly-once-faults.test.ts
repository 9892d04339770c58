// What exactlyOnce() keeps whatever goes wrong: each record has its result, once, in the order of its partition. And share groups: each record is accepted.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ErrorName } from '@moldau/testing';
import { lacks, startTarget, type Target, until, within } from './target.ts';

const SETTLED_MS = 25_000;
const PARTITIONS = [0, 1, 2];

interface Pipeline {
  readonly input: string;
  readonly output: string;
  readonly groupId: string;
  /** Sends so many numbers more, and resolves when all have a result that is committed. */
  feed(count: number): Promise<void>;
  /** Ends the instances. Fails when a result is missing, double or out of order. */
  finish(): Promise<void>;
}

/** Instances that copy each number from one topic to the other, and a reader of what is committed. */
async function startPipeline(target: Target, instances = 2): Promise<Pipeline> {
  const [input, output] = [await target.topic({ partitions: 3 }), await target.topic({ partitions: 3 })];
  const groupId = `eos-${randomUUID()}`;
  const stop = new AbortController();
  const problems: unknown[] = [];
  const runs = Array.from({ length: instances }, async (_, index) => {
    await target
      .client()
      .exactlyOnce({
        ...{
          from: input,
          groupId,
          transactionalId: `${groupId}-${index}`,
          maxRecords: 20,
          signal: stop.signal,
        },
        consumer: {
          heartbeatIntervalMs: 50,
          fetchMaxWaitMs: 50,
          sessionTimeoutMs: 1_000,
          groupProtocol: 'classic',
        },
        stopTimeoutMs: 3_000,
        transform(batch, transaction) {
          for (const { value, partition } of batch.records)
            transaction.send(output, { value: String(value), partition }).catch(() => {});
        },
      })
      .catch((error) => problems.push(error));
  });
  const found = PARTITIONS.map((): number[] => []);
  const reader = target
    .client()
    .consumer({ autoOffsetReset: 'earliest', isolation: 'read-committed', fetchMaxWaitMs: 50 });
  reader.assign(PARTITIONS.map((partition) => ({ topic: output, partition })));
  const reading = (async () => {
    for await (const { value, partition } of reader) found[partition]!.push(Number(String(value)));
  })();
  const producer = target.client().producer({ lingerMs: 0 });
  let sent = 0;
  return {
    ...{ input, output, groupId },
    async feed(count) {
      const numbers = Array.from({ length: count }, (_, at) => sent + at);
      sent += count;
      await Promise.all(numbers.map((at) => producer.send(input, { value: String(at), partition: at % 3 })));
      const state = () => `there are ${found.flat().length} of ${sent}; ${problems}`;
      await until(SETTLED_MS, 'results', () => found.flat().length >= sent || problems.length > 0, state);
      assert.deepEqual(problems, []);
    },
    async finish() {
      stop.abort();
      await within(SETTLED_MS, 'exactlyOnce()', Promise.all(runs));
      await reader.close({ timeoutMs: 1_000 });
      await reading;
      assert.deepEqual(problems, []);
      const wanted = PARTITIONS.map((partition) =>
        [...Array(sent).keys()].filter((at) => at % 3 === partition),
      );
      assert.deepEqual(found, wanted);
    },
  };
}

describe('exactlyOnce()', () => {
  it('gives each record one result while connections are dropped again and again', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    await using target = await startTarget();
    const pipeline = await startPipeline(target);
    await pipeline.feed(30);
    const drops = setInterval(() => target.faults.dropAll(), 150);
    for (let round = 0; round < 10; round++) await pipeline.feed(60);
    clearInterval(drops);
    await pipeline.finish();
  });

  it('gives each record one result while leaders and coordinators move', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    await using target = await startTarget({ brokers: 3 });
    const pipeline = await startPipeline(target);
    const { input, output, groupId } = pipeline;
    for (let round = 0; round < 12; round++) {
      await pipeline.feed(30);
      const partition = round % 3;
      if (round % 4 === 0) target.faults.moveCoordinator({ group: groupId });
      if (round % 4 === 1) target.faults.moveLeader({ topic: output, partition });
      if (round % 4 === 2) target.faults.moveCoordinator({ transactionalId: `${groupId}-${round % 2}` });
      if (round % 4 === 3) target.faults.moveLeader({ topic: input, partition });
    }
    await pipeline.finish();
  });

  it('gives each record one result over restarts', async (context) => {
    await using target = await startTarget({ settings: { 'moldau.durability': 'fsync' } });
    if (target.restart === undefined) return context.skip('the broker is not ours to stop');
    const pipeline = await startPipeline(target);
    for (let restarts = 0; restarts < 3; restarts++) {
      await pipeline.feed(30);
      const fed = pipeline.feed(60);
      await target.restart({ downMs: 20 });
      await fed;
    }
    await pipeline.finish();
  });

  const cases: readonly [api: string, ...codes: ErrorName[]][] = [
    [
      'TxnOffsetCommit',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'NOT_COORDINATOR',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
    ],
    ['EndTxn', 'CONCURRENT_TRANSACTIONS', 'COORDINATOR_NOT_AVAILABLE'],
    ['Produce', 'NOT_LEADER_OR_FOLLOWER', 'NOT_ENOUGH_REPLICAS'],
  ];
  it('gives each record one result when some requests are refused', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    await using target = await startTarget();
    const pipeline = await startPipeline(target);
    await pipeline.feed(30);
    for (const [api, ...codes] of cases) {
      for (const code of codes) {
        using _fault = target.faults.error({ api, code, times: 2 });
        await pipeline.feed(30);
      }
    }
    await pipeline.finish();
  });

  it('gives each record one result when answers are lost', async (test) => {
    if (await lacks(test, 'offsets of members in transactions')) return;
    await using target = await startTarget();
    const pipeline = await startPipeline(target, 1);
    await pipeline.feed(30);
    for (const api of ['Produce', 'TxnOffsetCommit', 'EndTxn', 'AddOffsetsToTxn']) {
      for (const when of ['before', 'after'] as const) {
        using _fault = target.faults.drop({ api, when });
        await pipeline.feed(30);
      }
    }
    await pipeline.finish();
  });
});

describe('members of a share group', () => {
  it('accept every record, some perhaps again, while connections are dropped again and again', async (test) => {
    if (await lacks(test, 'share groups')) return;
    await using target = await startTarget({
      settings: {
        'group.share.min.record.lock.duration.ms': 1_000,
        'group.share.record.lock.duration.ms': 1_000,
      },
    });
    const topic = await target.topic({ partitions: 2 });
    const groupId = `share-${randomUUID()}`;
    const seen = new Set<number>();
    const stop = new AbortController();
    const runs = Array.from({ length: 2 }, async () => {
      const consumer = target.client().shareConsumer({ groupId });
      consumer.subscribe(topic);
      await consumer.run({ signal: stop.signal, handler: (record) => void seen.add(Number(record.value)) });
      await consumer.close();
    });
    const producer = target.client().producer({ lingerMs: 0 });
    let sent = 0;
    const send = async (): Promise<void> => {
      const numbers = Array.from({ length: 20 }, (_, at) => sent + at);
      await Promise.all(numbers.map((at) => producer.send(topic, { value: String(at), partition: at % 2 })));
      sent += 20;
    };
    // A new group starts at the end of each partition: it has to be there before what it is to be given.
    const seenOf = (partition: number): number[] => [...seen].filter((value) => value % 2 === partition);
    while (seenOf(0).length === 0 || seenOf(1).length === 0) {
      await send();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const first = [0, 1].map((partition) => Math.min(...seenOf(partition)));
    const drops = setInterval(() => target.faults.dropAll(), 150);
    for (let round = 0; round < 20; round++) await send();
    clearInterval(drops);
    const missing = (): number[] =>
      Array.from({ length: sent }, (_, value) => value).filter(
        (value) => value >= first[value % 2]! && !seen.has(value),
      );
    await until(
      SETTLED_MS,
      'all records',
      () => missing().length === 0,
      () => `missing are ${missing()}`,
    );
    stop.abort();
    await within(SETTLED_MS, 'run()', Promise.all(runs));
  });
});
