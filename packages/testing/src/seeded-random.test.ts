import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOf, seedsOf } from './seeded-random.ts';

test('a named seed is run alone, and one that is none is refused', () => {
  assert.equal(seedOf({ SEED: '7', CI: 'true' }), 7);
  assert.deepEqual(seedsOf(3, [9], { SEED: '7', SEEDS: '5' }), [7]);
  assert.throws(() => seedOf({ SEED: 'x' }), /SEED is the whole number that a failed test named, not x/);
});

test('CI has the same seeds each time, and others new ones', () => {
  assert.deepEqual(seedsOf(2, [9], { CI: 'true' }), [9, 1, 2]);
  const seeds = new Set(Array.from({ length: 8 }, () => seedOf({})));
  assert.ok(seeds.size > 1, [...seeds].join());
  assert.equal(seedsOf(2, [9], { SEEDS: '4' }).length, 5);
});
