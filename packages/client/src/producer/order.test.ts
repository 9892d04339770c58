// When the next batch of a partition has to wait for those before it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, initProducerIdRequest } from '@moldau/protocol';
import { closed, failure, type Setup, setup } from './testing-producer.ts';

const LAST_EPOCH = 0x7fff;

test('a new epoch begins when nothing of the partition is under way, also when the batch that needs it is given up', async () => {
  const all = setup({ acks: 'all', lingerMs: 0, deliveryTimeoutMs: 150 });
  const { world, producer, held, sent } = all;
  await world.until(producer.send('t', { value: 'warm', partition: 0 }));
  all.isHolding = true;
  const first = failure(producer.send('t', { value: 'first', partition: 0 }));
  await world.time.advance(100);
  const second = producer.send('t', { value: 'second', partition: 0 });
  await world.time.advance(60);
  assert.equal((await first).code, 'TIMED_OUT');
  all.errorCode = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
  held[0]!();
  await world.time.advance(0);
  all.errorCode = 0;
  const third = producer.send('t', { value: 'third', partition: 0 });
  await world.time.advance(20);
  assert.equal(held.length, 2, 'the third waits for the second');
  all.isHolding = false;
  held[1]!();
  await world.until(Promise.all([second, third]));
  assert.deepEqual(
    sent.map(({ producerEpoch, baseSequence }) => [producerEpoch, baseSequence]),
    [
      [0, 0],
      [0, 2],
      [1, 0],
    ],
  );
  await closed(all);
});

test('a producer that got another id sends the second batch when the first under it is acknowledged', async () => {
  const all = setup({ acks: 'all', lingerMs: 0 });
  const { world, broker, producer, held } = all;
  let producerId = 100;
  broker.serve(initProducerIdRequest.apiKey, [0, 4], () => ({
    ...{ throttleTimeMs: 0, errorCode: 0, producerId: producerId++, producerEpoch: LAST_EPOCH },
  }));
  await world.until(producer.send('t', { value: 'warm', partition: 0 }));
  all.errorCode = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
  const first = producer.send('t', { value: 'first', partition: 0 });
  await world.time.advance(0);
  all.errorCode = 0;
  all.isHolding = true;
  await world.time.advance(500);
  assert.equal(producerId, 102);
  assert.equal(held.length, 1);
  const second = producer.send('t', { value: 'second', partition: 0 });
  await world.time.advance(10);
  assert.equal(held.length, 1, 'the broker does not know this producer yet, and would take the second first');
  all.isHolding = false;
  held[0]!();
  await world.until(Promise.all([first, second]));
  assert.deepEqual(all.values(), ['warm', 'first', 'second']);
  await closed(all);
});

test('who waits for records of one batch hears of them in their order, though the first had to wait for its topic', async () => {
  const topics: { name: string; leaders: number[] }[] = [];
  const all = setup({}, topics);
  const { world } = all;
  const isHeard = waiting(all);
  const first = isHeard('a');
  await world.time.advance(20);
  // It is known now, and nobody leads it yet.
  topics.push({ name: 't', leaders: [-1] });
  await world.time.advance(1_000);
  const second = isHeard('b');
  topics[0] = { name: 't', leaders: [1] };
  assert.deepEqual(await world.until(Promise.all([first, second])), [1, 2]);
  assert.deepEqual(batchesOf(all), ['ab']);
  await closed(all);
});

test('who waits for records of one batch hears of them in their order, though some had to wait for room', async () => {
  // Nobody leads the one for now, so what is sent to it gathers.
  const topics = [
    { name: 't', leaders: [-1] },
    { name: 'large', leaders: [1] },
  ];
  const all = setup({ bufferBytes: 10_000 }, topics);
  const { world, producer, held } = all;
  const isHeard = waiting(all);
  const first = isHeard('a');
  await world.time.advance(20);
  all.isHolding = true;
  const large = producer.send('large', { value: 'x'.repeat(20_000), partition: 0 });
  const second = isHeard('b');
  await world.time.advance(20);
  all.isHolding = false;
  held[0]!();
  await world.until(large);
  const third = isHeard('c');
  topics[0] = { name: 't', leaders: [1] };
  assert.deepEqual(await world.until(Promise.all([first, second, third])), [1, 2, 3]);
  assert.deepEqual(batchesOf(all), ['x', 'abc']);
  await closed(all);
});

/** Sends a value, and resolves with which of all it is that is heard of. */
function waiting({ producer }: Setup): (value: string) => Promise<number> {
  let heard = 0;
  return async (value) => {
    await producer.send('t', { value, partition: 0 });
    return ++heard;
  };
}

/** Of each, the first letters of its values. */
function batchesOf({ sent }: Setup): string[] {
  return sent.map(({ records }) => records.map(({ value }) => String(value)[0]).join(''));
}
