// What share consumers tell brokers, and what they make of answers; with time that passes when the test says so.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import type { AcknowledgedRecords, ShareConsumerOptions } from './share-options.ts';
import type { ShareRecord } from './share-record.ts';
import { LOCK_MS, ShareWorld, type Told } from './testing-share.ts';

const seed = seedOf();

interface Parts {
  readonly share: ShareWorld;
  readonly consumer: ReturnType<ShareWorld['consumer']>;
  /** The next record, however long it takes. */
  next(): Promise<ShareRecord>;
}

/** Runs a test with a consumer that is closed then. What the first broker was told. */
async function withConsumer(
  options: Partial<ShareConsumerOptions>,
  test: (parts: Parts) => Promise<void>,
  share = new ShareWorld(seed),
): Promise<Told[]> {
  const consumer = share.consumer(options);
  const iterator = consumer.subscribe('things')[Symbol.asyncIterator]();
  await test({
    ...{ share, consumer },
    next: async () => (await share.world.until(iterator.next())).value,
  });
  await share.world.until(consumer.close());
  assert.equal(share.world.time.pendingCount, 0, 'timers are left');
  assert.equal(share.world.network.connections.size, 0, 'connections are left');
  return share.told[0]!;
}

function said(told: readonly Told[]): string[] {
  return told.flatMap(({ acknowledged }) => acknowledged);
}

function byOffset(left: string, right: string): number {
  return Number.parseInt(left, 10) - Number.parseInt(right, 10);
}

describe(`share sessions (seed ${seed})`, () => {
  it('name partitions once, count epochs, and say what was accepted with the next fetch', async () => {
    const told = await withConsumer({ maxBufferedRecords: 2 }, async ({ share, next }) => {
      share.give([0, 1]);
      share.give([2, 3]);
      for (const offset of [0, 1, 2]) assert.equal((await next()).offset, offset);
    });
    const last = told.pop()!;
    assert.deepEqual(
      told.map(({ epoch }) => epoch),
      told.map((_, index) => index),
    );
    assert.deepEqual(
      told.map(({ added }) => added),
      told.map((_, index) => (index === 0 ? [0] : [])),
    );
    assert.ok(told.every(({ api }) => api === 'fetch'));
    assert.deepEqual(said(told), ['0-1:1']);
    // What was not done is released by ending the session.
    assert.deepEqual([last.api, last.epoch, last.acknowledged], ['acknowledge', -1, []]);
  });

  it('ask for no records while some wait, and send what was said of others by itself', async () => {
    const told = await withConsumer({ maxBufferedRecords: 10 }, async ({ share, next }) => {
      share.give([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await next();
      const record = await next();
      const fetchCount = share.told[0]!.length;
      record.reject();
      await share.world.time.advance(1_000);
      assert.equal(share.told[0]!.length, fetchCount + 1);
    });
    const [acknowledged] = told.filter(({ api }) => api === 'acknowledge');
    assert.deepEqual(acknowledged!.acknowledged, ['0-0:1', '1-1:3']);
  });

  it('say of offsets without a record that they are gaps, and give no record that was not acquired', async () => {
    const seen: number[] = [];
    const told = await withConsumer({ acknowledge: 'explicit' }, async ({ share, next, consumer }) => {
      share.give([10, 12, 13, 20], {
        acquired: [
          [9, 13],
          [15, 16],
        ],
      });
      for (let count = 0; count < 3; count++) {
        const record = await next();
        seen.push(record.offset);
        assert.equal(record.brokerId, 1);
        record.accept();
      }
      await share.world.until(consumer.commit());
    });
    assert.deepEqual(seen, [10, 12, 13]);
    assert.deepEqual(said(told).toSorted(byOffset).join(' '), '9-9:0 10-10:1 11-11:0 12-13:1 15-16:0');
  });

  it('reject records that are damaged, and release those behind them', async () => {
    const told = await withConsumer({ acknowledge: 'explicit' }, async ({ share, next }) => {
      share.give([0, 1, 2], {
        acquired: [[0, 5]],
        damage: (batch) => batch.writeUInt8(batch[70]! ^ 1, 70),
      });
      share.give([6]);
      assert.equal((await next()).offset, 6);
    });
    assert.deepEqual(said(told).slice(0, 2).join(' '), '0-2:3 3-5:2');
  });

  it('do not send what is said after a lock has run out, and tell of it', async () => {
    const failures: [string, AcknowledgedRecords][] = [];
    const onAcknowledgeFailed = (error: Error, records: AcknowledgedRecords): void => {
      failures.push([(error as { code?: string }).code!, records]);
    };
    const told = await withConsumer({ acknowledge: 'explicit', onAcknowledgeFailed }, async (parts) => {
      const { share, next, consumer } = parts;
      share.give([0, 1]);
      const record = await next();
      assert.ok(record.isLocked);
      await share.world.time.advance(LOCK_MS);
      assert.ok(!record.isLocked);
      assert.ok(record.accept());
      await assert.rejects(share.world.until(consumer.commit()), { code: 'LOCK_LOST', topic: 'things' });
      // Nobody has seen the second, and its lock has run out as well: others may have it.
      share.give([2]);
      assert.equal((await next()).offset, 2);
    });
    assert.deepEqual(failures, [
      ['LOCK_LOST', { topic: 'things', partition: 0, firstOffset: 0, lastOffset: 0 }],
    ]);
    assert.deepEqual(said(told), []);
  });

  for (const errorCode of [ErrorCode.SHARE_SESSION_NOT_FOUND, ErrorCode.INVALID_SHARE_SESSION_EPOCH]) {
    it(`begin anew after error ${errorCode}, and count what was locked as lost`, async () => {
      const codes: string[] = [];
      const onAcknowledgeFailed = (error: Error): void => void codes.push((error as { code?: string }).code!);
      const options = { acknowledge: 'explicit', maxBufferedRecords: 1, onAcknowledgeFailed } as const;
      const told = await withConsumer(options, async ({ share, next }) => {
        share.give([0]);
        const record = await next();
        share.fetches[0]!.push({ errorCode });
        share.give([0], { deliveryCount: 2 });
        assert.equal((await next()).deliveryCount, 2);
        assert.ok(record.accept());
        await share.world.time.advance(1_000);
      });
      assert.deepEqual(codes, ['LOCK_LOST']);
      assert.deepEqual(
        told.filter(({ epoch }) => epoch === 0).map(({ added }) => added),
        [[0], [0]],
      );
      assert.deepEqual(said(told), []);
    });
  }

  it('begin anew when the connection is lost', async () => {
    const told = await withConsumer({ acknowledge: 'explicit', maxBufferedRecords: 1 }, async (parts) => {
      const { share, next } = parts;
      share.give([0]);
      const record = await next();
      for (const connection of share.world.network.connections) connection.destroy();
      share.give([1]);
      assert.equal((await next()).offset, 1);
      assert.ok(!record.isLocked);
    });
    assert.equal(told.filter(({ epoch }) => epoch === 0).length, 2);
  });

  it('read a partition from its new leader when the old one says so', async () => {
    const share = new ShareWorld(seed, ['one:9092', 'two:9092'], [1]);
    await withConsumer(
      { maxBufferedRecords: 1 },
      async ({ next }) => {
        share.give([0]);
        assert.equal((await next()).offset, 0);
        share.leaders = [2];
        share.epochOfLeaders = 2;
        const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
        share.fetches[0]!.push({
          parts: [{ errorCode, currentLeader: { leaderId: 2, leaderEpoch: 2 } }],
          nodeEndpoints: [{ nodeId: 2, host: 'two', port: 9092 }],
        });
        share.give([1], { broker: 1 });
        assert.equal((await next()).offset, 1);
      },
      share,
    );
    assert.deepEqual(share.told[1]![0]!.added, [0]);
  });

  it('tell of what a broker did not take', async () => {
    await withConsumer({ acknowledge: 'explicit' }, async ({ share, next, consumer }) => {
      share.give([0, 1]);
      (await next()).accept();
      share.acknowledgeErrors.push(ErrorCode.INVALID_RECORD_STATE);
      await assert.rejects(share.world.until(consumer.commit()), {
        ...{ code: 'INVALID_RECORD_STATE', topic: 'things', partition: 0 },
      });
      (await next()).accept();
      await share.world.until(consumer.commit());
    });
  });

  it('renew locks by themselves, and what is said then holds for as long', async () => {
    const told = await withConsumer({ acknowledge: 'explicit' }, async ({ share, next, consumer }) => {
      share.give([0, 1]);
      const record = await next();
      for (let time = 0; time < 3; time++) {
        await share.world.time.advance(LOCK_MS - 1_000);
        await share.world.until(record.renew());
      }
      await share.world.time.advance(LOCK_MS - 1_000);
      assert.ok(record.accept());
      await share.world.until(consumer.commit());
    });
    const renewals = told.filter(({ isRenewAck }) => isRenewAck);
    assert.deepEqual(said(renewals), ['0-0:4', '0-0:4', '0-0:4']);
    assert.ok(renewals.every(({ api }) => api === 'acknowledge'));
    assert.deepEqual(said(told).at(-1), '0-0:1');
  });

  it('do not renew locks that run out before they can', async () => {
    const told = await withConsumer({ acknowledge: 'explicit' }, async ({ share, next }) => {
      share.give([0, 1]);
      const record = await next();
      await share.world.time.advance(LOCK_MS - 10);
      assert.ok(record.isLocked);
      // A fetch is under way, and one request at a time.
      const renewed = record.renew();
      await assert.rejects(share.world.until(renewed), { code: 'LOCK_LOST', topic: 'things', partition: 0 });
      assert.ok(!record.isLocked);
    });
    assert.deepEqual(said(told), []);
  });

  it('refuse to renew locks with a broker that cannot', async () => {
    const share = new ShareWorld(seed, undefined, undefined, 1);
    await withConsumer(
      {},
      async ({ next }) => {
        share.give([0]);
        const record = await next();
        await assert.rejects(record.renew(), { code: 'UNSUPPORTED_VERSION' });
        assert.ok(record.isLocked);
      },
      share,
    );
  });

  it('close within the time when the broker is silent', async () => {
    const share = new ShareWorld(seed);
    const consumer = share.consumer();
    share.give([0]);
    const iterator = consumer.subscribe('things')[Symbol.asyncIterator]();
    await share.world.until(iterator.next());
    for (const apiKey of [76, 78, 79]) share.brokers[0]!.answers.set(apiKey, () => undefined);
    const startMs = share.world.time.monotonicMs();
    await share.world.until(consumer.close({ timeoutMs: 5_000 }));
    assert.ok(share.world.time.monotonicMs() - startMs <= 5_001);
    assert.equal(share.world.time.pendingCount, 0);
  });
});
