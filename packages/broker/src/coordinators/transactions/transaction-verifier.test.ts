import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { ManualTime, settled } from '@moldau/testing';
import type { AddPartitionsCommand } from './transaction-commands.ts';
import { TransactionVerifier } from './transaction-verifier.ts';

const PRODUCER = { transactionalId: 't', producerId: 1, producerEpoch: 0 };
const PARTITIONS = [{ topic: 'orders', partition: 0 }];

function start(answers: number[], isVerificationEnabled = true) {
  const time = new ManualTime();
  const asked: AddPartitionsCommand[] = [];
  const verifier = new TransactionVerifier({
    clock: time,
    timers: time,
    config: { isVerificationEnabled, addRetryBackoffMs: 20, addRetryBackoffMaxMs: 100 },
    transactions: () => ({
      async addPartitions(command) {
        asked.push(command);
        const errorCode = answers.length > 1 ? answers.shift()! : answers[0]!;
        return command.partitions.map((each) => ({ ...each, errorCode }));
      },
    }),
  });
  return { time, asked, verifier };
}

test('adds partitions for clients of protocol 2, and verifies them for others unless that is switched off', async () => {
  const { verifier, asked } = start([ErrorCode.NONE], false);
  assert.equal(verifier.isNeeded('add'), true);
  assert.equal(verifier.isNeeded('verify'), false);
  await verifier.verify(PRODUCER, PARTITIONS, 'add');
  await verifier.verify(PRODUCER, PARTITIONS, 'verify-abortable');
  assert.deepEqual(
    asked.map(({ verifyOnly }) => verifyOnly),
    [false, true],
  );
});

test('tells clients errors of their partitions, as far as they know them', async () => {
  const code = async (errorCode: number, operation: 'add' | 'verify' | 'verify-abortable') =>
    (await start([errorCode]).verifier.verify(PRODUCER, PARTITIONS, operation))[0];
  const { PRODUCER_FENCED, INVALID_PRODUCER_EPOCH, TRANSACTION_ABORTABLE, INVALID_TXN_STATE } = ErrorCode;
  assert.equal(await code(PRODUCER_FENCED, 'add'), INVALID_PRODUCER_EPOCH);
  assert.equal(await code(TRANSACTION_ABORTABLE, 'verify'), INVALID_TXN_STATE);
  assert.equal(await code(TRANSACTION_ABORTABLE, 'verify-abortable'), TRANSACTION_ABORTABLE);
});

test('waits a little for the transaction before to be ended', async () => {
  const { verifier, asked, time } = start([
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.NONE,
  ]);
  const verified = verifier.verifyPatiently(PRODUCER, PARTITIONS, 'add');
  await time.advance(100);
  assert.deepEqual(await verified, [ErrorCode.NONE]);
  assert.equal(asked.length, 3);
});

test('does not wait for ever, nor for those who only verify', async () => {
  const { verifier, asked, time } = start([ErrorCode.CONCURRENT_TRANSACTIONS]);
  const verified = verifier.verifyPatiently(PRODUCER, PARTITIONS, 'add');
  await time.advance(200);
  assert.deepEqual(await verified, [ErrorCode.CONCURRENT_TRANSACTIONS]);
  assert.equal(asked.length, 6);
  await verifier.verifyPatiently(PRODUCER, PARTITIONS, 'verify');
  assert.equal(asked.length, 7);
});

test('what a producer asks for runs in its order, also after a failure; producers do not wait for each other', async () => {
  const { verifier } = start([ErrorCode.NONE]);
  const ran: string[] = [];
  let release = () => {};
  const first = verifier.inTurn(1, async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    ran.push('first');
    throw new Error('failed');
  });
  const second = verifier.inTurn(1, async () => ran.push('second'));
  const other = verifier.inTurn(2, async () => ran.push('other'));
  await settled();
  assert.deepEqual(ran, ['other']);
  release();
  await assert.rejects(first, /failed/);
  await Promise.all([second, other]);
  assert.deepEqual(ran, ['other', 'first', 'second']);
});
