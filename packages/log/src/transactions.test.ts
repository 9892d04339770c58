import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ErrorCode, KafkaError, RecordBatch } from '@moldau/protocol';
import type { Log } from './log.ts';
import { batchOf, markerOf, openLog, settle, World } from './testing-logs.ts';
import type { Verification, VerificationRequest } from './transaction-verification.ts';

const LEADER = { leaderEpoch: 0 };

function hasCode(code: number): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === code;
}

async function start(): Promise<{ world: World; log: Log; close: () => Promise<void> }> {
  const world = new World();
  const manager = await world.open();
  return { world, log: await openLog(manager), close: () => manager.close() };
}

interface Data {
  readonly epoch?: number;
  readonly values?: readonly string[];
  readonly isTransactional?: boolean;
}

function data(producerId: number, baseSequence: number, options: Data = {}): Buffer {
  const { epoch: producerEpoch = 0, values = ['t'], isTransactional = true } = options;
  return batchOf(values, { producerId, producerEpoch, baseSequence, isTransactional });
}

function request(producerId: number, change: Partial<VerificationRequest> = {}): VerificationRequest {
  return { producerId, producerEpoch: 0, baseSequence: 0, supportsEpochBump: false, ...change };
}

/** Opens a transaction. */
async function begin(log: Log, producerId: number, options: Data = {}): Promise<number> {
  const appended = log.append(data(producerId, 0, options), { ...LEADER, verification: 'waived' });
  await appended.written;
  return appended.baseOffset;
}

/** Appends a marker as a coordinator does, when it may be. */
function end(log: Log, marker: Buffer, transactionVersion = 0) {
  log.checkTransaction(new RecordBatch(marker), { transactionVersion });
  return log.append(marker, { ...LEADER, origin: 'coordinator' });
}

describe('A transactional batch', () => {
  test('that opens a transaction needs the guard of its verification', async () => {
    const { log, close } = await start();
    const append = (verification?: Verification) => log.append(data(1, 0), { ...LEADER, verification });
    assert.throws(() => append(), hasCode(ErrorCode.INVALID_TXN_STATE));
    const other = log.beginVerification(request(2));
    assert.throws(() => append(other), hasCode(ErrorCode.INVALID_TXN_STATE));
    assert.equal(log.logEndOffset, 0);
    const guard = log.beginVerification(request(1));
    assert.throws(() => append(), hasCode(ErrorCode.INVALID_TXN_STATE));
    assert.equal(append(guard).baseOffset, 0);
    assert.equal(log.beginVerification(request(1)), undefined);
    assert.equal(log.append(data(1, 1), LEADER).baseOffset, 1);
    await close();
  });

  test('whose transaction ended while it was verified is refused', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    end(log, markerOf(1, 0, true));
    const guard = log.beginVerification(request(1, { baseSequence: 1 }));
    end(log, markerOf(1, 0, false));
    assert.throws(
      () => log.append(data(1, 1), { ...LEADER, verification: guard }),
      hasCode(ErrorCode.INVALID_TXN_STATE),
    );
    const again = log.beginVerification(request(1, { baseSequence: 1 }));
    assert.notEqual(again, guard);
    log.append(data(1, 1), { ...LEADER, verification: again });
    await close();
  });

  test('is not harmed by the late marker of the transaction before it, where each has its own epoch', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    const guard = log.beginVerification(request(1, { producerEpoch: 1, supportsEpochBump: true }));
    end(log, markerOf(1, 1, true), 2);
    log.append(data(1, 0, { epoch: 1 }), { ...LEADER, verification: guard });
    assert.equal(log.activeProducers()[0]?.currentTransactionStartOffset, 2);
    await close();
  });

  test('of an older epoch is refused before and after its verification', async () => {
    const { log, close } = await start();
    await begin(log, 1, { epoch: 3 });
    const stale = hasCode(ErrorCode.INVALID_PRODUCER_EPOCH);
    assert.throws(() => log.beginVerification(request(1, { producerEpoch: 2 })), stale);
    const old = { ...LEADER, verification: 'waived' } as const;
    assert.throws(() => log.append(data(1, 1, { epoch: 2 }), old), stale);
    await close();
  });

  test('may not come before one that waits for the same verification', async () => {
    const { log, close } = await start();
    const guard = log.beginVerification(request(1));
    assert.equal(log.beginVerification(request(1, { baseSequence: 5 })), guard);
    const verified = { ...LEADER, verification: guard };
    assert.throws(() => log.append(data(1, 5), verified), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
    log.append(data(1, 0, { values: ['a', 'b', 'c', 'd', 'e'] }), verified);
    log.append(data(1, 5), verified);
    await close();
  });

  test('starts at sequence 0 where each transaction has its own epoch', async () => {
    const { log, close } = await start();
    const guard = log.beginVerification(request(1, { baseSequence: 3, supportsEpochBump: true }));
    assert.throws(
      () => log.append(data(1, 3), { ...LEADER, verification: guard }),
      hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
    );
    await close();
  });

  test('that was sent before is known again, also when its transaction has ended', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    end(log, markerOf(1, 0, true));
    const repeated = log.append(data(1, 0), LEADER);
    assert.deepEqual([repeated.duplicate, repeated.baseOffset], [true, 0]);
    await close();
  });

  test('of no transaction may not stand inside of one', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    const plain = data(1, 1, { isTransactional: false });
    assert.throws(() => log.append(plain, LEADER), hasCode(ErrorCode.INVALID_TXN_STATE));
    end(log, markerOf(1, 0, true));
    assert.equal(log.append(plain, LEADER).baseOffset, 2);
    await close();
  });

  test('that is refused moves no producer on', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    const before = log.activeProducers();
    assert.throws(() => log.append(data(1, 7), LEADER), hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
    assert.deepEqual(log.activeProducers(), before);
    await close();
  });
});

describe('A marker', () => {
  test('of an older coordinator or an older producer is refused', async () => {
    const { log, close } = await start();
    await begin(log, 1, { epoch: 4 });
    end(log, markerOf(1, 4, true, 9));
    assert.throws(
      () => end(log, markerOf(1, 4, false, 8)),
      hasCode(ErrorCode.TRANSACTION_COORDINATOR_FENCED),
    );
    assert.throws(() => end(log, markerOf(1, 3, false, 9)), hasCode(ErrorCode.INVALID_PRODUCER_EPOCH));
    assert.equal(end(log, markerOf(1, 4, false, 9)).baseOffset, 2);
    assert.equal(end(log, markerOf(2, 0, false, 0)).baseOffset, 3);
    await close();
  });

  test('has a higher epoch than its records from transaction.version 2 on', async () => {
    const { log, close } = await start();
    await begin(log, 1, { epoch: 4 });
    assert.throws(() => end(log, markerOf(1, 4, true), 2), hasCode(ErrorCode.INVALID_PRODUCER_EPOCH));
    end(log, markerOf(1, 5, true), 2);
    assert.equal(log.activeProducers()[0]?.currentTransactionStartOffset, -1);
    // The coordinator did not hear of it and sends it again.
    assert.equal(end(log, markerOf(1, 5, true), 2).baseOffset, 2);
    await close();
  });

  test('at the end of the epochs may have the epoch of its records', async () => {
    const { log, close } = await start();
    await begin(log, 1, { epoch: 32_767 });
    assert.equal(end(log, markerOf(1, 32_767, false), 2).baseOffset, 1);
    await close();
  });

  test('with a new epoch makes the producer start again at sequence 0', async () => {
    const { log, close } = await start();
    await begin(log, 1, { values: ['a', 'b'] });
    end(log, markerOf(1, 1, true), 2);
    const verification = log.beginVerification(request(1, { producerEpoch: 1, supportsEpochBump: true }));
    assert.throws(
      () => log.append(data(1, 2, { epoch: 1 }), { ...LEADER, verification }),
      hasCode(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
    );
    assert.equal(log.append(data(1, 0, { epoch: 1 }), { ...LEADER, verification }).duplicate, false);
    await close();
  });
});

describe('The last stable offset', () => {
  test('stands at the oldest open transaction until its marker has been written', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    await begin(log, 2);
    await log.append(batchOf(['plain']), LEADER).written;
    assert.equal(log.lastStableOffset, 0);
    const marker = end(log, markerOf(1, 0, false));
    assert.equal(log.lastStableOffset, 0);
    await marker.written;
    assert.equal(log.lastStableOffset, 1);
    await end(log, markerOf(2, 0, true)).written;
    assert.equal(log.lastStableOffset, 5);
    await close();
  });

  test('never lies before the start of the log', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    await log.append(batchOf(['a', 'b', 'c']), LEADER).written;
    await log.deleteRecordsBefore(2);
    assert.equal(log.lastStableOffset, 2);
    const { lastOffset, written } = end(log, markerOf(1, 0, false));
    await written;
    assert.equal(log.lastStableOffset, 5);
    assert.deepEqual(await log.abortedTransactions(2, 5), [
      { producerId: 1, firstOffset: 0, lastOffset, lastStableOffset: 5 },
    ]);
    await close();
  });

  test('goes back with a truncation that takes the marker away', async () => {
    const { log, close } = await start();
    await begin(log, 1);
    await end(log, markerOf(1, 0, false)).written;
    await log.append(batchOf(['a']), LEADER).written;
    await log.truncateTo(1);
    assert.equal(log.lastStableOffset, 0);
    assert.deepEqual(await log.abortedTransactions(0, 1), []);
    await end(log, markerOf(1, 0, true)).written;
    assert.equal(log.lastStableOffset, 2);
    await close();
  });

  test('of a log in memory knows the same', async () => {
    const manager = await new World().open();
    const log = await openLog(manager, { durability: 'memory' });
    await begin(log, 1);
    await log.append(batchOf(['a']), LEADER).written;
    assert.equal(log.lastStableOffset, 0);
    await end(log, markerOf(1, 0, false)).written;
    assert.equal(log.lastStableOffset, 3);
    assert.equal((await log.abortedTransactions(0, 3)).length, 1);
    await log.truncateTo(1);
    assert.equal(log.lastStableOffset, 0);
    assert.equal((await log.abortedTransactions(0, 1)).length, 0);
    await manager.close();
  });
});

describe('Aborted transactions', () => {
  test('that end in a later segment are found by a reader of an earlier one', async () => {
    const manager = await new World().open();
    const log = await openLog(manager, { segmentBytes: 400 });
    await begin(log, 1);
    for (let index = 0; index < 20; index++) await log.append(batchOf([`v${index}`]), LEADER).written;
    await end(log, markerOf(1, 0, false)).written;
    const found = await log.abortedTransactions(0, 3);
    assert.deepEqual(found, [{ producerId: 1, firstOffset: 0, lastOffset: 21, lastStableOffset: 22 }]);
    await manager.close();
  });

  test('are known after a power cut, below the recovery point too', async () => {
    const world = new World();
    let manager = await world.open();
    let log = await openLog(manager, { retentionMs: -1 });
    const large = 'x'.repeat(1_200_000);
    await log.append(batchOf([large]), LEADER).written;
    await begin(log, 1);
    await end(log, markerOf(1, 0, false)).written;
    for (let index = 0; index < 20; index++) await log.append(batchOf(['y'.repeat(5000)]), LEADER).written;
    await log.flush();
    const aborted = await log.abortedTransactions(0, 3);
    assert.equal(aborted.length, 1);
    // The recovery point is saved once a minute.
    await world.time.advance(61_000);
    await settle();
    await world.cutPower();
    manager = await world.open();
    log = await openLog(manager, { retentionMs: -1 });
    assert.deepEqual(await log.abortedTransactions(0, 3), aborted);
    await manager.close();
  });

  test('are found again in the batches when their index is damaged', async () => {
    const world = new World();
    let manager = await world.open();
    let log = await openLog(manager, { segmentBytes: 400 });
    await begin(log, 1);
    await end(log, markerOf(1, 0, false)).written;
    for (let index = 0; index < 20; index++) await log.append(batchOf([`v${index}`]), LEADER).written;
    const aborted = await log.abortedTransactions(0, 2);
    await manager.close();
    await world.damage('/data/topic-0/00000000000000000000.txnindex', (bytes) => bytes.subarray(1));
    manager = await world.open();
    log = await openLog(manager, { segmentBytes: 400 });
    assert.deepEqual(await log.abortedTransactions(0, 2), aborted);
    assert.equal((await world.disk.readFile('/data/topic-0/00000000000000000000.txnindex')).length, 34);
    await manager.close();
  });
});
