import assert from 'node:assert/strict';
import test from 'node:test';
import { compress, ErrorCode, KafkaError, MalformedError, ZERO_UUID } from '@moldau/protocol';
import { ManualTime, SeededRandom } from '@moldau/testing';
import { ClientMetricsStore } from './client-metrics-store.ts';
import { ClientTelemetry } from './client-telemetry.ts';
import { readMetrics } from './metrics-payload.ts';
import { subscriptionFor, type TelemetryClient } from './subscriptions.ts';

const me: TelemetryClient = {
  clientInstanceId: ZERO_UUID,
  clientId: 'app-1',
  softwareName: 'apache-kafka-java',
  softwareVersion: '4.3.0',
  sourceAddress: '10.0.0.1',
  sourcePort: 5000,
};

type Texts = Record<string, string>;

function asked(client: TelemetryClient, ...subscriptions: Texts[]) {
  const { metrics, pushIntervalMs } = subscriptionFor(
    client,
    subscriptions.map((texts) => new Map(Object.entries(texts))),
  );
  return { metrics, pushIntervalMs };
}

/** A field of a protobuf message that holds bytes. */
function field(number: number, ...content: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  assert.ok(bytes.length < 128 * 128);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.of(number * 8 + 2, ...length), bytes]);
}

function number(kind: 'double' | 'integer', value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (kind === 'double' ? 4 : 6) * 8 + 1;
  if (kind === 'double') bytes.writeDoubleLE(value, 1);
  else bytes.writeBigInt64LE(BigInt(value), 1);
  return bytes;
}

const text = (value: string) => Buffer.from(value);
const label = field(7, field(1, text('topic')), field(2, field(1, text('orders'))));
const gauge = field(2, field(1, text('rate')), field(5, field(1, label, number('double', 1.5))));
const sum = field(2, field(1, text('total')), field(7, field(1, number('integer', -7))));
const payload = field(1, field(1, text('')), field(2, gauge, sum));

test('all that match ask for their metrics, as often as any of them wants', () => {
  const matching = { match: 'client_id=app-.*,client_software_name=apache-kafka-java' };
  assert.deepEqual(
    asked(
      me,
      { ...matching, metrics: 'b.,a.', 'interval.ms': '5000' },
      { metrics: 'c.', 'interval.ms': '2000' },
      { match: 'client_id=app', metrics: 'd.', 'interval.ms': '100' },
      { match: 'client_source_address=10[.]0[.]0[.]2', metrics: 'e.', 'interval.ms': '100' },
      { match: 'client_source_port=([', metrics: 'f.', 'interval.ms': '100' },
    ),
    { metrics: ['a.', 'b.', 'c.'], pushIntervalMs: 2000 },
  );
  assert.deepEqual(asked(me, { metrics: 'a.' }, { metrics: '*' }), {
    metrics: ['*'],
    pushIntervalMs: 300_000,
  });
  assert.deepEqual(asked(me), { metrics: [], pushIntervalMs: 300_000 });
});

test('a subscription has another id for another client, and when anything of it changes', () => {
  const id = (client: TelemetryClient, texts: Texts) =>
    subscriptionFor(client, [new Map(Object.entries(texts))]).id;
  const other = { ...me, clientInstanceId: 'abcdefghijklmnopqrstuA' };
  const ids = [
    id(me, { metrics: 'a.' }),
    id(me, { metrics: 'b.' }),
    id(me, { metrics: 'a.', 'interval.ms': '100' }),
    id(other, { metrics: 'a.' }),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(id(me, { metrics: 'a.' }), ids[0]);
});

test('numbers are read from what a client pushes', () => {
  assert.deepEqual(readMetrics(payload), [
    { name: 'rate', labels: { topic: 'orders' }, value: 1.5 },
    { name: 'total', labels: {}, value: -7 },
  ]);
  assert.deepEqual(readMetrics(Buffer.alloc(0)), []);
});

test('bytes that are no metrics are malformed, wherever they end', () => {
  for (let end = 1; end < payload.length; end++)
    assert.throws(() => readMetrics(payload.subarray(0, end)), MalformedError, String(end));
  assert.throws(() => readMetrics(Buffer.from('ffffffffffffffffffffff', 'hex')), MalformedError);
});

function setUp(texts: Texts = { metrics: '*', 'interval.ms': '1000' }) {
  const time = new ManualTime();
  const sink = new ClientMetricsStore();
  const subscriptions = [new Map(Object.entries(texts))];
  const telemetry = new ClientTelemetry({
    clock: time,
    random: new SeededRandom(1),
    sink,
    maxBytes: () => 1000,
    subscriptions: () => subscriptions,
  });
  return { time, sink, telemetry, subscriptions };
}

function refusal(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof KafkaError);
    return Object.entries(ErrorCode).find(([, code]) => code === error.code)?.[0];
  }
}

const plain = { terminating: false, compressionType: 0, metrics: payload };

test('a client is given an id, pushes, and is shown', () => {
  const { telemetry, sink } = setUp();
  const { clientInstanceId, subscription } = telemetry.subscribe(me);
  assert.notEqual(clientInstanceId, ZERO_UUID);
  const client = { ...me, clientInstanceId };
  telemetry.push(client, { ...plain, subscriptionId: subscription.id });
  const [shown] = sink.all();
  assert.equal(shown?.client.clientId, 'app-1');
  assert.equal(shown?.metrics.length, 2);
});

test('every compression is read, and another is refused', async () => {
  for (const [compressionType, codec] of (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).entries()) {
    const { telemetry, sink } = setUp();
    const { clientInstanceId, subscription } = telemetry.subscribe(me);
    const metrics = compress(codec, payload);
    const push = { ...plain, compressionType, metrics, subscriptionId: subscription.id };
    telemetry.push({ ...me, clientInstanceId }, push);
    assert.equal([...sink.all()][0]?.metrics.length, 2, codec);
  }
  const { telemetry } = setUp();
  const { clientInstanceId, subscription } = telemetry.subscribe(me);
  const push = { ...plain, compressionType: 9, subscriptionId: subscription.id };
  assert.equal(
    refusal(() => telemetry.push({ ...me, clientInstanceId }, push)),
    'UNSUPPORTED_COMPRESSION_TYPE',
  );
});

test('a client pushes once an interval, but may have a last word', async () => {
  const { telemetry, time, sink } = setUp();
  const { clientInstanceId, subscription } = telemetry.subscribe(me);
  const client = { ...me, clientInstanceId };
  const push = { ...plain, subscriptionId: subscription.id };
  telemetry.push(client, push);
  assert.equal(
    refusal(() => telemetry.push(client, push)),
    'THROTTLING_QUOTA_EXCEEDED',
  );
  assert.equal(
    refusal(() => telemetry.subscribe(client)),
    'THROTTLING_QUOTA_EXCEEDED',
  );
  await time.advance(1000);
  telemetry.push(client, push);
  telemetry.push(client, { ...push, terminating: true });
  assert.deepEqual([...sink.all()], []);
  await time.advance(1000);
  assert.equal(
    refusal(() => telemetry.push(client, push)),
    'INVALID_REQUEST',
  );
});

test('a client whose subscription has changed is sent back for the new one, and may have it at once', async () => {
  const { telemetry, time, subscriptions } = setUp();
  const { clientInstanceId, subscription } = telemetry.subscribe(me);
  const client = { ...me, clientInstanceId };
  subscriptions[0]!.set('metrics', 'a.');
  telemetry.subscriptionsChanged();
  const push = { ...plain, subscriptionId: subscription.id };
  assert.equal(
    refusal(() => telemetry.push(client, push)),
    'UNKNOWN_SUBSCRIPTION_ID',
  );
  await time.advance(1);
  const renewed = telemetry.subscribe(client).subscription;
  assert.deepEqual(renewed.metrics, ['a.']);
  telemetry.push(client, { ...push, subscriptionId: renewed.id });
});

test('too much, what cannot be read, and ids that nobody has are refused', () => {
  const refusalOf = (metrics: Buffer) => {
    const { telemetry } = setUp();
    const { clientInstanceId, subscription } = telemetry.subscribe(me);
    const push = { ...plain, metrics, subscriptionId: subscription.id };
    return refusal(() => telemetry.push({ ...me, clientInstanceId }, push));
  };
  assert.equal(refusalOf(Buffer.alloc(1001)), 'TELEMETRY_TOO_LARGE');
  assert.equal(refusalOf(Buffer.alloc(10, 0xff)), 'INVALID_RECORD');
  const { telemetry } = setUp();
  assert.equal(
    refusal(() => telemetry.push(me, { ...plain, subscriptionId: 0 })),
    'INVALID_REQUEST',
  );
  assert.equal(
    refusal(() => telemetry.subscribe({ ...me, clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAQ' })),
    'INVALID_REQUEST',
  );
});

test('a client not heard of for long is forgotten', async () => {
  const { telemetry, time, sink } = setUp();
  const { clientInstanceId, subscription } = telemetry.subscribe(me);
  telemetry.push({ ...me, clientInstanceId }, { ...plain, subscriptionId: subscription.id });
  await time.advance(60_000);
  telemetry.subscribe(me);
  assert.deepEqual([...sink.all()], []);
});

test('what is kept is bounded: who was heard of least recently makes room', () => {
  const store = new ClientMetricsStore();
  const metrics = Array.from({ length: 2000 }, () => ({ name: 'rate', labels: {}, value: 1 }));
  for (let index = 0; index < 150; index++)
    store.pushed({ client: { ...me, clientInstanceId: `client ${index}` }, receivedMs: 0, metrics });
  const kept = [...store.all()].map(({ client }) => client.clientInstanceId);
  assert.equal(kept.length, 100);
  assert.equal(kept[0], 'client 50');
});
