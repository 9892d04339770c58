import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { Histogram } from './histogram.ts';

const QUANTILES = [0.5, 0.75, 0.95, 0.99, 0.999];

describe('a histogram', () => {
  it('tells quantiles within 7 % of the true ones, over nine decades', () => {
    const seed = seedOf();
    const random = new SeededRandom(seed);
    const histogram = new Histogram();
    const values = Array.from({ length: 20_000 }, () => 10 ** (random.next() * 8 - 2));
    for (const value of values) histogram.record(value);
    values.sort((one, other) => one - other);
    histogram.quantiles(QUANTILES).forEach((found, index) => {
      const rank = Math.ceil(QUANTILES[index]! * values.length) - 1;
      const expected = Math.min(values[rank]!, 2_147_483);
      assert.ok(Math.abs(found / expected - 1) < 0.07, `${found} is not ${expected} (SEED=${seed})`);
    });
  });

  it('keeps count and sum for good, and forgets the spread after two windows', () => {
    const histogram = new Histogram();
    histogram.record(4);
    histogram.record(6);
    histogram.rotate();
    assert.ok(Math.abs(histogram.quantiles([0.5])[0]! - 4) < 0.3);
    histogram.rotate();
    assert.deepEqual(histogram.quantiles([0.5, 0.99]), [Number.NaN, Number.NaN]);
    assert.deepEqual([histogram.count, histogram.sum], [2, 10]);
  });

  it('takes any number', () => {
    const histogram = new Histogram();
    for (const value of [0, -1, 1e12, Number.POSITIVE_INFINITY]) histogram.record(value);
    assert.equal(histogram.quantiles([0.25])[0], 0);
    assert.ok(histogram.quantiles([1])[0]! > 1e6);
    assert.deepEqual(new Histogram().quantiles([0.5]), [Number.NaN]);
  });
});
