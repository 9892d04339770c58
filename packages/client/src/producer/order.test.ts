// When the next batch of a partition has to wait for those before it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, initProducerIdRequest } from '@moldau/protocol';
import { closed, failure, setup } from './testing-producer.ts';

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
