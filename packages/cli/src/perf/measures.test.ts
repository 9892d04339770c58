import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Quantiles, Throughput } from './measures.ts';
import { payloads } from './payloads.ts';

test('quantiles are right to 2 %, whatever the size of the times', () => {
  const quantiles = new Quantiles();
  for (let ms = 1; ms <= 1000; ms++) quantiles.add(ms);
  const { mean, p50, p99, max } = quantiles.summary();
  assert.equal(mean, 500.5);
  assert.ok(Math.abs(p50 - 500) <= 10 && Math.abs(p99 - 990) <= 20, `${p50}, ${p99}`);
  assert.equal(max, 1000);
  quantiles.add(1e12);
  assert.equal(quantiles.at(1), 1e12);
  assert.equal(new Quantiles().summary().p99, 0);
});

test('rates are of the time since the last report, and of all of it', () => {
  const throughput = new Throughput(0);
  throughput.add(10, 1000);
  assert.equal(throughput.interval(1000).recordsPerSecond, 10);
  throughput.add(30, 3000);
  const { records, recordsPerSecond, bytesPerSecond } = throughput.interval(2000);
  assert.deepEqual([records, recordsPerSecond, bytesPerSecond], [30, 30, 3000]);
  assert.deepEqual(throughput.total(2000), {
    ...{ records: 40, bytes: 4000, seconds: 2 },
    ...{ recordsPerSecond: 20, bytesPerSecond: 2000 },
  });
});

test('payloads have the size asked for, and are not all the same', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const values = payloads(100, random);
  assert.ok(values.every(({ length }) => length === 100));
  assert.ok(new Set(values.map(String)).size > 900);
  assert.equal(payloads(0, random)[0]!.length, 0);
});
