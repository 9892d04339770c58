import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { TestCluster } from '../commands/testing-cluster.ts';
import { javaDate } from './java-date.ts';
import { PerfStats } from './perf-stats.ts';
import { runInProcess } from './testing-tool.ts';

let cluster: TestCluster;
const topic = `perf-${randomUUID().slice(0, 8)}`;
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(topic, 2);
});
after(() => cluster.stop());

const ask = (tool: string, ...words: readonly string[]) =>
  runInProcess(`kafka-${tool}`, ['--bootstrap-server', cluster.brokers, '--topic', topic, ...words]);
const events = (out: string): readonly { readonly name: string }[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('what is sent and read is counted and timed', async () => {
  const count = ['--num-records', '1000'];
  const sent = await ask(
    'producer-perf-test',
    ...count,
    '--record-size',
    '10',
    '--throughput',
    '-1',
    '--print-metrics',
  );
  assert.match(
    sent.out,
    /^1000 records sent, \d+\.\d{6} records\/sec \(\d+\.\d\d MB\/sec\), \d+\.\d\d ms avg latency, \d+\.\d\d ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.\n\nMetric Name +Value\n/,
  );
  assert.match(
    sent.out,
    /\nproducer-metrics:record-send-total:\{client-id=perf-producer-client\} +: 1000\.000\n/,
  );
  const read = await ask('consumer-perf-test', ...count, '--hide-header');
  assert.match(
    read.out,
    /^\d{4}-\d\d-\d\d [\d:]+, \d{4}-\d\d-\d\d [\d:]+, 0\.0095, [\d.]+, 1000, [\d.]+, \d+, \d+, [\d.]+, [\d.]+\n$/,
  );
  assert.deepEqual([sent.code, read.code], [0, 0]);
});

test('several members of a share group are measured together', async () => {
  const group = `share-${topic}`;
  await cluster.admin.configs.alter({
    ...{ resource: { type: 'group', name: group }, set: { 'share.auto.offset.reset': 'earliest' } },
  });
  const words = ['--num-records', '1000', '--group', group, '--threads', '2', '--show-consumer-stats'];
  const { out, code } = await ask('share-consumer-perf-test', ...words, '--hide-header');
  assert.match(
    out,
    /^Share consumer 1 having client id perf-share-consumer-client-1 consumption metrics- .*\nShare consumer 2 .*\n\d{4}-\d\d-\d\d .*, 0\.\d{4}, [\d.]+, [\d.]+, \d{4}, \d+\n$/,
  );
  assert.equal(code, 0);
});

test('a share group is not measured without members', async () => {
  const { err, code } = await ask('share-consumer-perf-test', '--num-records', '1', '--threads', '0');
  assert.equal(err.split('\n')[0], '--threads is 0, and must be 1 or more.');
  assert.equal(code, 1);
});

test('the time from the producer to the consumer is told', async () => {
  const words = ['--num-records', '3', '--producer-acks', '1', '--record-size', '5', '--num-headers', '1'];
  const { out, code } = await ask('e2e-latency', ...words);
  assert.match(
    out,
    /^0\t\d+\.\d+\nAvg latency: \d+\.\d{4} ms\nPercentiles: 50th = \d+, 99th = \d+, 99\.9th = \d+\n$/,
  );
  assert.equal(code, 0);
});

test('what the verifiable tools do can be followed', async () => {
  const produced = events(
    (await ask('verifiable-producer', '--max-messages', '5', '--repeating-keys', '1')).out,
  );
  assert.deepEqual(
    produced.map(({ name }) => name),
    ['startup_complete', ...Array(5).fill('producer_send_success'), 'shutdown_complete', 'tool_data'],
  );
  const consumed = events((await ask('verifiable-consumer', '--group-id', topic, '--max-messages', '5')).out);
  assert.deepEqual(
    [...new Set(consumed.map(({ name }) => name))],
    [
      ...['startup_complete', 'partitions_assigned', 'records_consumed', 'offsets_committed'],
      ...['partitions_revoked', 'shutdown_complete', 'shutdown_requested'],
    ],
  );
  const refused = await ask('verifiable-producer', '--acks', '2');
  assert.match(refused.err, /argument --acks: invalid choice: '2' \(choose\nfrom \{0,1,-1\}\)/);
});

test('what is wrong with a property is told without its secret', async () => {
  const words = ['--num-records', '1', '--record-size', '1', '--throughput', '-1', '--command-property'];
  const jaas = 'sasl.jaas.config=PlainLoginModule required username="ada" password="sesame";';
  const { err, code } = await ask('producer-perf-test', ...words, jaas);
  assert.equal(code, 1);
  assert.match(err, /Invalid property: sasl\.jaas\.config=\*{8}$/m);
});

test('quantiles and rates are those of what was counted', () => {
  const lines: string[] = [];
  let nowMs = 1000;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
  const stats = new PerfStats({ out: (line: string) => lines.push(line), clock } as never, 4, 500, true);
  nowMs = 1400;
  for (const latencyMs of [10, 20, 30]) stats.add({ latencyMs, count: 1, sizeBytes: 1024 * 1024 }, nowMs);
  nowMs = 2000;
  stats.add({ latencyMs: 40, count: 1, sizeBytes: 1024 * 1024 }, nowMs);
  stats.tellTotal();
  assert.deepEqual(lines, [
    'In steady state.',
    '4 records sent, 4.0 records/sec (4.00 MB/sec), 25.0 ms avg latency, 40.0 ms max latency.',
    '4 steady state records sent, 4.000000 records/sec (4.00 MB/sec), 25.00 ms avg latency, 40.00 ms max latency, 30 ms 50th, 40 ms 95th, 40 ms 99th, 40 ms 99.9th.',
  ]);
});

test('times are written as patterns of Java say', () => {
  const ms = new Date(2026, 10, 2, 15, 4, 5, 6).getTime();
  assert.equal(javaDate('yyyy-MM-dd HH:mm:ss:SSS', ms), '2026-11-02 15:04:05:006');
  assert.equal(javaDate("EEE d MMM yy 'at' h:m a", ms), 'Mon 2 Nov 26 at 3:4 PM');
});
