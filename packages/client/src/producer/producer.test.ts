import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  batches,
  describeConfigsRequest,
  ErrorCode,
  type ProduceRequest,
  produceRequest,
  type Record,
} from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import type { KafkaError, PartialFailureError } from '../errors/kafka-error.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../network/testing-network.ts';
import { topic } from '../topic.ts';
import { Producer } from './producer.ts';
import { type FailedRecord, type ProducerOptions, resolveProducerOptions } from './producer-options.ts';

interface Sent {
  readonly atMs: number;
  readonly partition: number;
  readonly records: Record[];
}

interface Setup {
  readonly world: ClientWorld;
  readonly broker: ScriptedBroker;
  readonly producer: Producer;
  readonly sent: Sent[];
  /** Requests that wait for release(). */
  readonly held: (() => void)[];
  readonly values: () => string[];
  isHolding: boolean;
  errorCode: number;
}

/** One broker with the topic 't' of two partitions, that notes what comes. */
function setup(options: ProducerOptions = {}, topics = [{ name: 't', leaders: [1, 1] }]): Setup {
  const world = new ClientWorld(7);
  const broker = new ScriptedBroker(() => metadataOf(['one:9092'], topics));
  world.network.place('one:9092', broker);
  const settings = world.settings();
  const cluster = new Cluster(settings, world.ports);
  const sent: Sent[] = [];
  const held: (() => void)[] = [];
  const offsets = [0, 0];
  broker.serve(produceRequest.apiKey, [3, 12], async (given) => {
    const { topicData, acks } = given as ProduceRequest;
    if (result.isHolding) await new Promise<void>((resolve) => held.push(resolve));
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const [batch] = batches(records as Buffer);
        const kept = batch!.recordList();
        if (result.errorCode === 0)
          sent.push({ atMs: world.time.monotonicMs(), partition: index, records: kept });
        const baseOffset = offsets[index]!;
        if (result.errorCode === 0) offsets[index] = baseOffset + kept.length;
        const recordErrors =
          result.errorCode === ErrorCode.INVALID_RECORD
            ? [{ batchIndex: 1, batchIndexErrorMessage: 'no key' }]
            : [];
        return { index, errorCode: result.errorCode, baseOffset, recordErrors };
      }),
    }));
    return acks === 0 ? undefined : { responses, nodeEndpoints: [] };
  });
  const result: Setup = {
    ...{ world, broker, sent, held, isHolding: false, errorCode: 0 },
    producer: new Producer(cluster, resolveProducerOptions({ acks: 1, ...options }, settings)),
    values: () => sent.flatMap(({ records }) => records.map(({ value }) => String(value))),
  };
  return result;
}

async function closed({ world, producer }: Setup): Promise<void> {
  await world.until(producer.close());
  await world.time.advance(0);
  assert.equal(world.time.pendingCount, 0);
  assert.equal(world.network.connections.size, 0);
}

async function failure(promise: Promise<unknown>): Promise<KafkaError & PartialFailureError> {
  return await promise.then(
    () => assert.fail('it was to fail'),
    (error) => error,
  );
}

test('a record is sent at once while nothing is on its way; then others gather until the answer, lingerMs or a full batch', async () => {
  const all = setup({ lingerMs: 40, batchBytes: 1_000 });
  const { world, producer, sent, held } = all;
  const outcome = await world.until(
    producer.send('t', { key: 'k', value: 'v', partition: 0, timestampMs: 5 }),
  );
  assert.deepEqual(outcome, { topic: 't', partition: 0, offset: 0, timestampMs: 5 });
  assert.equal(sent[0]!.atMs, 0, 'without lingering');
  all.isHolding = true;
  const first = producer.send('t', { value: 'first', partition: 0 });
  await world.time.advance(0);
  assert.equal(held.length, 1);
  const second = producer.send('t', { value: 'second', partition: 0 });
  await world.time.advance(39);
  assert.equal(held.length, 1, 'it lingers');
  await world.time.advance(1);
  assert.equal(held.length, 2, 'for lingerMs');
  const full = producer.send(
    't',
    [0, 1, 2, 3].map(() => ({ value: 'x'.repeat(300), partition: 0 })),
  );
  await world.time.advance(0);
  assert.equal(held.length, 3, 'and a full batch not at all');
  all.isHolding = false;
  for (const release of held) release();
  assert.deepEqual(
    (await world.until(Promise.all([first, second]))).map(({ offset }) => offset),
    [1, 2],
  );
  assert.deepEqual(
    (await world.until(full)).map(({ offset }) => offset),
    [3, 4, 5, 6],
  );
  await closed(all);
});

test('without idempotence too, nothing overtakes the first batch of a partition', async () => {
  const all = setup({ lingerMs: 0, batchBytes: 1 });
  const { world, producer, held, values } = all;
  await world.until(producer.send('t', { value: 'elsewhere', partition: 1 }));
  all.isHolding = true;
  const sent = ['first', 'second', 'third'].map((value) => producer.send('t', { value, partition: 0 }));
  await world.time.advance(1);
  assert.equal(held.length, 1);
  all.isHolding = false;
  all.errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  held[0]!();
  await world.time.advance(0);
  all.errorCode = 0;
  await world.until(Promise.all(sent));
  assert.deepEqual(values(), ['elsewhere', 'first', 'second', 'third']);
  await closed(all);
});

test('a batch of 64 KiB leaves when its broker takes a request, and grows while it does not', async () => {
  const all = setup({ lingerMs: 10_000, maxInFlight: 2 });
  const { world, producer, sent, held } = all;
  await world.until(producer.send('t', { value: 'v', partition: 0 }));
  all.isHolding = true;
  const kilobytes = (count: number) =>
    producer.send(
      't',
      Array.from({ length: count }, () => ({ value: Buffer.alloc(1_000), partition: 0 })),
    );
  const outcomes = [kilobytes(1)];
  await world.time.advance(0);
  for (const count of [40, 40]) {
    assert.equal(held.length, 1, 'the first alone, and what is not worth a request');
    outcomes.push(kilobytes(count));
    await world.time.advance(0);
  }
  assert.equal(held.length, 2);
  for (const count of [80, 80, 80]) {
    outcomes.push(kilobytes(count));
    await world.time.advance(0);
  }
  all.isHolding = false;
  for (const release of held) release();
  await world.until(Promise.all(outcomes));
  assert.deepEqual(
    sent.map(({ records }) => records.length),
    [1, 1, 80, 240],
  );
  await closed(all);
});

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
  assert.match(noPartition.message, /The topic has the partitions 0 to 1/);
  await closed(all);
});

test('send waits in turn for room in a full buffer, and the wait ends by the signal; post says false, and ready when there is room', async () => {
  const all = setup({ bufferBytes: 100_000, batchBytes: 10_000 });
  const { world, producer, held } = all;
  await world.until(producer.send('t', { value: 'warm' }));
  all.isHolding = true;
  const send = (name: string, signal?: AbortSignal) => {
    const outcome = producer.send('t', { value: name.padEnd(9_000), partition: 0 }, { signal });
    outcome.catch(() => {});
    return outcome;
  };
  const order: string[] = [];
  const first = Array.from({ length: 14 }, (_, index) => send(`${index}`).then(() => order.push(`${index}`)));
  const stop = new AbortController();
  const aborted = send('aborted', stop.signal);
  const last = send('last').then(() => order.push('last'));
  await world.time.advance(0);
  const reason = new Error('enough');
  stop.abort(reason);
  assert.equal(await failure(aborted), reason);
  assert.equal(producer.post('t', { value: 'posted', partition: 0 }), false);
  let isReady = false;
  const ready = producer.ready().then(() => {
    isReady = true;
  });
  await world.time.advance(1_000);
  assert.equal(isReady, false);
  all.isHolding = false;
  for (const release of held) release();
  await world.until(Promise.all([...first, last, ready]));
  assert.deepEqual(order, [...first.map((_, index) => `${index}`), 'last']);
  await closed(all);
});

test('a full buffer that does not empty is told when deliveryTimeoutMs is over, and so are the records in it', async () => {
  const all = setup({ bufferBytes: 5_000, deliveryTimeoutMs: 3_000 });
  all.isHolding = true;
  const inside = failure(all.producer.send('t', { value: 'x'.repeat(6_000) }));
  await all.world.time.advance(0);
  const outside = failure(all.producer.send('t', { value: 'y' }));
  const [delivered, refused] = await all.world.until(Promise.all([inside, outside]));
  assert.equal(all.world.time.monotonicMs(), 3_000);
  assert.match(
    delivered.message,
    /t, partition \d: 1 records were not acknowledged within the 3000 ms of deliveryTimeoutMs; they were sent once/,
  );
  assert.match(refused.message, /no room in the buffer for 3000 ms: 5000 bytes wait/);
  await all.world.until(all.producer.close({ timeoutMs: 10 }));
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

test('a batch that is too large is cut until it fits, and later ones are smaller; of a single record it is told which limit it breaks', async () => {
  const all = setup({ batchBytes: 50_000 });
  const { broker, world, producer } = all;
  const accepted: number[] = [];
  let refusals = 0;
  const serve = broker.answers.get(produceRequest.apiKey)!;
  broker.answers.set(produceRequest.apiKey, (request, version, connection) => {
    const { topicData } = request as ProduceRequest;
    const bytes = topicData[0]!.partitionData[0]!.records as Buffer;
    all.errorCode = bytes.length > 3_000 ? ErrorCode.MESSAGE_TOO_LARGE : 0;
    if (all.errorCode === 0) accepted.push(bytes.length);
    else refusals++;
    return serve(request, version, connection);
  });
  broker.serve(describeConfigsRequest.apiKey, [1, 4], () => ({
    results: [
      {
        ...{ errorCode: 0, errorMessage: null, resourceType: 2, resourceName: 't' },
        configs: [
          {
            name: 'max.message.bytes',
            value: '3000',
            readOnly: false,
            configSource: 1,
            isSensitive: false,
            synonyms: [],
            documentation: null,
          },
        ],
      },
    ],
  }));
  const values = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(300));
  const sent = await world.until(
    producer.send(
      't',
      values.map((value) => ({ value, partition: 0 })),
    ),
  );
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    values.map((_, index) => index),
  );
  assert.deepEqual(all.values(), values);
  const before = refusals;
  await world.until(
    producer.send(
      't',
      values.map((value) => ({ value, partition: 0 })),
    ),
  );
  assert.ok(refusals - before <= 2, `${refusals - before} more refusals`);
  const error = await world.until(failure(producer.send('t', { value: 'x'.repeat(9_000) })));
  assert.equal(error.code, 'MESSAGE_TOO_LARGE');
  assert.match(
    error.message,
    /a batch of 9\d{3} bytes, and the topic's max\.message\.bytes is 3000\. Set max\.message\.bytes of the topic to 9\d{3} or more/,
  );
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
    /orders: No broker knows the topic after 2000 ms, .*auto\.create\.topics\.enable is false.* create it with admin/,
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
  assert.match(error.message, /allow the operation Write on the topic t/);
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
