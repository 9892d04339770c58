// A topic that is deleted while a producer writes to it, against a real broker: ours, or any by MOLDAU_TEST_BROKERS.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TestKafka } from '@moldau/testing';
import { Kafka } from '../mod.ts';

it('makes a topic anew that was deleted meanwhile, where brokers make topics by themselves', async () => {
  const given = process.env.MOLDAU_TEST_BROKERS;
  await using broker = given === undefined ? await TestKafka.start({ transport: 'memory' }) : undefined;
  await using kafka =
    broker?.client({ retryBackoffMs: 10 }) ?? new Kafka({ brokers: given!, retryBackoffMs: 10 });
  const topic = `again-${process.pid}`;
  const producer = kafka.producer({ deliveryTimeoutMs: 10_000 });
  await producer.send(topic, { value: 'first' });
  await producer.send(topic, { value: 'second' });
  await kafka.admin().topics.delete([topic]);
  const sent = await producer.send(topic, { value: 'third' });
  assert.equal(sent.offset, 0);
  assert.equal((await producer.send(topic, { value: 'fourth', partition: sent.partition })).offset, 1);
  await kafka.admin().topics.delete([topic]);
});

it('leaves a topic deleted when it may not make topics', async () => {
  await using broker = await TestKafka.start({ transport: 'memory', topics: ['gone'] });
  await using kafka = broker.client({ retryBackoffMs: 10 });
  const producer = kafka.producer({ deliveryTimeoutMs: 300, allowTopicCreation: false });
  await producer.send('gone', { value: 'first' });
  await kafka.admin().topics.delete(['gone']);
  await assert.rejects(producer.send('gone', { value: 'second' }), { code: 'TIMED_OUT', topic: 'gone' });
  assert.deepEqual(await kafka.admin().topics.list(), []);
});
