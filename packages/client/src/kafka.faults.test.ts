// All of the client together under the commonest faults, in memory. The thorough ones are in test/clients.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { TestKafka } from '@moldau/testing';

const QUICK = { retryBackoffMs: 1, retryBackoffMaxMs: 5, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 5 };

let kafka: TestKafka;

before(async () => {
  const topics = ['lost', 'moves', 'group'];
  kafka = await TestKafka.start({ transport: 'memory', brokers: 2, topics });
});
after(() => kafka.stop());

it('writes a record once whose acknowledgement is lost', async () => {
  await using client = kafka.client(QUICK);
  const producer = client.producer();
  const offsets: (number | undefined)[] = [];
  for (const when of ['before', 'after', 'after'] as const) {
    kafka.faults.drop({ api: 'Produce', topic: 'lost', when });
    offsets.push((await producer.send('lost', { value: when })).offset);
  }
  assert.deepEqual(offsets, [0, 1, 2]);
});

it('writes and reads in order while the leader moves', async () => {
  await using client = kafka.client(QUICK);
  const producer = client.producer({ lingerMs: 0 });
  const consumer = client.consumer({ autoOffsetReset: 'earliest', fetchMaxWaitMs: 10 });
  consumer.assign([{ topic: 'moves', partition: 0 }]);
  const sent: Promise<unknown>[] = [];
  for (let at = 0; at < 50; at++) {
    sent.push(producer.send('moves', { value: String(at) }));
    if (at % 10 === 5) {
      kafka.faults.moveLeader({ topic: 'moves', partition: 0 });
      await sent.at(-1);
    }
  }
  await Promise.all(sent);
  let next = 0;
  for await (const record of consumer) {
    assert.equal(String(record.value), String(next++));
    if (next === 50) break;
  }
});

it('commits, and goes on there, when the coordinator moves', async () => {
  await using client = kafka.client(QUICK);
  const producer = client.producer();
  const consumer = client.consumer({ groupId: 'g', autoOffsetReset: 'earliest', heartbeatIntervalMs: 10 });
  consumer.subscribe('group');
  for (let round = 0; round < 3; round++) {
    await producer.send('group', { value: String(round) });
    for await (const batch of consumer.batches()) {
      assert.deepEqual(
        batch.records.map(({ value }) => String(value)),
        [String(round)],
      );
      const move = kafka.faults.moveCoordinator({ group: 'g' });
      await batch.commit();
      await move.met;
      break;
    }
  }
  const [committed] = await consumer.committed([{ topic: 'group', partition: 0 }]);
  assert.equal(committed?.offset, 3);
});

it('settles by its timeouts while connections are half-open', async () => {
  await using client = kafka.client({ ...QUICK, requestTimeoutMs: 50 });
  const producer = client.producer({ deliveryTimeoutMs: 150 });
  await producer.send('lost', { value: 'heard' });
  using _silence = kafka.faults.silence();
  const outcomes = await Promise.allSettled([
    producer.send('lost', { value: 'unheard' }),
    client.admin().cluster.describe({ timeoutMs: 100 }),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

it('closes all clients within a bound, also with a record in hand', async () => {
  const client = kafka.client(QUICK);
  const producer = client.producer();
  await producer.send('held', { value: 'v' });
  const consumer = client.consumer({ groupId: 'holder', autoOffsetReset: 'earliest' }).subscribe('held');
  const records = consumer[Symbol.asyncIterator]();
  await records.next();
  const startedMs = performance.now();
  await client.close({ timeoutMs: 100 });
  assert.ok(performance.now() - startedMs < 5_000, 'without the time to drain, 10 s');
  await assert.rejects(producer.send('held', { value: 'v' }), { code: 'CLOSED' });
});
