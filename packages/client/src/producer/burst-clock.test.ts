import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualTime } from '@moldau/testing';
import { BurstClock } from './burst-clock.ts';

it('tells the time anew after some records, and in the next run of code', async () => {
  const time = new ManualTime();
  let readCount = 0;
  const clock = new BurstClock({
    monotonicMs: () => time.monotonicMs(),
    wallMs: () => {
      readCount++;
      return time.wallMs() + readCount;
    },
  });
  const first = clock.wallMs();
  assert.equal(clock.wallMs(), first);
  for (let record = 2; record < 1_000; record++) clock.wallMs();
  assert.ok(readCount > 10 && readCount < 100, `read ${readCount} times`);
  for (let run = 0; run < 3; run++) {
    const before = readCount;
    await undefined;
    clock.wallMs();
    assert.equal(readCount, before + 1);
  }
});
