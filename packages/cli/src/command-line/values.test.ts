import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  byteSize,
  durationMs,
  numberRanges,
  oneOf,
  pair,
  positiveNumber,
  timeMs,
  wholeNumber,
} from './values.ts';

test('values are read as people write them', () => {
  assert.equal(wholeNumber('0'), 0);
  assert.equal(positiveNumber('12'), 12);
  assert.equal(oneOf(['gzip', 'zstd'])('ZSTD'), 'zstd');
  assert.equal(byteSize('200'), 200);
  assert.equal(byteSize('1.5MB'), 1_500_000);
  assert.equal(byteSize('64KiB'), 65_536);
  assert.equal(durationMs('1h30m'), 5_400_000);
  assert.equal(durationMs('250ms'), 250);
  assert.equal(timeMs('@1700000000000', 0), 1_700_000_000_000);
  assert.equal(timeMs('-2h', 10_000_000), 2_800_000);
  assert.equal(timeMs('2026-11-21T10:00:00Z', 0), Date.UTC(2026, 10, 21, 10));
  assert.deepEqual(pair('a=b=c'), ['a', 'b=c']);
  assert.deepEqual(numberRanges('7,0-2'), [0, 1, 2, 7]);
});

test('what cannot be meant is refused with what is expected', () => {
  const refusals: [() => unknown, RegExp][] = [
    [() => wholeNumber('-1'), /whole number from 0 on, not -1/],
    [() => wholeNumber('1e3'), /whole number/],
    [() => positiveNumber('0'), /from 1 on/],
    [() => positiveNumber('-1'), /from 1 on/],
    [() => oneOf(['a', 'b'])('c'), /one of a, b, not c/],
    [() => byteSize('5 parsecs'), /10MB/],
    [() => durationMs('5'), /1h30m/],
    [() => durationMs('5m x'), /1h30m/],
    [() => timeMs('yesterday', 0), /-2h \(so long ago\)/],
    [() => timeMs('start:3', 0), /-2h \(so long ago\)/],
    [() => pair('=b'), /name=value/],
    [() => numberRanges('1-'), /0,2,5-7/],
    [() => numberRanges('1-0'), /0,2,5-7/],
  ];
  for (const [refusal, message] of refusals) assert.throws(refusal, { name: 'UsageError', message });
});
