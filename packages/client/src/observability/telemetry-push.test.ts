// Pushing metrics to brokers that ask for them; with time that passes when the test says so, and against a broker in this process.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { silentLogger } from '@moldau/io';
import {
  codecOf,
  decompress,
  ErrorCode,
  type GetTelemetrySubscriptionsResponse,
  type PushTelemetryRequest,
  pushTelemetryRequest,
  type Uuid,
  ZERO_UUID,
} from '@moldau/protocol';
import { ManualTime, SeededRandom, seedOf, startTestBroker } from '@moldau/testing';
import { Kafka } from '../kafka.ts';
import { onClientEvent } from './channels.ts';
import { ClientMetrics } from './client-metrics.ts';
import { type TelemetryLink, TelemetryPush, telemetryName } from './telemetry-push.ts';

const seed = seedOf();
const INSTANCE: Uuid = 'BBBBBBBBBBBBBBBBBBBBBA';
const INTERVAL_MS = 60_000;

function world(answer: Partial<GetTelemetrySubscriptionsResponse> = {}) {
  const time = new ManualTime();
  const asked: Uuid[] = [];
  const pushes: (PushTelemetryRequest & { atMs: number; names: string })[] = [];
  const errors: { get: number[]; push: number[] } = { get: [], push: [] };
  let fails: Error | undefined;
  const link = {
    async request({ request: { apiKey } }: { request: { apiKey: number } }, input: never) {
      if (fails !== undefined) throw fails;
      if (apiKey === pushTelemetryRequest.apiKey) {
        const push = input as PushTelemetryRequest;
        const names = decompress(codecOf(push.compressionType), push.metrics, 1_000_000).toString('latin1');
        pushes.push({ ...push, names, atMs: time.monotonicMs() });
        return { throttleTimeMs: 0, errorCode: errors.push.shift() ?? 0 };
      }
      asked.push((input as { clientInstanceId: Uuid }).clientInstanceId);
      return {
        ...{ throttleTimeMs: 0, errorCode: errors.get.shift() ?? 0, clientInstanceId: INSTANCE },
        ...{ subscriptionId: 5, acceptedCompressionTypes: [4, 1], pushIntervalMs: INTERVAL_MS },
        ...{ telemetryMaxBytes: 100_000, deltaTemporality: true, requestedMetrics: [''], ...answer },
      };
    },
  } as unknown as TelemetryLink;
  const metrics = new ClientMetrics({ kind: 'producer', clientId: 'c', clock: time });
  const push = new TelemetryPush({
    ...{ link, version: '1', requestTimeoutMs: 30_000, labels: { group_id: 'the-group' } },
    ports: { clock: time, timers: time, random: new SeededRandom(seed), logger: silentLogger },
    snapshot: () => metrics.snapshot(),
  });
  const fail = (error: Error | undefined): void => {
    fails = error;
  };
  return { time, asked, pushes, errors, metrics, push, fail };
}

describe(`pushing metrics (seed ${seed})`, () => {
  const broker = { id: 1, address: 'one:9092' };

  it('asks who it is, pushes at intervals that differ at first, and says good-bye', async () => {
    const { time, asked, pushes, metrics, push } = world();
    metrics.requestSent(broker, 100, true);
    push.start();
    await time.advance(0);
    assert.deepEqual(asked, [ZERO_UUID]);
    assert.equal(push.clientInstanceId, INSTANCE);
    await time.advance(4 * INTERVAL_MS);
    const [first] = pushes;
    assert.ok(first!.atMs >= INTERVAL_MS / 2 && first!.atMs <= 1.5 * INTERVAL_MS, `${first!.atMs}`);
    assert.equal(pushes[1]!.atMs - first!.atMs, INTERVAL_MS);
    assert.equal(first!.compressionType, 4);
    assert.match(first!.names, /org\.apache\.kafka\.producer\.request\.total/);
    assert.match(first!.names, /org\.apache\.kafka\.producer\.node\.request\.total.*node_id.*node-1/s);
    assert.match(first!.names, /the-group/);
    await push.close();
    assert.deepEqual(
      pushes.map(({ terminating, subscriptionId }) => [terminating, subscriptionId]),
      pushes.map((_, index) => [index === pushes.length - 1, 5]),
    );
    assert.equal(time.pendingCount, 0);
  });

  it('pushes nothing but what was asked for', async () => {
    const { time, pushes, metrics, push } = world({
      requestedMetrics: ['org.apache.kafka.producer.node.'],
      acceptedCompressionTypes: [],
    });
    metrics.requestSent(broker, 100, true);
    push.start();
    await time.advance(2 * INTERVAL_MS);
    const names = pushes[0]!.names.match(/org\.apache\.kafka[a-z.]*/g)!;
    assert.ok(names.length > 0 && names.every((name) => name.startsWith('org.apache.kafka.producer.node.')));
    assert.equal(pushes[0]!.compressionType, 0);
    await push.close();
  });

  it('pushes nothing, not even at the end, when nothing was asked for, and asks again', async () => {
    const { time, asked, pushes, push } = world({ requestedMetrics: [] });
    push.start();
    await time.advance(3 * INTERVAL_MS + 1);
    assert.deepEqual(asked, [ZERO_UUID, INSTANCE, INSTANCE, INSTANCE]);
    await push.close();
    assert.equal(pushes.length, 0);
    assert.equal(time.pendingCount, 0);
  });

  it('asks anew at once when its subscription is out of date', async () => {
    const { time, asked, pushes, errors, push } = world();
    errors.push.push(ErrorCode.UNKNOWN_SUBSCRIPTION_ID);
    push.start();
    while (pushes.length === 0) await time.advance(INTERVAL_MS / 100);
    const refusedMs = pushes[0]!.atMs;
    assert.ok(time.monotonicMs() - refusedMs < INTERVAL_MS / 100);
    assert.equal(asked.length, 2);
    await push.close();
  });

  for (const code of ['UNSUPPORTED_VERSION', 'CLOSED']) {
    it(`ends for good after ${code}`, async () => {
      const { time, push, fail } = world();
      fail(Object.assign(new Error('no'), { code }));
      push.start();
      await time.advance(1);
      assert.equal(time.pendingCount, 0);
    });
  }

  it('tries again later after what passes, and ends without a word when nobody hears', async () => {
    const { time, asked, push, fail } = world();
    fail(new Error('lost'));
    push.start();
    await time.advance(1);
    fail(undefined);
    await time.advance(300_000);
    assert.equal(asked.length, 1);
    fail(new Error('lost'));
    await push.close();
    assert.equal(time.pendingCount, 0);
  });

  it('names metrics as KIP-714 does', () => {
    const name = telemetryName({ group: 'consumer-fetch-manager-metrics', name: 'fetch-latency-avg' });
    assert.equal(name, 'org.apache.kafka.consumer.fetch.manager.fetch.latency.avg');
  });

  it('reaches a broker that asks, unless that is switched off', async () => {
    await using server = await startTestBroker();
    const clientId = `pushing-${randomUUID()}`;
    await using kafka = new Kafka({ brokers: `127.0.0.1:${server.port}`, clientId });
    await kafka.admin().configs.alter({
      resource: { type: 'client-metrics', name: 'all' },
      set: { metrics: 'org.apache.kafka.', 'interval.ms': '100', match: `client_id=${clientId}` },
    });
    const taken = new Map<string, number>();
    const stop = onClientEvent('moldau:client:request', ({ api, client, clientId: id, error }) => {
      const name = `${id === clientId ? client : 'silent'} ${api}`;
      if (error === undefined) taken.set(name, (taken.get(name) ?? 0) + 1);
    });
    const producer = kafka.producer();
    await using silent = new Kafka({
      brokers: `127.0.0.1:${server.port}`,
      clientId: 'silent',
      enableMetricsPush: false,
    });
    await silent.admin().topics.list();
    await kafka.admin().topics.create({ name: 'pushed', partitions: 1 });
    await producer.send('pushed', { value: 'one' });
    while ((taken.get('producer PushTelemetry') ?? 0) < 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await producer.close();
    stop();
    assert.ok(taken.get('producer PushTelemetry')! >= 2, 'it said good-bye');
    assert.ok(![...taken.keys()].some((name) => /silent .*Telemetry/.test(name)));
  });
});
