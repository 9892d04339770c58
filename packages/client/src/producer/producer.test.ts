import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, produceRequest } from '@moldau/protocol';
import type { KafkaError } from '../errors/kafka-error.ts';
import { topic } from '../topic.ts';
import type { FailedRecord } from './producer-options.ts';
import { closed, failure, type Setup, setup } from './testing-producer.ts';

test('declared topics serialize; what cannot be written is refused before it is sent', async () => {
  const all = setup();
  const numbers = topic<string, number>('t', {
    value: {
      name: 'number',
      serialize: (value) => {
        if (typeof value !== 'number') throw new Error('no number');
        return String(value);
      },
      deserialize: Number,
    },
  });
  await all.world.until(all.producer.send(numbers, { key: 'a', value: 7, headers: { trace: ['1', '2'] } }));
  assert.deepEqual(all.values(), ['7']);
  assert.deepEqual(
    all.sent[0]!.records[0]!.headers.map(({ key, value }) => `${key}=${value}`),
    ['trace=1', 'trace=2'],
  );
  const wrong = await failure(all.producer.send(numbers, { value: 'x' as unknown as number }));
  assert.equal(wrong.code, 'SERIALIZATION_FAILED');
  assert.match(wrong.message, /value of a record for t cannot be written as number: no number/);
  assert.throws(
    () => all.producer.post('t', { value: { a: 1 } as unknown as string }),
    /an object: .*topic\(\)/,
  );
  const noPartition = await failure(all.producer.send('t', { value: 'v', partition: 9 }));
  assert.match(noPartition.message, /The topic has the partitions 0 to 1\.$/);
  await closed(all);
});

test('posted records that fail are told to onPostFailed, each as it was to be sent, and by the next flush once', async () => {
  const told: [string, FailedRecord][] = [];
  const all = setup({ onPostFailed: (error, record) => told.push([error.code, record]) });
  all.errorCode = ErrorCode.INVALID_RECORD;
  const post = (value: string) =>
    all.producer.post('t', { key: 'k', value, partition: 1, timestampMs: 3, headers: { h: 'x' } });
  post('a');
  const awaited = failure(all.producer.send('t', { value: 'b', partition: 1 }));
  post('c');
  const flushed = await all.world.until(failure(all.producer.flush()));
  assert.match(flushed.message, /^2 posted records failed\. The first: /);
  assert.match((await awaited).message, /no key/);
  assert.deepEqual(
    told.map(([code, { value }]) => [code, String(value)]),
    [
      ['INVALID_RECORD', 'a'],
      ['INVALID_RECORD', 'c'],
    ],
  );
  const { partition, key, headers, timestampMs } = told[0]![1];
  assert.deepEqual(
    [partition, String(key), timestampMs, headers.map(({ value }) => String(value))],
    [1, 'k', 3, ['x']],
  );
  await all.world.until(all.producer.flush());
  await closed(all);
});

test('several records of which some fail are told together, with the outcome of each', async () => {
  const all = setup({ maxRequestBytes: 2_000 });
  const error = await all.world.until(
    failure(all.producer.send('t', [{ value: 'a' }, { value: 'x'.repeat(3_000) }, { value: 'b' }])),
  );
  assert.equal(error.code, 'PARTIAL_FAILURE');
  assert.match(
    error.errors[0]!.message,
    /the record has \d+ bytes, and maxRequestBytes of the producer allows 2000: raise it there/,
  );
  assert.deepEqual(all.values(), ['a', 'b']);
  await closed(all);
});

test('a topic that nobody knows is waited for, and then told with what to do; one that appears is used', async () => {
  const topics: { name: string; leaders: number[] }[] = [];
  const all = setup({ unknownTopicTimeoutMs: 2_000 }, topics);
  const { world, producer } = all;
  const posted: string[] = [];
  for (const value of ['a', 'b']) posted.push(value) && producer.post('t', { value, partition: 0 });
  const last = producer.send('t', { value: 'c', partition: 0 });
  await world.time.advance(500);
  topics.push({ name: 't', leaders: [1] });
  assert.equal((await world.until(last)).offset, 2);
  assert.deepEqual(all.values(), ['a', 'b', 'c'], 'in their order');
  const startMs = world.time.monotonicMs();
  const error = await world.until(failure(producer.send('orders', { value: 'v' })));
  assert.ok(world.time.monotonicMs() - startMs < 4_000);
  assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.match(
    error.message,
    /orders: No broker knows the topic after 2000 ms, .*auto\.create\.topics\.enable is false.* create it with admin\.topics\.create\(\)\.$/,
  );
  await closed(all);
});

test('records that wait for room behind others that wait for their topic follow them, and one that failed may be posted again', async () => {
  const topics: { name: string; leaders: number[] }[] = [];
  let reposts = 0;
  const all: Setup = setup(
    {
      ...{ bufferBytes: 1_000, batchBytes: 300, unknownTopicTimeoutMs: 2_000 },
      onPostFailed: ({ code }, record) => {
        assert.equal(code, 'UNKNOWN_TOPIC_OR_PARTITION');
        if (reposts++ < 2) all.producer.post(record.topic, { value: record.value });
      },
    },
    topics,
  );
  const { world, producer } = all;
  const values = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(100));
  const sent = values.map((value) => producer.send('t', { value, partition: 0 }));
  await world.time.advance(500);
  topics.push({ name: 't', leaders: [1] });
  for (let passedMs = 0; passedMs < 1_000 && all.values().length < 30; passedMs++)
    await world.time.advance(1);
  const outcomes = await world.until(Promise.all(sent));
  assert.deepEqual(
    outcomes.map(({ offset }) => offset),
    values.map((_, index) => index),
  );
  assert.deepEqual(all.values(), values);
  producer.post('unknown', { value: 'v' });
  await world.until(failure(producer.flush()));
  await world.until(failure(producer.close()));
  assert.ok(reposts >= 2, `${reposts}`);
  assert.equal(world.time.pendingCount, 0);
});

test('acks 0: a record counts when it is handed over, and has no offset', async () => {
  const all = setup({ acks: 0 });
  const sent = await all.world.until(all.producer.send('t', { value: 'v', partition: 0, timestampMs: 9 }));
  assert.deepEqual(sent, { topic: 't', partition: 0, offset: undefined, timestampMs: 9 });
  await all.world.time.advance(1);
  assert.deepEqual(all.values(), ['v']);
  await closed(all);
});

test('close sends what there is, refuses more, and after its time rejects what is left', async () => {
  const all = setup();
  const { world, producer } = all;
  const sent = producer.send('t', { value: 'v' });
  await world.until(producer.close());
  assert.equal((await sent).offset, 0);
  assert.equal((await failure(producer.send('t', { value: 'late' }))).code, 'CLOSED');
  assert.throws(() => producer.post('t', { value: 'late' }), /closed/);
  assert.equal((await failure(producer.ready())).code, 'CLOSED');

  const stuck = setup();
  stuck.isHolding = true;
  const left = failure(stuck.producer.send('t', { value: 'v' }));
  const unknown = failure(stuck.producer.send('unknown', { value: 'v' }));
  await stuck.world.until(stuck.producer.close({ timeoutMs: 500 }));
  assert.equal(stuck.world.time.monotonicMs(), 500);
  assert.deepEqual([(await left).code, (await unknown).code], ['CLOSED', 'CLOSED']);
  await closed(stuck);
});

test('what the user may not do is told with the operation and the resource', async () => {
  const all = setup();
  all.errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const error = await all.world.until(failure(all.producer.send('t', { value: 'v' })));
  assert.deepEqual([error.code, error.topic, error.retriable], ['TOPIC_AUTHORIZATION_FAILED', 't', false]);
  assert.match(error.message, /It takes Write on the topic t\.$/);
  await closed(all);
});

test('the signal of the options closes the producer when what it has was sent', async () => {
  const stop = new AbortController();
  const all = setup({ signal: stop.signal });
  const sent = all.producer.send('t', { value: 'v' });
  stop.abort();
  assert.equal((await all.world.until(sent)).offset, 0);
  await closed(all);
});

test('says so when a broker leaves a partition out of its answer', async () => {
  const { world, broker, producer } = setup();
  broker.serve(produceRequest.apiKey, [3, 12], () => ({ responses: [] }));
  await assert.rejects(world.until(producer.send('t', { value: 'v', partition: 0 })), (error: KafkaError) => {
    assert.equal(error.code, 'UNKNOWN_SERVER_ERROR');
    assert.match(error.message, /says nothing of this partition/);
    return true;
  });
  await world.until(producer.close());
});
