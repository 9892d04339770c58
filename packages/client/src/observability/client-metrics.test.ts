// Metrics and events of clients at work, against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { ManualTime, startTestBroker, type TestBroker } from '@moldau/testing';
import { Kafka } from '../kafka.ts';
import { type ClientEvents, onClientEvent } from './channels.ts';
import { ClientMetrics, type MetricsSnapshot } from './client-metrics.ts';
import { METRICS } from './metric-definitions.ts';
import { metricRows } from './testing-metric-table.ts';

const elsewhere = process.env.MOLDAU_TEST_BROKERS;

function value(snapshot: MetricsSnapshot | undefined, group: string, name: string): number | undefined {
  return snapshot?.metrics.find((metric) => metric.group === group && metric.name === name)?.value;
}

describe('metrics and events', () => {
  let broker: TestBroker | undefined;
  let brokers: string;

  before(async () => {
    if (elsewhere === undefined) broker = await startTestBroker();
    brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
  });

  after(() => broker?.stop());

  it('tell what a producer does, by the names of Kafka', async () => {
    const clientId = `metrics-${randomUUID()}`;
    await using kafka = new Kafka({ brokers, clientId });
    const topic = `metrics-${randomUUID()}`;
    await kafka.admin().topics.create({ name: topic, partitions: 1 });
    const producer = kafka.producer();
    const events: string[] = [];
    const hear = <Name extends keyof ClientEvents>(name: Name) =>
      onClientEvent(name, (event) => {
        if (event.clientId === clientId && event.client === 'producer') events.push(name);
      });
    const stops = [
      hear('moldau:client:connection'),
      hear('moldau:client:request'),
      hear('moldau:client:produce'),
    ];
    await Promise.all(Array.from({ length: 10 }, (_, index) => producer.send(topic, { value: `${index}` })));
    for (const stop of stops) stop();
    await producer.send(topic, { value: 'nobody hears' });

    const snapshot = kafka.metrics().find(({ client }) => client === 'producer');
    assert.equal(snapshot!.clientId, clientId);
    assert.equal(value(snapshot, 'producer-metrics', 'record-send-total'), 11);
    assert.equal(value(snapshot, 'producer-topic-metrics', 'record-send-total'), 11);
    assert.equal(value(snapshot, 'producer-metrics', 'record-error-total'), undefined);
    assert.equal(value(snapshot, 'producer-metrics', 'requests-in-flight'), 0);
    assert.equal(value(snapshot, 'producer-metrics', 'buffer-total-bytes'), 32 * 1024 * 1024);
    assert.ok(value(snapshot, 'producer-metrics', 'connection-count')! >= 1);
    assert.ok(value(snapshot, 'producer-metrics', 'outgoing-byte-total')! > 100);
    assert.ok(value(snapshot, 'producer-metrics', 'request-rate')! > 0);
    const latency = snapshot!.distributions.find(({ name }) => name === 'request-latency');
    assert.ok(latency!.count > 0 && latency!.p50 <= latency!.p99 && latency!.p99 <= latency!.max);
    assert.ok(snapshot!.metrics.some(({ tags }) => /^node-\d+$/.test(tags['node-id'] ?? '')));
    assert.ok(events.includes('moldau:client:connection') && events.includes('moldau:client:request'));
    const produced = events.filter((name) => name === 'moldau:client:produce').length;
    assert.ok(produced >= 1 && produced <= 10, `${produced} batches`);

    await producer.close();
    assert.equal(kafka.metrics().length, 1);
  });

  it('tell what a consumer is given, commits and reads', async () => {
    const clientId = `metrics-${randomUUID()}`;
    await using kafka = new Kafka({ brokers, clientId });
    const topic = `metrics-${randomUUID()}`;
    await kafka.admin().topics.create({ name: topic, partitions: 2 });
    await using producer = kafka.producer();
    await producer.send(
      topic,
      Array.from({ length: 10 }, () => ({ value: 'a value' })),
    );
    const rebalances: string[] = [];
    const commits: string[] = [];
    let consumedCount = 0;
    const stops = [
      onClientEvent('moldau:client:rebalance', ({ groupId, change, partitions }) => {
        if (groupId === topic) rebalances.push(`${change} ${partitions.length}`);
      }),
      onClientEvent('moldau:client:commit', (event) => {
        if (event.clientId === clientId) commits.push(event.api);
      }),
      onClientEvent('moldau:client:consume', (event) => {
        if (event.topic === topic) consumedCount += event.recordCount;
      }),
    ];
    const consumer = kafka.consumer({ groupId: topic, autoOffsetReset: 'earliest' });
    consumer.subscribe(topic);
    let count = 0;
    for await (const _ of consumer) if (++count === 10) break;
    await consumer.commit();
    const snapshot = kafka.metrics().find(({ client }) => client === 'consumer');
    await consumer.close();
    for (const stop of stops) stop();

    assert.equal(consumedCount, 10);
    assert.deepEqual(rebalances, ['assigned 2', 'revoked 2']);
    assert.ok(commits.length > 0 && commits.every((api) => api === 'OffsetCommit'));
    const fetching = 'consumer-fetch-manager-metrics';
    assert.equal(value(snapshot, fetching, 'records-consumed-total'), 10);
    assert.equal(value(snapshot, fetching, 'records-lag-max'), 0);
    assert.ok(value(snapshot, fetching, 'bytes-consumed-total')! > 10 * 'a value'.length);
    assert.ok(value(snapshot, fetching, 'fetch-latency-max')! > 0);
    assert.equal(value(snapshot, 'consumer-coordinator-metrics', 'assigned-partitions'), 2);
    assert.ok(value(snapshot, 'consumer-coordinator-metrics', 'commit-total')! >= 1);
  });
});

describe('the instruments of a client', () => {
  const broker = { id: 1, address: 'one:9092' };
  const report = {
    api: 'Fetch',
    version: 4,
    latencyMs: 5,
    answerBytes: 100,
    throttleMs: 0,
    error: undefined,
  };

  it('keep to a bounded number of brokers and topics', () => {
    const metrics = new ClientMetrics({ kind: 'consumer', clientId: 'c', clock: new ManualTime() });
    for (let id = 0; id < 3_000; id++) metrics.requestSent({ ...broker, id }, 10, true);
    assert.equal(
      metrics
        .snapshot()
        .metrics.filter(({ name, tags }) => name === 'request-total' && tags['node-id'] !== undefined).length,
      1_000,
    );
    assert.equal(value(metrics.snapshot(), 'consumer-metrics', 'request-total'), 3_000);
  });

  it('tell what requests were for', () => {
    const time = new ManualTime();
    const metrics = new ClientMetrics({ kind: 'consumer', clientId: 'c', clock: time });
    for (const apiKey of [1, 1, 8, 12, 11, 14]) {
      metrics.requestSent(broker, 50, true);
      metrics.requestSettled(broker, { ...report, apiKey });
    }
    metrics.requestSent(broker, 50, true);
    metrics.requestSettled(broker, { ...report, apiKey: 1, error: new Error('lost') });
    metrics.requestSent(broker, 50, false);
    const snapshot = metrics.snapshot();
    assert.equal(value(snapshot, 'consumer-fetch-manager-metrics', 'fetch-total'), 2);
    assert.equal(value(snapshot, 'consumer-fetch-manager-metrics', 'fetch-latency-avg'), 5);
    for (const name of ['commit-total', 'heartbeat-total', 'join-total', 'sync-total'])
      assert.equal(value(snapshot, 'consumer-coordinator-metrics', name), 1, name);
    assert.equal(value(snapshot, 'consumer-metrics', 'request-failure-total'), 1);
    assert.equal(value(snapshot, 'consumer-metrics', 'requests-in-flight'), 0);
    assert.equal(value(snapshot, 'consumer-metrics', 'response-total'), 6);
  });

  it('tell of throttling and retries to who listens', () => {
    const metrics = new ClientMetrics({ kind: 'producer', clientId: 'throttled', clock: new ManualTime() });
    const heard: unknown[] = [];
    const stop = onClientEvent('moldau:client:throttle', (event) => {
      if (event.clientId === 'throttled') heard.push(event.throttleMs);
    });
    metrics.requestSettled(broker, { ...report, apiKey: 0, throttleMs: 70 });
    stop();
    metrics.requestSettled(broker, { ...report, apiKey: 0, throttleMs: 80 });
    assert.deepEqual(heard, [70]);
    assert.equal(value(metrics.snapshot(), 'producer-metrics', 'produce-throttle-time-max'), 80);
  });

  it('have a table in the documentation, with each of them', async () => {
    const path = new URL('../../../../docs/client/observability.md', import.meta.url);
    const lines = (await readFile(path, 'utf8')).split('\n');
    assert.deepEqual(
      lines.filter((line) => /^\| `\S*metrics`/.test(line)),
      metricRows(),
    );
  });

  it('have names that are unique in their groups', () => {
    const names = Object.values(METRICS).map(({ group, name }) => `${group}/${name}`);
    assert.equal(new Set(names).size, names.length);
  });
});
