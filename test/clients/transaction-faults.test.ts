// What transactions keep whatever goes wrong: those whose commit was acknowledged are there whole, those that were aborted are not there at all.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type ErrorName, SeededRandom, seedOf } from '@moldau/testing';
import { startTarget, type Target, until, within } from './target.ts';

const SETTLED_MS = 20_000;
const END = 'end';

type Producer = ReturnType<ReturnType<Target['client']>['producer']>;

/** Two records that belong together. Resolves to whether they are committed; undefined when nobody can know. */
async function pair(producer: Producer, topic: string, value: string): Promise<boolean | undefined> {
  let outcome: () => string = () => 'open';
  const work = producer.transaction(async (transaction) => {
    outcome = () => transaction.outcome;
    await transaction.send(topic, { value: `${value}a`, partition: 0 });
    await transaction.send(topic, { value: `${value}b`, partition: 1 });
  });
  try {
    await within(SETTLED_MS, 'a transaction', work);
    return true;
  } catch (error) {
    if ((error as { fatal?: boolean }).fatal === true) throw error;
    return outcome() === 'unknown' ? undefined : false;
  }
}

/** The pairs that those see who read committed records only; fails when one is not whole. */
async function committedPairs(target: Target, producer: Producer, topic: string): Promise<Set<string>> {
  await producer.transaction(async (transaction) => {
    await Promise.all([0, 1].map((partition) => transaction.send(topic, { value: END, partition })));
  });
  const [a, b] = await Promise.all([0, 1].map((partition) => committedValues(target, topic, partition)));
  assert.deepEqual(
    a!.map((value) => value.slice(0, -1)),
    b!.map((value) => value.slice(0, -1)),
  );
  assert.equal(new Set(a).size, a!.length);
  return new Set(a!.map((value) => value.slice(0, -1)));
}

async function committedValues(target: Target, topic: string, partition: number): Promise<string[]> {
  await using kafka = target.client();
  const consumer = kafka.consumer({ autoOffsetReset: 'earliest', isolation: 'read-committed' });
  consumer.assign([{ topic, partition }]);
  const values: string[] = [];
  const reading = (async () => {
    for await (const record of consumer) {
      if (String(record.value) === END) break;
      values.push(String(record.value));
    }
  })();
  await within(SETTLED_MS, 'reading', reading);
  return values;
}

async function check(
  target: Target,
  producer: Producer,
  topic: string,
  outcomes: ReadonlyMap<string, boolean | undefined>,
): Promise<void> {
  const found = await committedPairs(target, producer, topic);
  for (const [value, isCommitted] of outcomes)
    if (isCommitted !== undefined) assert.equal(found.has(value), isCommitted, `transaction ${value}`);
}

const random = new SeededRandom(seedOf());
const APIS = ['FindCoordinator', 'InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'];

describe(`a transactional producer whose connections are cut (SEED=${random.seed})`, () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(() => target[Symbol.asyncDispose]());

  for (const api of APIS) {
    for (const when of ['before', 'after'] as const) {
      it(`keeps its word, cut within ${when === 'before' ? 'a request' : 'an answer'} of ${api}`, async () => {
        const topic = await target.topic({ partitions: 2 });
        const transactionalId = `cut-${randomUUID()}`;
        const outcomes = new Map<string, boolean | undefined>();
        const isOnce = api === 'FindCoordinator' || api === 'InitProducerId';
        const stride = api === 'EndTxn' ? 1 : 7;
        let kafka = target.client({ clientId: transactionalId });
        let producer = kafka.producer({ transactionalId });
        const first = random.below(stride);
        for (let afterBytes = first, bytes = 70; afterBytes <= bytes; afterBytes += stride) {
          const cut = target.faults.drop({ api, when, afterBytes, clientId: transactionalId });
          if (isOnce) {
            await kafka.close();
            kafka = target.client({ clientId: transactionalId });
            producer = kafka.producer({ transactionalId });
          }
          outcomes.set(`${afterBytes}-`, await pair(producer, topic, `${afterBytes}-`));
          // With the newer protocol partitions are added by Produce.
          if (cut.count === 0) assert.equal(api, 'AddPartitionsToTxn');
          else if (when === 'before') bytes = Math.max(bytes, (await cut.met).bytes);
          cut.lift();
        }
        assert.ok([...outcomes.values()].filter((outcome) => outcome === true).length > outcomes.size / 2);
        await check(target, producer, topic, outcomes);
      });
    }
  }

  it('keeps its word while connections are dropped again and again', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = target.client().producer({ transactionalId: `drops-${randomUUID()}` });
    const outcomes = new Map<string, boolean | undefined>();
    const drops = setInterval(() => target.faults.dropAll(), 15);
    for (let at = 0; at < 100; at++) outcomes.set(`${at}-`, await pair(producer, topic, `${at}-`));
    clearInterval(drops);
    await check(target, producer, topic, outcomes);
  });
});

describe('a transactional producer that is told of errors', () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(() => target[Symbol.asyncDispose]());

  const cases: readonly [api: string, ...codes: ErrorName[]][] = [
    ['InitProducerId', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'CONCURRENT_TRANSACTIONS'],
    [
      'EndTxn',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'NOT_COORDINATOR',
      'COORDINATOR_NOT_AVAILABLE',
      'CONCURRENT_TRANSACTIONS',
    ],
    ['Produce', 'NOT_LEADER_OR_FOLLOWER', 'CONCURRENT_TRANSACTIONS', 'REQUEST_TIMED_OUT'],
  ];
  for (const [api, ...codes] of cases) {
    for (const code of codes) {
      it(`commits when ${api} says ${code} twice`, async () => {
        const topic = await target.topic({ partitions: 2 });
        const transactionalId = `told-${randomUUID()}`;
        const fault = target.faults.error({ api, code, clientId: transactionalId, times: 2 });
        const producer = target.client({ clientId: transactionalId }).producer({ transactionalId });
        const outcomes = new Map([['1-', await pair(producer, topic, '1-')]]);
        outcomes.set('2-', await pair(producer, topic, '2-'));
        assert.deepEqual([...outcomes.values()], [true, true]);
        assert.equal(fault.count, 2);
        await check(target, producer, topic, outcomes);
      });
    }
  }

  it('aborts when a record is refused, and the next transaction goes well', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = target.client().producer({ transactionalId: `refused-${randomUUID()}` });
    const outcomes = new Map([['1-', await pair(producer, topic, '1-')]]);
    target.faults.error({ api: 'Produce', topic, partition: 1, code: 'MESSAGE_TOO_LARGE' });
    outcomes.set('2-', await pair(producer, topic, '2-'));
    outcomes.set('3-', await pair(producer, topic, '3-'));
    assert.deepEqual([...outcomes.values()], [true, false, true]);
    await check(target, producer, topic, outcomes);
  });
});

describe('a transactional producer and brokers that change', () => {
  it('keeps its word when coordinators and leaders move', async () => {
    await using target = await startTarget({ brokers: 3 });
    const topic = await target.topic({ partitions: 2 });
    const transactionalId = `moving-${randomUUID()}`;
    const producer = target.client().producer({ transactionalId });
    const outcomes = new Map<string, boolean | undefined>();
    for (let at = 0; at < 20; at++) {
      if (at % 3 === 1) target.faults.moveCoordinator({ transactionalId });
      if (at % 3 === 2) target.faults.moveLeader({ topic, partition: at % 2 });
      outcomes.set(`${at}-`, await pair(producer, topic, `${at}-`));
    }
    assert.ok([...outcomes.values()].every((outcome) => outcome === true));
    await check(target, producer, topic, outcomes);
  });

  it('keeps its word over restarts', async (context) => {
    await using target = await startTarget({ settings: { 'moldau.durability': 'fsync' } });
    if (target.restart === undefined) return context.skip('the broker is not ours to stop');
    const topic = await target.topic({ partitions: 2 });
    const producer = target.client().producer({ transactionalId: 'restarts' });
    const outcomes = new Map<string, boolean | undefined>();
    let isOver = false;
    const work = (async () => {
      for (let at = 0; !isOver; at++) outcomes.set(`${at}-`, await pair(producer, topic, `${at}-`));
    })();
    for (let restarts = 0; restarts < 3; restarts++) {
      const enough = outcomes.size + 20;
      await until(SETTLED_MS, 'transactions after a restart', () => outcomes.size >= enough);
      await target.restart({ downMs: 20 });
    }
    isOver = true;
    await work;
    await check(target, producer, topic, outcomes);
  });

  it('is fenced by another of its transactional id, and says so', async () => {
    await using target = await startTarget();
    const topic = await target.topic({ partitions: 2 });
    const [older, newer] = [1, 2].map(() => target.client().producer({ transactionalId: 'same' }));
    assert.equal(await pair(older!, topic, '1-'), true);
    assert.equal(await pair(newer!, topic, '2-'), true);
    // The broker may say of the first only that an epoch is old, which the abort finds out the reason of.
    const third = pair(older!, topic, '3-');
    await assert.rejects(
      third.then(() => pair(older!, topic, '4-')),
      // Coordinators before Kafka 2.7 know no better than the latter.
      { fatal: true, code: /^(PRODUCER_FENCED|INVALID_PRODUCER_EPOCH)$/ },
    );
    await check(
      target,
      newer!,
      topic,
      new Map([
        ['1-', true],
        ['2-', true],
        ['3-', false],
        ['4-', false],
      ]),
    );
  });
});
