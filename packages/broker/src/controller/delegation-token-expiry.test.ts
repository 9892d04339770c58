import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLogger } from '@moldau/io';
import { ManualTime } from '@moldau/testing';
import { DelegationTokenExpiry } from './delegation-token-expiry.ts';

test('removes what has expired again and again, whatever fails, until it is stopped', async () => {
  const time = new ManualTime(0);
  const rounds: number[] = [];
  const expiry = new DelegationTokenExpiry({
    ...{ clock: time, timers: time, logger: silentLogger, intervalMs: 100 },
    controller: {
      async removeExpiredDelegationTokens(nowMs: number) {
        rounds.push(nowMs);
        if (rounds.length === 2) throw new Error('the disk is full');
        return 1;
      },
    },
  });
  expiry.start();
  await time.advance(350);
  assert.deepEqual(rounds, [100, 200, 300]);
  expiry.stop();
  await time.advance(350);
  assert.equal(rounds.length, 3);
  assert.equal(time.pendingCount, 0);
});
