import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from './manual-time.ts';

test('timers run at their time, in order, and what they start runs too', async () => {
  const time = new ManualTime(1000);
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${what}@${time.monotonicMs()}`);
  time.after(20, () => note('second'));
  time.after(10, async () => {
    note('first');
    await Promise.resolve();
    time.after(5, () => note('nested'));
  });
  time.after(15, () => note('cancelled')).cancel();
  time.after(20, () => note('third'));
  time.after(1000, () => note('later'));
  await time.advance(30);
  assert.deepEqual(log, ['first@10', 'nested@15', 'second@20', 'third@20']);
  assert.equal(time.wallMs(), 1030);
  assert.equal(time.pendingCount, 1);
  assert.equal(time.nextDueMs, 1000);
  time.setWallMs(5);
  await time.advance(1);
  assert.equal(time.wallMs(), 6);
  assert.equal(time.monotonicMs(), 31);
});
