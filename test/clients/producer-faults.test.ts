// What a producer keeps whatever goes wrong: nothing acknowledged is lost, nothing is there twice, order holds, and every promise settles.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ErrorName } from '@moldau/testing';
import { startTarget, type Target, valuesIn, within } from './target.ts';

const SETTLED_MS = 15_000;

/** Sends values that count up, all at once, and waits for all of them. */
async function sendNumbers(
  producer: ReturnType<ReturnType<Target['client']>['producer']>,
  topic: string,
  from: number,
  count: number,
): Promise<void> {
  const sent = Array.from({ length: count }, (_, at) =>
    producer.send(topic, { value: String(from + at), partition: 0 }),
  );
  await within(SETTLED_MS, 'send()', Promise.all(sent));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at));
}

describe('a producer whose connections are cut', () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(() => target[Symbol.asyncDispose]());

  for (const when of ['before', 'after'] as const) {
    it(`has each record once and in order, cut at every byte of ${when === 'before' ? 'a Produce' : 'its answer'}`, async () => {
      const topic = await target.topic();
      await using kafka = target.client();
      const producer = kafka.producer({ lingerMs: 0 });
      let sent = 0;
      await sendNumbers(producer, topic, 0, 3);
      sent += 3;
      for (let afterBytes = 0, bytes = 100; afterBytes <= bytes; afterBytes++) {
        const cut = target.faults.drop({ api: 'Produce', topic, when, afterBytes });
        await sendNumbers(producer, topic, sent, 3);
        sent += 3;
        if (when === 'before') bytes = (await cut.met).bytes;
        else assert.equal(cut.count, 1);
      }
      assert.deepEqual(await valuesIn(target, topic), numbers(sent));
    });
  }

  for (const api of ['ApiVersions', 'Metadata', 'InitProducerId']) {
    for (const when of ['before', 'after'] as const) {
      it(`gets through, cut at every byte of ${when === 'before' ? 'a request' : 'an answer'} of ${api}`, async () => {
        const topic = await target.topic();
        let sent = 0;
        for (let afterBytes = 0, bytes = 70; afterBytes <= bytes; afterBytes++) {
          const cut = target.faults.drop({ api, when, afterBytes, clientId: 'cut' });
          await using kafka = target.client({ clientId: 'cut' });
          await sendNumbers(kafka.producer(), topic, sent, 2);
          sent += 2;
          const met = await within(SETTLED_MS, 'the cut', cut.met);
          if (when === 'before') bytes = met.bytes;
        }
        assert.deepEqual(await valuesIn(target, topic), numbers(sent));
      });
    }
  }

  it('has each record once and in order with many batches on their way, dropped again and again', async () => {
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 200, compression: 'lz4' });
    const drops = setInterval(() => target.faults.dropAll(), 20);
    for (let sent = 0; sent < 2000; sent += 100) await sendNumbers(producer, topic, sent, 100);
    clearInterval(drops);
    assert.deepEqual(await valuesIn(target, topic), numbers(2000));
  });

  it('has each record once and in order when any of several answers in flight is lost', async () => {
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 1 });
    let sent = 0;
    for (let nth = 1; nth <= 5; nth++) {
      for (const when of ['before', 'after'] as const) {
        target.faults.drop({ api: 'Produce', topic, when, nth });
        await sendNumbers(producer, topic, sent, 8);
        sent += 8;
      }
    }
    assert.deepEqual(await valuesIn(target, topic), numbers(sent));
  });

  for (const code of [
    ...['NOT_LEADER_OR_FOLLOWER', 'REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS', 'LEADER_NOT_AVAILABLE'],
    ...['KAFKA_STORAGE_ERROR', 'UNKNOWN_TOPIC_OR_PARTITION', 'NETWORK_EXCEPTION'],
  ] as ErrorName[]) {
    it(`has each record once and in order when some batches meet ${code}`, async () => {
      const topic = await target.topic();
      await using kafka = target.client();
      const producer = kafka.producer({ lingerMs: 0, batchBytes: 1 });
      const fault = target.faults.error({ api: 'Produce', topic, code, nth: 2, times: 3 });
      await sendNumbers(producer, topic, 0, 20);
      assert.ok(fault.count > 0);
      assert.deepEqual(await valuesIn(target, topic), numbers(20));
    });
  }

  it('rejects what lasts, with topic and partition, and goes on with the rest in order', async () => {
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 1 });
    target.faults.error({ api: 'Produce', topic, code: 'MESSAGE_TOO_LARGE', nth: 3 });
    const sent = numbers(10).map((value) => producer.send(topic, { value, partition: 0 }));
    const outcomes = await within(SETTLED_MS, 'send()', Promise.allSettled(sent));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [{ index, reason: outcome.reason }] : [],
    );
    assert.ok(failed.length >= 1);
    for (const { reason } of failed) assert.equal(reason.topic, topic);
    const kept = numbers(10).filter((_, index) => !failed.some((each) => each.index === index));
    assert.deepEqual(await valuesIn(target, topic), kept);
  });
});

describe('a producer and a broker that does not answer', () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(() => target[Symbol.asyncDispose]());

  it('settles every promise by its timeouts while connections are half-open', async () => {
    const topic = await target.topic();
    await using kafka = target.client({ requestTimeoutMs: 300 });
    const producer = kafka.producer({ deliveryTimeoutMs: 1_000 });
    await producer.send(topic, { value: '0' });
    const silence = target.faults.silence();
    const [sent, flushed] = await within(
      5_000,
      'send() and flush()',
      Promise.allSettled([producer.send(topic, { value: 'lost' }), producer.flush({ timeoutMs: 500 })]),
    );
    assert.equal(sent.status, 'rejected');
    assert.equal(flushed.status, 'rejected');
    silence.lift();
    await within(SETTLED_MS, 'send() after the silence', producer.send(topic, { value: '1' }));
  });

  it('gets through when the silence ends before its delivery timeout', async () => {
    const topic = await target.topic();
    await using kafka = target.client({ requestTimeoutMs: 200 });
    const producer = kafka.producer({ lingerMs: 0 });
    await sendNumbers(producer, topic, 0, 5);
    const silence = target.faults.silence();
    const sent = sendNumbers(producer, topic, 5, 5);
    await silence.met;
    setTimeout(() => silence.lift(), 300);
    await sent;
    assert.deepEqual(await valuesIn(target, topic), numbers(10));
  });

  it('has each record once and in order when the broker is slow and requests time out', async () => {
    const topic = await target.topic();
    await using kafka = target.client({ requestTimeoutMs: 150 });
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 1 });
    await sendNumbers(producer, topic, 0, 1);
    target.faults.delay({ api: 'Produce', topic, ms: 250, where: 'answer', nth: 2, times: 2 });
    await sendNumbers(producer, topic, 1, 20);
    assert.deepEqual(await valuesIn(target, topic), numbers(21));
  });

  it('is as slow as the connection, and no memory is lost', async () => {
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ bufferBytes: 100_000 });
    await producer.send(topic, { value: '' });
    const slowness = target.faults.slow({ bytesPerSecond: 1_000_000 });
    let waits = 0;
    for (let at = 0; at < 50; at++) {
      if (producer.post(topic, { value: Buffer.alloc(10_000, at) })) continue;
      waits += 1;
      await within(SETTLED_MS, 'ready()', producer.ready());
    }
    await within(SETTLED_MS, 'flush()', producer.flush());
    slowness.lift();
    assert.ok(waits > 0);
    assert.equal((await valuesIn(target, topic)).length, 51);
  });

  it('closes within its bound whatever the broker does, and rejects what is left', async () => {
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer();
    await producer.send(topic, { value: '0' });
    const silence = target.faults.silence();
    const sent = producer.send(topic, { value: '1' }).then(
      () => 'sent',
      (error) => error.code,
    );
    const startedMs = performance.now();
    await within(
      3_000,
      'close()',
      producer.close({ timeoutMs: 300 }).catch(() => {}),
    );
    assert.ok(performance.now() - startedMs < 2_000);
    assert.equal(await within(100, 'send()', sent), 'CLOSED');
    silence.lift();
  });
});

describe('a producer and brokers that change', () => {
  it('follows leaders that move, each record once and in order', async () => {
    await using target = await startTarget({ brokers: 3 });
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 50 });
    let sent = 0;
    for (let moves = 0; moves < 10; moves++) {
      const first = sendNumbers(producer, topic, sent, 30);
      target.faults.moveLeader({ topic, partition: 0 });
      await Promise.all([first, sendNumbers(producer, topic, sent + 30, 30)]);
      sent += 60;
    }
    assert.deepEqual(await valuesIn(target, topic), numbers(sent));
  });

  it('goes on when a broker is gone and another leads', async () => {
    await using target = await startTarget({ brokers: 2 });
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0 });
    const { id } = await leader(kafka, topic);
    await sendNumbers(producer, topic, 0, 5);
    await target.faults.refuse({ broker: id! });
    const sent = sendNumbers(producer, topic, 5, 5);
    target.faults.moveLeader({ topic, partition: 0 });
    await sent;
    await target.faults.lift();
    assert.deepEqual(await valuesIn(target, topic), numbers(10));
  });

  it('has each record once and in order over restarts under load', async (context) => {
    await using target = await startTarget({ settings: { 'moldau.durability': 'fsync' } });
    if (target.restart === undefined) return context.skip('the broker is not ours to stop');
    const topic = await target.topic();
    await using kafka = target.client();
    const producer = kafka.producer({ lingerMs: 0, batchBytes: 500 });
    let isOver = false;
    let sent = 0;
    const load = (async () => {
      for (; !isOver; sent += 50) await sendNumbers(producer, topic, sent, 50);
    })();
    for (let restarts = 0; restarts < 4; restarts++) {
      const before = sent;
      while (sent < before + 200) await new Promise((resolve) => setTimeout(resolve, 1));
      await target.restart({ downMs: 20 });
    }
    isOver = true;
    await load;
    assert.deepEqual(await valuesIn(target, topic), numbers(sent));
  });
});

async function leader(
  kafka: ReturnType<Target['client']>,
  topic: string,
): Promise<{ id: number | undefined }> {
  const [found] = await kafka.admin().topics.describe(topic);
  return { id: found!.partitions[0]!.leaderId };
}
