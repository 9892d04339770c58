import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, silentLogger, type Timers } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { MemoryLogs } from '../runtime/testing-logs.ts';
import type { PartitionAnswer, TransactionMarkers } from './transaction-commands.ts';
import { defaultTransactionConfig, type TransactionConfig } from './transaction-config.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';

const { NONE } = ErrorCode;
const PARTITIONS = [{ topic: 'topic', partition: 0 }];
const EVERYTHING = {
  stateFilters: [],
  producerIdFilters: [],
  durationFilterMs: -1,
  transactionalIdPattern: null,
};

function start(logs = new MemoryLogs(), config: Partial<TransactionConfig> = {}) {
  let nowMs = 0;
  const planned = new Set<{ atMs: number; run: () => void }>();
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs };
  const timers: Timers = {
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      planned.add(timer);
      return { cancel: () => planned.delete(timer) };
    },
    soon: (run) => {
      setImmediate(run);
    },
  };
  const written: TransactionMarkers[] = [];
  const state = {
    writeMarkers: async (markers: TransactionMarkers): Promise<PartitionAnswer[]> => {
      written.push(markers);
      return markers.partitions.map((each) => ({ ...each, errorCode: NONE }));
    },
  };
  let nextProducerId = 1;
  const coordinator = new TransactionCoordinator({
    ...{ clock, timers, logger: silentLogger, logs },
    config: { ...defaultTransactionConfig, ...config },
    newProducerId: async () => nextProducerId++,
    writeMarkers: (markers) => state.writeMarkers(markers),
    serverVersion: () => 2,
    coordinatorEpoch: (partition) => partition + 100,
  });
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const pass = async (durationMs: number) => {
    const endMs = nowMs + durationMs;
    for (;;) {
      const next = [...planned].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      planned.delete(next);
      nowMs = next.atMs;
      next.run();
      await turn();
    }
    nowMs = endMs;
    await turn();
  };
  return { coordinator, logs, written, state, pass, planned };
}

type Started = ReturnType<typeof start>;

async function begin({ coordinator }: Started, transactionalId: string) {
  const command = { transactionalId, transactionTimeoutMs: 1_000, expected: null };
  const { errorCode, producerId, producerEpoch } = await coordinator.initProducerId(command);
  assert.equal(errorCode, NONE);
  const producer = { transactionalId, producerId, producerEpoch };
  const added = await coordinator.addPartitions({ ...producer, partitions: PARTITIONS, verifyOnly: false });
  assert.deepEqual(added, [{ ...PARTITIONS[0], errorCode: NONE }]);
  return { ...producer, committed: true, clientVersion: 2 } as const;
}

async function stateOf({ coordinator }: Started, transactionalId: string): Promise<string> {
  return (await coordinator.describe(transactionalId)).transactionState;
}

test('keeps each transactional id in the partition where Kafka keeps it', () => {
  const { coordinator } = start();
  assert.equal(coordinator.partitionFor('hello world'), 2);
});

test('carries out at its start what was decided before', async () => {
  const before = start();
  before.state.writeMarkers = () => new Promise(() => {});
  const end = await begin(before, 'a');
  await before.coordinator.endTransaction(end);
  await begin(before, 'b');
  const after = start(before.logs);
  await after.coordinator.start();
  await after.pass(0);
  assert.deepEqual(
    after.written.map(({ committed, partitions, coordinatorEpoch }) => [
      committed,
      partitions,
      coordinatorEpoch,
    ]),
    [[true, PARTITIONS, 100 + after.coordinator.partitionFor('a')]],
  );
  assert.equal(await stateOf(after, 'a'), 'CompleteCommit');
  assert.equal(await stateOf(after, 'b'), 'Ongoing');
  await after.coordinator.close();
  assert.equal(after.planned.size, 0);
});

test('looks for transactions that take too long, and for ids that nobody uses', async () => {
  const started = start(undefined, { idExpirationMs: 100_000, idExpirationCheckIntervalMs: 50_000 });
  await started.coordinator.start();
  await begin(started, 'a');
  await started.pass(9_000);
  assert.equal(await stateOf(started, 'a'), 'Ongoing');
  await started.pass(2_000);
  assert.equal(await stateOf(started, 'a'), 'CompleteAbort');
  await started.pass(140_000);
  assert.equal((await started.coordinator.describe('a')).errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  await started.coordinator.close();
});

test('goes on when markers could not be written for a reason that nobody foresaw', async () => {
  const started = start();
  const write = started.state.writeMarkers;
  started.state.writeMarkers = async () => {
    started.state.writeMarkers = write;
    throw new Error('a bug');
  };
  await started.coordinator.endTransaction(await begin(started, 'a'));
  await started.pass(100);
  assert.equal(await stateOf(started, 'a'), 'CompleteCommit');
});

test('lists the transactions of all shards, those not loaded yet too', async () => {
  const before = start();
  for (const id of ['a', 'b', 'c']) await begin(before, id);
  const { coordinator } = start(before.logs);
  const answer = await coordinator.list({ ...EVERYTHING, stateFilters: ['Ongoing', 'Lost'] });
  assert.deepEqual(answer.transactionStates.map(({ transactionalId }) => transactionalId).sort(), [
    'a',
    'b',
    'c',
  ]);
  assert.deepEqual(answer.unknownStateFilters, ['Lost']);
});

test('a pattern that takes others for ever costs no time here', async () => {
  const { coordinator } = start();
  const evil = { ...EVERYTHING, transactionalIdPattern: '(a+)+b' };
  const started = start();
  await begin(started, `${'a'.repeat(60)}c`);
  assert.deepEqual((await started.coordinator.list(evil)).transactionStates, []);
  const bad = { ...EVERYTHING, transactionalIdPattern: '[' };
  await assert.rejects(coordinator.list(bad), { code: ErrorCode.INVALID_REGULAR_EXPRESSION });
});

test('sends everyone elsewhere once it is closed', async () => {
  const started = start();
  const end = await begin(started, 'a');
  await started.coordinator.close();
  await assert.rejects(started.coordinator.endTransaction(end), { code: ErrorCode.NOT_COORDINATOR });
});

test('a shard that cannot be read is tried again by the next request', async () => {
  const started = start();
  started.logs.openError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR);
  await started.coordinator.start();
  await assert.rejects(started.coordinator.describe('a'), { code: ErrorCode.COORDINATOR_NOT_AVAILABLE });
  started.logs.openError = undefined;
  assert.equal((await started.coordinator.describe('a')).errorCode, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  await started.coordinator.close();
});
