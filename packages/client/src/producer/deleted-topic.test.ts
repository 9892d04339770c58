// A topic that is deleted while a producer writes to it, or does not any more. One against a real broker: ours, or any by
// MOLDAU_TEST_BROKERS.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type MetadataRequest, metadataRequest } from '@moldau/protocol';
import { TestKafka } from '@moldau/testing';
import { Kafka } from '../mod.ts';
import { closed, setup } from './testing-producer.ts';

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

/** Notes whether the last request for metadata lets brokers make topics. */
function watched(...given: Parameters<typeof setup>) {
  const all = setup(...given);
  const { broker } = all;
  const answer = broker.answers.get(metadataRequest.apiKey)!;
  const seen = { mayMake: undefined as boolean | undefined };
  broker.serve(metadataRequest.apiKey, [0, 13], (request: MetadataRequest, ...rest) => {
    seen.mayMake = request.allowAutoTopicCreation;
    return answer(request as never, ...rest);
  });
  return { ...all, all, seen };
}

it('leaves a topic deleted that it has not written to for five minutes', async () => {
  const { all, world, producer, seen } = watched();
  const send = () => world.until(producer.send('t', { value: 'v' }));
  await send();
  for (const isWrittenTo of [true, false, true]) {
    await world.time.advance(world.settings().metadataMaxAgeMs / 2);
    if (isWrittenTo) await send();
    seen.mayMake = undefined;
    await world.time.advance(world.settings().metadataMaxAgeMs / 2);
    assert.equal(seen.mayMake, isWrittenTo);
  }
  await closed(all);
});

it('leaves a topic deleted when it may not make topics', async () => {
  const { all, world, producer, seen } = watched({ allowTopicCreation: false });
  const { metadataMaxAgeMs } = world.settings();
  const send = () => world.until(producer.send('t', { value: 'v' }));
  await send();
  await world.time.advance(metadataMaxAgeMs / 2);
  await send();
  seen.mayMake = undefined;
  await world.time.advance(metadataMaxAgeMs / 2);
  assert.equal(seen.mayMake, false);
  await closed(all);
});

it('goes on making a topic anew for records that have waited for more than five minutes', async () => {
  const topics = [{ name: 't', leaders: [-1] }];
  const { world, producer, seen } = watched({ deliveryTimeoutMs: 3_600_000 }, topics);
  producer.post('t', { value: 'v' });
  await world.time.advance(6 * 60_000);
  seen.mayMake = undefined;
  await world.time.advance(60_000);
  assert.equal(seen.mayMake, true);
  await world.until(producer.close({ timeoutMs: 10 }).catch(() => {}));
});
