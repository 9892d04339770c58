// The parts of share consumers that need no broker: options, the pace, and running handlers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '@moldau/io';
import { ManualTime, settled } from '@moldau/testing';
import { Pace } from './pace.ts';
import { resolveShareOptions, type ShareConsumerOptions } from './share-options.ts';
import type { ShareRecord } from './share-record.ts';
import { ShareRun, type ShareRunOptions } from './share-run.ts';

describe('options of share consumers', () => {
  it('have defaults, take the names of Kafka, and prefer ours', () => {
    const settings = resolveShareOptions({
      groupId: 'g',
      fetchMaxWaitMs: 7,
      properties: {
        'share.acknowledgement.mode': 'EXPLICIT',
        'fetch.max.wait.ms': '9',
        'max.poll.records': 5,
      },
    });
    assert.equal(settings.acknowledge, 'explicit');
    assert.equal(settings.fetchMaxWaitMs, 7);
    assert.equal(settings.maxBufferedRecords, 5);
    assert.equal(settings.acknowledgeDelayMs, 100);
  });

  const wrong: [string, object, RegExp][] = [
    ['no group', {}, /takes a groupId/],
    ['a misspelt option', { groupId: 'g', fetchMaxWait: 1 }, /did you mean fetchMaxWaitMs\?/],
    ['a number that cannot be', { groupId: 'g', maxBufferedRecords: 0 }, /from 1 on/],
    ['another word', { groupId: 'g', acknowledge: 'never' }, /can be implicit, explicit/],
    [
      'what the group decides',
      { groupId: 'g', properties: { 'auto.offset.reset': 'earliest' } },
      /share\.auto\.offset\.reset/,
    ],
    ['what the client decides', { groupId: 'g', properties: { 'client.id': 'me' } }, /belongs to the client/],
  ];
  for (const [what, options, message] of wrong) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => resolveShareOptions(options as ShareConsumerOptions), message);
    });
  }
});

describe('the pace of share consumers', () => {
  const LOCK_MS = 30_000;

  function afterWork(pace: Pace, msEach: number, count: number): number {
    for (let done = 0, nowMs = 0; done < count; done++, nowMs += msEach) pace.taken(1, nowMs, LOCK_MS);
    return pace.target;
  }

  it('locks as many records ahead as are done in a quarter of the time that locks hold', () => {
    assert.equal(afterWork(new Pace(500), 100, 1_000), 75);
    assert.equal(afterWork(new Pace(500), 0.01, 5_000), 500);
    assert.equal(afterWork(new Pace(500), 60_000, 20), 1);
  });

  it('takes who waits for records for nobody who is slow', () => {
    const pace = new Pace(500);
    const target = afterWork(pace, 1, 3_000);
    pace.taken(0, 3_000, LOCK_MS);
    pace.taken(1, 1e9, LOCK_MS);
    assert.equal(pace.target, target);
  });

  it('grows again when the work becomes lighter', () => {
    const pace = new Pace(500);
    afterWork(pace, 60_000, 20);
    for (let done = 0, nowMs = 1e9; done < 3_000; done++, nowMs++) pace.taken(1, nowMs, LOCK_MS);
    assert.equal(pace.target, 500);
  });
});

describe('running handlers of a share group', () => {
  /** Records with locks of 10 s, of which renewals are counted. */
  function world(count: number, options: Partial<ShareRunOptions<null, null>>, canRenew = true) {
    const time = new ManualTime();
    const stop = new AbortController();
    const said: string[] = [];
    let renewals = 0;
    const records = Array.from({ length: count }, (_, offset) => ({
      ...{ topic: 'things', partition: 0, offset, deliveryCount: 1, isOpen: true, lockedUntilMs: 10_000 },
      get isLocked(): boolean {
        return time.monotonicMs() < (this as { lockedUntilMs: number }).lockedUntilMs;
      },
      accept: () => said.push(`accept ${offset}`),
      release: () => said.push(`release ${offset}`),
      reject: () => said.push(`reject ${offset}`),
      async renew() {
        if (!canRenew) throw Object.assign(new Error('too old'), { code: 'UNSUPPORTED_VERSION' });
        renewals++;
        this.lockedUntilMs = time.monotonicMs() + 10_000;
      },
    })) as unknown as ShareRecord<null, null>[];
    const run = new ShareRun<null, null>({
      options: { handler() {}, ...options },
      ports: { clock: time, timers: time, logger: silentLogger },
      stop: stop.signal,
      take: (most) => (records.length > 0 ? records.splice(0, most) : undefined),
      whenReady: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    return { time, stop, said, run, renewals: () => renewals };
  }

  it('renews locks for as long as handlers run', async () => {
    const work = Promise.withResolvers<void>();
    const { time, said, run, stop, renewals } = world(2, { concurrency: 2, handler: () => work.promise });
    await time.advance(60_000);
    assert.ok(renewals() >= 20 && renewals() <= 30, `${renewals()} renewals`);
    work.resolve();
    await settled();
    assert.deepEqual(said, ['accept 0', 'accept 1']);
    stop.abort();
    await run.done;
    assert.equal(time.pendingCount, 0);
  });

  it('renews the locks of records that came to hand after others, in time', async () => {
    const lost: number[] = [];
    const { time, run, stop } = world(3, {
      concurrency: 2,
      handler: async ({ offset }, { signal }) => {
        signal.addEventListener('abort', () => lost.push(offset));
        await undefined;
        await new Promise<void>((resolve) => time.after([30_000, 5_500, 20_000][offset]!, resolve));
      },
    });
    await time.advance(40_000);
    assert.deepEqual(lost, []);
    stop.abort();
    await run.done;
    assert.equal(time.pendingCount, 0);
  });

  it('aborts the signal of a handler whose lock is lost, and ends when it is through', async () => {
    const lost: number[] = [];
    const { time, run, stop } = world(
      1,
      {
        handler: (record, { signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              lost.push(record.offset);
              assert.equal((signal.reason as { code: string }).code, 'LOCK_LOST');
              resolve();
            });
          }),
      },
      false,
    );
    await time.advance(9_000);
    assert.deepEqual(lost, []);
    await time.advance(2_000);
    assert.deepEqual(lost, [0]);
    stop.abort();
    await run.done;
    assert.equal(time.pendingCount, 0);
  });

  it('takes nothing more when it is told to stop, and waits for what is under way', async () => {
    const work = Promise.withResolvers<void>();
    const { said, run, stop } = world(5, { concurrency: 2, handler: () => work.promise });
    await settled();
    stop.abort();
    let isOver = false;
    void run.done.then(() => {
      isOver = true;
    });
    await settled();
    assert.ok(!isOver);
    work.resolve();
    await run.done;
    assert.deepEqual(said, ['accept 0', 'accept 1']);
  });
});
