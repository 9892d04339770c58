import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoDurationMs } from './iso-duration.ts';

test('reads durations of days, hours, minutes and seconds', () => {
  assert.equal(isoDurationMs('P1D'), 86_400_000);
  assert.equal(isoDurationMs('PT1H30M'), 5_400_000);
  assert.equal(isoDurationMs('P2DT0.5S'), 172_800_500);
  assert.equal(isoDurationMs('pt10s'), 10_000);
});

test('knows what is no duration', () => {
  for (const text of ['', 'P', 'PT', 'P1', '1D', 'PT1D', 'P1DT', 'PT-1H', 'P1M'])
    assert.equal(isoDurationMs(text), undefined);
});
