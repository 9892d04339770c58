// Spans and their context in headers, with an API that keeps spans for the test to see; against a broker in this process, or the one at
// MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { Kafka } from '../kafka.ts';
import { type OpenTelemetryApi, type TracedRecord, Tracing } from './tracing.ts';

const elsewhere = process.env.MOLDAU_TEST_BROKERS;

interface TestSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly id: string;
  readonly parent: string | undefined;
  readonly links: unknown[];
  readonly attributes: Record<string, unknown>;
  status: number;
  isEnded: boolean;
}

interface TestContext {
  readonly span: string | undefined;
}

/** As @opentelemetry/api, with one tracer and W3C's propagator. */
function testApi() {
  const spans: TestSpan[] = [];
  const active = new AsyncLocalStorage<TestContext>();
  const ROOT_CONTEXT: TestContext = { span: undefined };
  const api = {
    ROOT_CONTEXT,
    trace: {
      getTracer: () => ({
        startSpan(name: string, options: Partial<TestSpan> = {}, context?: TestContext) {
          const { kind, attributes = {}, links = [] } = options;
          const parent = (context ?? api.context.active()).span;
          const id = String(spans.length + 1).padStart(16, '0');
          const span: TestSpan = {
            ...{ name, kind, id, parent, links, attributes: { ...attributes }, status: 0, isEnded: false },
          };
          spans.push(span);
          return {
            id,
            setAttribute(key: string, value: unknown) {
              span.attributes[key] = value;
            },
            setStatus({ code }: { code: number }) {
              span.status = code;
            },
            recordException() {},
            end() {
              assert.ok(!span.isEnded, 'ended twice');
              span.isEnded = true;
            },
          };
        },
      }),
      setSpan: (_: TestContext, { id }: { id: string }) => ({ span: id }),
      getSpanContext: ({ span }: TestContext) => (span === undefined ? undefined : { spanId: span }),
    },
    context: {
      active: (): TestContext => active.getStore() ?? ROOT_CONTEXT,
      with: <Result>(context: TestContext, run: () => Result): Result => active.run(context, run),
    },
    propagation: {
      inject<Carrier>(
        { span }: TestContext,
        carrier: Carrier,
        setter: { set(carrier: Carrier, key: string, value: string): void },
      ) {
        setter.set(carrier, 'traceparent', `00-${'a'.repeat(32)}-${span}-01`);
      },
      extract<Carrier>(
        context: TestContext,
        carrier: Carrier,
        getter: { keys(carrier: Carrier): string[]; get(carrier: Carrier, key: string): string | undefined },
      ): TestContext {
        const span = getter.get(carrier, 'traceparent')?.split('-')[2];
        return span === undefined ? context : { span };
      },
    },
  };
  return { api: api as unknown as OpenTelemetryApi, spans, active };
}

describe('tracing', () => {
  let broker: TestBroker | undefined;
  let brokers: string;

  before(async () => {
    if (elsewhere === undefined) broker = await startTestBroker();
    brokers = elsewhere ?? `127.0.0.1:${broker!.port}`;
  });

  after(() => broker?.stop());

  it('follows a record from the span that sends it to the one that processes it', async () => {
    const { api, spans, active } = testApi();
    await using kafka = new Kafka({ brokers, clientId: 'traced', telemetry: { api } });
    const topic = `traced-${randomUUID()}`;
    const groupId = `traced-${randomUUID()}`;
    await kafka.admin().topics.create({ name: topic, partitions: 1 });
    await using producer = kafka.producer();
    await active.run({ span: '00000000000000ff' }, () =>
      producer.send(topic, { key: 'k1', value: 'one', headers: { mine: 'kept', traceparent: 'old' } }),
    );
    producer.post(topic, {
      value: null,
      headers: [
        ['traceparent', 'old'],
        ['mine', 'kept'],
      ],
    });
    await producer.flush();

    const stop = new AbortController();
    const handled: (string | undefined)[] = [];
    const consumer = kafka.consumer({ groupId, autoOffsetReset: 'earliest' });
    await consumer.subscribe(topic).run({
      signal: stop.signal,
      handler: async (record) => {
        assert.equal(record.headers.text('mine'), 'kept');
        assert.equal(record.headers.getAll('traceparent').length, 1);
        await Promise.resolve();
        handled.push(active.getStore()?.span);
        if (handled.length === 2) stop.abort();
      },
    });
    await consumer.close();

    const [sent, posted] = spans.filter(({ name }) => name === `send ${topic}`);
    const [first, second] = spans.filter(({ name }) => name === `process ${topic}`);
    assert.ok(spans.every(({ isEnded }) => isEnded));
    assert.equal(sent!.parent, '00000000000000ff');
    assert.deepEqual([first!.parent, second!.parent], [sent!.id, posted!.id]);
    assert.deepEqual(handled, [first!.id, second!.id]);
    assert.deepEqual([sent!.kind, first!.kind], [3, 4]);
    const shared = {
      'messaging.system': 'kafka',
      'messaging.client.id': 'traced',
      'messaging.destination.name': topic,
    };
    const place = { 'messaging.destination.partition.id': '0', 'messaging.kafka.offset': 0 };
    assert.deepEqual(sent!.attributes, {
      ...{ ...shared, 'messaging.operation.name': 'send', 'messaging.operation.type': 'send' },
      ...{ ...place, 'messaging.kafka.message.key': 'k1' },
    });
    assert.deepEqual(first!.attributes, {
      ...{ ...shared, 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' },
      ...{ ...place, 'messaging.kafka.message.key': 'k1', 'messaging.consumer.group.name': groupId },
    });
    assert.equal(posted!.attributes['messaging.kafka.message.tombstone'], true);
  });

  it('links batches to what sent their records', async () => {
    const { api, spans } = testApi();
    await using kafka = new Kafka({ brokers, telemetry: { api } });
    const topic = `traced-${randomUUID()}`;
    await kafka.admin().topics.create({ name: topic, partitions: 1 });
    await using producer = kafka.producer();
    await producer.send(topic, [{ value: 'one' }, { value: 'two' }]);
    producer.postLines(topic, Buffer.from('three\nfour\n'));
    await producer.flush();
    await using consumer = kafka.consumer({ groupId: topic, autoOffsetReset: 'earliest' });
    consumer.subscribe(topic);
    let count = 0;
    for await (const batch of consumer.batches()) {
      count += batch.length;
      if (count === 4) break;
    }
    const sent = spans
      .filter(({ name }) => name === `send ${topic}`)
      .map(({ id }) => ({ context: { spanId: id } }));
    assert.equal(sent.length, 4);
    const polled = spans.filter(({ name }) => name === `poll ${topic}`);
    assert.deepEqual(
      polled.flatMap(({ links }) => links),
      sent,
    );
    assert.equal(polled[0]!.kind, 2);
    assert.ok(polled.every(({ isEnded }) => isEnded));
  });

  it('marks spans of what failed, however it failed', async () => {
    const { api, spans } = testApi();
    const tracing = new Tracing(api, { clientId: 'c', version: '1' });
    const error = Object.assign(new Error('no'), { code: 'MESSAGE_TOO_LARGE' });
    const record: TracedRecord = {
      ...{ topic: 't', partition: 0, offset: 1, keyBytes: Buffer.from([0xff]), valueBytes: Buffer.alloc(1) },
      headers: { entries: [], text: () => undefined },
    };
    const throws = (): never => {
      throw error;
    };
    await assert.rejects(
      tracing.send('t', { value: 'v' }, () => Promise.reject(error)),
      error,
    );
    assert.throws(() => tracing.send('t', { value: 'v' }, throws), error);
    await assert.rejects(
      tracing.process(record, undefined, () => Promise.reject(error)),
      error,
    );
    assert.throws(() => tracing.process(record, undefined, throws), error);
    assert.equal(
      tracing.process(record, undefined, () => 5),
      5,
    );
    assert.deepEqual(
      spans.map(({ status, isEnded, attributes }) => [status, isEnded, attributes['error.type']]),
      [...Array.from({ length: 4 }, () => [2, true, 'MESSAGE_TOO_LARGE']), [0, true, undefined]],
    );
    assert.equal(spans[2]!.attributes['messaging.kafka.message.key'], undefined);
  });
});
