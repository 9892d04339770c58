import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { Counter, Histogram } from './meters.ts';

describe('a counter', () => {
  it('counts for its whole life, and tells the rate of the last half to full minute', () => {
    const counter = new Counter(0);
    for (let second = 0; second < 100; second++) counter.add(5, second * 1_000);
    assert.equal(counter.total, 500);
    assert.ok(Math.abs(counter.rate(100_000) - 5) < 0.5, `${counter.rate(100_000)}`);
    counter.add(1_000, 101_000);
    assert.ok(counter.rate(102_000) > 10);
    assert.equal(counter.rate(500_000), 0);
    assert.equal(counter.total, 1_500);
  });

  it('tells no enormous rate of the first moment', () => {
    const counter = new Counter(0);
    counter.add(1, 1);
    assert.equal(counter.rate(1), 1);
  });
});

describe('a histogram', () => {
  const seed = seedOf();

  it(`tells mean and maximum exactly, and percentiles within 7 % (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const histogram = new Histogram(0);
    const values = Array.from({ length: 10_000 }, () => 2 ** (random.next() * 20 - 5));
    for (const value of values) histogram.record(value, 1);
    const sorted = values.toSorted((left, right) => left - right);
    const read = histogram.read(1);
    assert.equal(read.count, 10_000);
    assert.equal(read.max, sorted.at(-1));
    assert.ok(Math.abs(read.mean - values.reduce((sum, value) => sum + value) / 10_000) < 1e-6);
    for (const [told, part] of [
      [read.p50, 0.5],
      [read.p90, 0.9],
      [read.p99, 0.99],
    ] as const) {
      const right = sorted[Math.ceil(10_000 * part) - 1]!;
      assert.ok(Math.abs(told / right - 1) < 0.07, `${told} for ${right}`);
    }
  });

  it('forgets what is older than a minute', () => {
    const histogram = new Histogram(0);
    histogram.record(100, 1_000);
    histogram.record(1, 31_000);
    assert.equal(histogram.read(32_000).max, 100);
    histogram.record(1, 62_000);
    assert.equal(histogram.read(62_000).max, 1);
    assert.equal(histogram.read(500_000).count, 0);
  });

  it('takes values outside its range', () => {
    const histogram = new Histogram(0);
    for (const value of [0, -1, 1e300, Number.NaN]) histogram.record(value, 0);
    assert.equal(histogram.read(0).count, 4);
  });
});
