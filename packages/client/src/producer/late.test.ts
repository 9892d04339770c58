// What is said of records whose time is over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closed, failure, setup } from './testing-producer.ts';

test('records that came when their broker was away are told why it was not reached, wherever they stood', async () => {
  const all = setup({ lingerMs: 0, batchBytes: 1, deliveryTimeoutMs: 2_000 });
  const { world, producer } = all;
  await world.until(producer.send('t', { value: 'warm', partition: 0 }));
  world.network.remove('one:9092');
  const outcomes = ['first', 'second'].map((value) => failure(producer.send('t', { value, partition: 0 })));
  await world.time.advance(1_950);
  outcomes.push(failure(producer.send('t', { value: 'third', partition: 0 })));
  for (const { message } of await world.until(Promise.all(outcomes)))
    assert.match(
      message,
      /At last: one:9092: nothing listens there \(connection refused\): start the broker/,
    );
  await closed(all);
});

test('records for a broker that says nothing are told its address', async () => {
  const all = setup({ deliveryTimeoutMs: 500 }, [{ name: 't', leaders: [1, 2] }]);
  const { message } = await all.world.until(failure(all.producer.send('t', { value: 'v', partition: 1 })));
  assert.match(message, /they could not be sent\. At last: silent:9092: there was no connection in time\./);
  await closed(all);
});
