// A test of a program that uses Kafka.

// #region test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestKafka } from '@moldau/testing';

test('an order is sent once, though its acknowledgement is lost', async () => {
  await using kafka = await TestKafka.start({ topics: ['orders'], transport: 'memory' });
  const producer = kafka.client().producer();
  const lost = kafka.faults.drop({ api: 'Produce', when: 'after' });

  const { offset } = await producer.send('orders', { key: 'ada', value: 'a book' });

  await lost.met;
  assert.equal(offset, 0);
});
// #endregion
