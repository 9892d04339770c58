import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { verbs } from './perf.ts';
import { TestCluster } from './testing-cluster.ts';

const NAME = `measured-${randomUUID().slice(0, 8)}`;
let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(NAME, 2);
});
after(() => cluster.stop());

test('sending and reading are measured, and each record counts once', async () => {
  const topic = { topic: NAME };
  const sent = await cluster.json(verbs, 'produce', topic, { count: 2500, size: 64, keys: 10 });
  assert.deepEqual([sent.topic, sent.records, sent.bytes], [NAME, 2500, 2500 * 64]);
  assert.ok(sent.recordsPerSecond > 0 && sent.latencyMs.p99 >= sent.latencyMs.p50);
  const read = await cluster.json(verbs, 'consume', topic);
  assert.equal(read.records, 2500);
  assert.ok(read.bytes > 2500 * 64);
  assert.equal(read.latencyMs, null);
  const some = await cluster.json(verbs, 'consume', topic, { count: 10 });
  assert.ok(some.records >= 10 && some.records <= 2500);
});

test('a rate is kept, for as long as is wanted', async () => {
  const { records, seconds } = await cluster.json(
    verbs,
    'produce',
    { topic: NAME },
    { rate: 1000, for: 200 },
  );
  assert.ok(records >= 50 && records <= 400 && seconds < 2, `${records} in ${seconds} s`);
});

test('the time from the producer to a consumer is measured', async () => {
  const { code, out } = await cluster.run(verbs, 'latency', { topic: NAME }, { count: 20 });
  assert.equal(code, 0);
  assert.match(out, /Records: +20\n/);
  assert.match(out, /Latency: +mean [\d.]+ ms, 50 % [\d.]+ ms/);
});

test('a topic that is not there is no measurement', async () => {
  const { code, told } = await cluster.run(verbs, 'consume', { topic: 'not-there' });
  assert.equal(code, 1);
  assert.match(told[0]!, /not-there/);
});
