// Many transactions while much is lost, by seed: what counts is what their producer was told.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { seedOf, settled } from '@moldau/testing';
import { pause } from '../../network/waiting.ts';
import { TransactionWorld } from './testing-coordinator.ts';
import type { Transaction } from './transaction.ts';

describe('transactions under faults', () => {
  for (const protocol of [1, 2] as const) {
    it(`count as a whole or not at all, whatever is lost (protocol ${protocol})`, async (test) => {
      const seed = seedOf();
      test.diagnostic(`SEED=${seed}`);
      for (let run = 0; run < 15; run++) await survive(new TransactionWorld(seed + run, protocol));
    });
  }
});

/** Many transactions while requests and answers are lost, coordinators move and records fail. */
async function survive(world: TransactionWorld): Promise<void> {
  const { coordinator, channel, transactions, random } = world;
  const faults = [
    'lost request',
    'lost answer',
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.CONCURRENT_TRANSACTIONS,
  ] as const;
  coordinator.fault = () => (random.chance(0.2) ? random.pick(faults) : undefined);
  channel.fault = async () => {
    if (random.chance(0.5)) await pause(world.ports.timers, random.below(50));
    if (random.chance(0.9)) return undefined;
    return random.pick(['lost request', 'lost answer', ErrorCode.MESSAGE_TOO_LARGE] as const);
  };
  const known: { tx: Transaction; values: string[] }[] = [];
  for (let count = 0; count < 30; count++) {
    const tx = await world.until(transactions.begin({}));
    const values: string[] = [];
    for (let index = random.below(5); index > 0; index--) {
      const value = `${count}.${index}`;
      values.push(value);
      tx.send('t', { value, partition: random.below(3) }).catch(() => {});
      if (random.chance(0.3)) await world.time.advance(random.below(60));
    }
    if (random.chance(0.5)) {
      values.push(`g@in-0=${count}`);
      tx.sendOffsets([{ topic: 'in', partition: 0, offset: count }], { groupId: 'g' }).catch(() => {});
    }
    const isCommit = random.chance(0.7);
    const timeoutMs = random.chance(0.2) ? random.below(300) : 60_000;
    await world
      .until(isCommit ? tx.commit({ timeoutMs }) : tx.abort({ timeoutMs }))
      .catch(() => world.until(tx[Symbol.asyncDispose]()));
    known.push({ tx, values });
  }
  coordinator.fault = () => undefined;
  await world.until(transactions.run(async () => {}, {}));
  for (const { tx, values } of known) {
    assert.match(tx.outcome, /^(committed|aborted)$/);
    const counts = values.map((value) => coordinator.committed.filter((each) => each === value).length);
    const expected = tx.outcome === 'committed' ? 1 : 0;
    assert.ok(
      counts.every((count) => count === expected),
      `seed ${random.seed}: ${values}: ${counts}, ${tx.outcome}`,
    );
  }
  assert.ok(known.some(({ tx }) => tx.outcome === 'committed'));
  await fenced(world);
  await world.cluster.close();
  await settled();
  assert.equal(world.time.pendingCount, 0);
}

/** Another producer comes at any moment of a transaction: either it came too late, or nothing of the transaction counts and the producer is of no use. */
async function fenced(world: TransactionWorld): Promise<void> {
  const { coordinator, channel, transactions, random, time } = world;
  coordinator.fault = () =>
    random.chance(0.2) ? random.pick(['lost request', 'lost answer'] as const) : undefined;
  channel.fault = () => pause(world.ports.timers, random.below(50)).then(() => undefined);
  time.after(random.below(200), () => {
    while (coordinator.init().errorCode !== ErrorCode.NONE);
  });
  for (let count = 0; ; count++) {
    const value = `fenced ${count}`;
    let tx: Transaction | undefined;
    let error: unknown;
    try {
      tx = await world.until(transactions.begin({}));
      tx.send('t', { value }).catch(() => {});
      await world.until(tx.commit());
    } catch (reason) {
      error = reason;
      if (tx !== undefined) await world.until(tx[Symbol.asyncDispose]());
    }
    const isThere = coordinator.committed.includes(value);
    // Of a commit whose answer was lost before the other producer came nobody knows.
    if (tx?.outcome !== 'unknown') assert.equal(isThere, tx?.outcome === 'committed', `seed ${random.seed}`);
    if (error === undefined) continue;
    await assert.rejects(world.until(transactions.begin({})), { fatal: true });
    return;
  }
}
