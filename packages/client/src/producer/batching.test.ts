import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeConfigsRequest, ErrorCode, type ProduceRequest, produceRequest } from '@moldau/protocol';
import { closed, failure, setup } from './testing-producer.ts';

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

test('ready resolves when what was posted has failed: nobody knew its topic, or it is found out which limit it breaks', async () => {
  const all = setup({ bufferBytes: 64_000, unknownTopicTimeoutMs: 2_000 });
  const { world, broker, producer } = all;
  const explain = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  broker.serve(describeConfigsRequest.apiKey, [1, 4], () => {
    asked.resolve();
    return explain.promise;
  });
  while (producer.post('unknown', { value: 'x'.repeat(500) }));
  await world.until(producer.ready(), 3_000);
  all.errorCode = ErrorCode.MESSAGE_TOO_LARGE;
  producer.post('t', { value: 'x'.repeat(5_000) });
  await asked.promise;
  const ready = producer.ready();
  await world.time.advance(10);
  explain.resolve({ results: [] });
  await world.until(ready, 1_000);
  const flushed = await world.until(failure(producer.flush()));
  assert.match(flushed.message, /posted records failed/);
  await closed(all);
});

test('nothing lingers while somebody waits in ready for posted records to leave', async () => {
  const all = setup({ lingerMs: 10_000, bufferBytes: 320_000 });
  const { world, producer, held } = all;
  for (const partition of [0, 1]) await world.until(producer.send('t', { value: 'warm', partition }));
  all.isHolding = true;
  producer.post('t', { value: 'v', partition: 0 });
  await world.time.advance(0);
  assert.equal(held.length, 1);
  while (producer.post('t', { value: 'x'.repeat(1_000), partition: 1 }));
  const ready = producer.ready();
  await world.time.advance(0);
  assert.equal(held.length, 2);
  await ready;
  all.isHolding = false;
  for (const release of held) release();
  await closed(all);
});

for (const [what, leaderId] of [
  ['has no leader', -1],
  ['waits for its broker', 2],
] as const) {
  test(`a partition that ${what} holds up the posting to others only when the buffer is full`, async () => {
    const topics = [{ name: 't', leaders: [1, leaderId] }];
    const all = setup({ bufferBytes: 640_000, deliveryTimeoutMs: 60_000 }, topics);
    const { world, producer, values } = all;
    await world.until(producer.send('t', { value: 'warm', partition: 0 }));
    const post = async (value: string, partition: number) => {
      if (!producer.post('t', { value, partition })) await world.until(producer.ready(), 1_000);
    };
    for (let count = 0; count < 500; count++) await post('x'.repeat(1_000), 1);
    await post('posted', 0);
    await world.time.advance(10);
    assert.deepEqual(values(), ['warm', 'posted']);
    await assert.rejects(async () => {
      for (let count = 0; count < 500; count++) await post('x'.repeat(1_000), 1);
    }, /not settled/);
    await world.until(producer.close({ timeoutMs: 10 }).catch(() => {}));
  });
}
