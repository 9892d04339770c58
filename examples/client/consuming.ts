// Every way to read records.

import assert from 'node:assert/strict';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Kafka } from '@moldau/client';
import { type Order, orders, sendOrders, stopAfter } from './orders.ts';

export async function oneByOne(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 5);
  const { handle, signal, seen } = stopAfter<Order>(5);
  // #region loop
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', signal })
    .subscribe(orders);
  for await (const record of consumer) {
    await handle(record.value, record.key);
  }
  // #endregion
  assert.equal(seen.length, 5);
}

export async function topicsAndPatterns(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 1);
  await kafka.producer().send('audit-logins', { value: 'ada' });
  const { handle, signal } = stopAfter(2);
  // #region subscribe
  const consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', signal })
    .subscribe([orders, /^audit-/]);
  for await (const record of consumer) {
    if (record.topic === 'orders') await handle(record.value);
    else await handle(record.valueBytes);
  }
  // #endregion
}

export async function whatARecordIs(kafka: Kafka): Promise<void> {
  await kafka.producer().send('audit-logins', { key: 'ada', value: 'in', headers: { trace: '4bf92f35' } });
  const consumer = kafka
    .consumer({ groupId: 'audit', autoOffsetReset: 'earliest' })
    .subscribe('audit-logins');
  // #region record
  for await (const record of consumer) {
    const { topic, partition, offset, timestampMs } = record;
    console.log(`${topic}-${partition}@${offset}`, new Date(timestampMs), record.headers.text('trace'));
    console.log(String(record.key), String(record.value));
    break;
  }
  // #endregion
}

export async function batches(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 9);
  const { signal, seen, handle } = stopAfter<Order>(9);
  const save = async (values: readonly Order[]) => {
    for (const value of values) await handle(value);
  };
  // #region batches
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', signal })
    .subscribe(orders);
  for await (const batch of consumer.batches({ maxRecords: 500, maxWaitMs: 50 })) {
    await save(batch.records.map(({ value }) => value));
    await batch.commit();
  }
  // #endregion
  assert.equal(seen.length, 9);
}

export async function run(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 20);
  const { signal, seen, handle: charge } = stopAfter<Order>(20);
  // #region run
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
    .subscribe(orders);
  await consumer.run({
    concurrency: 64,
    orderBy: 'key',
    signal,
    handler: async ({ key, value }, { signal }) => {
      await charge(value, key, signal);
    },
  });
  // #endregion
  assert.equal(seen.length, 20);
}

export async function retriesAndDeadLetters(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 4);
  const stop = new AbortController();
  const charge = async (order: Order) => {
    if (order.id === 1) throw new Error('no such account');
  };
  const repaired = (async () => {
    const failed = kafka.consumer({ groupId: 'repair', autoOffsetReset: 'earliest' }).subscribe('orders.dlq');
    for await (const { headers } of failed) {
      stop.abort();
      assert.equal(headers.text('dead-letter.error'), 'no such account');
      assert.equal(headers.text('dead-letter.attempts'), '3');
      break;
    }
  })();
  // #region retry
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
    .subscribe(orders);
  await consumer.run({
    signal: stop.signal,
    retry: {
      attempts: 3,
      delayMs: 50,
      retryIf: (error) => !(error instanceof TypeError),
    },
    deadLetter: 'orders.dlq',
    handler: ({ value }) => charge(value),
  });
  // #endregion
  await repaired;
}

export async function streams(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const { signal, seen, handle } = stopAfter<string>(3);
  const toLine = new Transform({
    writableObjectMode: true,
    transform: ({ value }: { value: Order }, _encoding, done) => done(null, `${JSON.stringify(value)}\n`),
  });
  const file = async (lines: AsyncIterable<Buffer>) => {
    for await (const line of lines) await handle(String(line));
  };
  // #region stream
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', signal })
    .subscribe(orders);
  await pipeline(consumer.stream(), toLine, file);
  // #endregion
  assert.equal(seen.length, 3);
}

export async function commits(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 6);
  const { signal, handle } = stopAfter<Order>(6);
  // #region commits
  const consumer = kafka
    .consumer({ groupId: 'billing', commit: 'manual', autoOffsetReset: 'earliest', signal })
    .subscribe(orders);
  for await (const record of consumer) {
    await handle(record.value);
    await consumer.commit(record);
  }
  // #endregion
  const { orders: committed } = await committedOf(kafka, 'billing');
  assert.equal(committed, 6);
}

export async function assignedByHand(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 1);
  const { partition } = await kafka.producer().send(orders, { key: 'ada', value: { id: 7, amount: 70 } });
  const { signal, handle } = stopAfter<Order>(1);
  // #region assign
  const consumer = kafka.consumer({ signal }).assign([{ topic: orders, partition, offset: 0 }]);
  for await (const record of consumer) await handle(record.value);
  // #endregion
}

export async function positions(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const { signal, handle: take, seen } = stopAfter<Order>(4);
  const handle = async (order: Order) => {
    await take(order);
    return seen.length === 1 ? 'again' : 'done';
  };
  // #region seek
  const consumer = kafka
    .consumer({
      groupId: 'billing',
      signal,
      onAssign: (partitions, { seek }) => seek(partitions, 'earliest'),
    })
    .subscribe(orders);
  for await (const record of consumer) {
    const outcome = await handle(record.value);
    if (outcome === 'again') consumer.seek(record, record.offset);
    const [lag] = await consumer.lag([record]);
    console.log(`${lag?.records} records to the end, which is ${lag?.end}`);
  }
  // #endregion
  assert.equal(new Set(seen.map(({ id }) => id)).size, 3);
}

export async function times(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const consumer = kafka.consumer();
  // #region times
  const partition = { topic: 'orders', partition: 0 };
  const [marks] = await consumer.watermarks([partition]);
  const [found] = await consumer.offsetsForTimes([{ ...partition, timestampMs: Date.now() - 3_600_000 }]);
  console.log(`from ${marks?.low} to ${marks?.high}; an hour ago: ${found?.offset}`);
  // #endregion
  assert.equal(marks?.low, 0);
}

export async function pausing(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const { signal, handle } = stopAfter<Order>(3);
  const limiter = { isOver: false };
  // #region pause
  const consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest', signal })
    .subscribe(orders);
  const watch = setInterval(() => {
    if (limiter.isOver) consumer.pause();
    else consumer.resume();
  }, 1_000);
  for await (const { value } of consumer) await handle(value);
  clearInterval(watch);
  // #endregion
}

export async function groups(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 1);
  const { signal, handle } = stopAfter<Order>(1);
  // #region group
  const consumer = kafka.consumer({
    groupId: 'billing',
    groupProtocol: 'classic',
    assignors: ['cooperative-sticky'],
    instanceId: 'billing-1',
    rack: 'eu-central-1a',
    autoOffsetReset: { durationMs: 24 * 3_600_000 },
    isolation: 'read-committed',
    signal,
  });
  // #endregion
  for await (const { value } of consumer.subscribe(orders)) await handle(value);
}

export async function rebalances(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 3);
  const { signal, handle } = stopAfter<Order>(3);
  const cache = { load: async (_: unknown) => {}, flush: async () => {}, drop: (_: unknown) => {} };
  // #region rebalance
  await using consumer = kafka
    .consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
    .subscribe(orders);
  await consumer.run({
    signal,
    onAssign: (partitions) => cache.load(partitions),
    onRevoke: async (partitions, { drain }) => {
      const isDone = await drain({ timeoutMs: 5_000 });
      if (isDone) await cache.flush();
      cache.drop(partitions);
    },
    onLost: (partitions) => cache.drop(partitions),
    handler: ({ value }) => handle(value),
  });
  // #endregion
}

export async function watchdog(kafka: Kafka): Promise<void> {
  // #region watchdog
  const consumer = kafka.consumer({
    groupId: 'billing',
    stallTimeoutMs: 30_000,
    onStall: ({ kind, topic, partition, forMs, action }) =>
      console.warn(`${topic}-${partition}: no progress for ${forMs} ms (${kind}); ${action}`),
  });
  // #endregion
  consumer.subscribe(orders);
}

async function committedOf(kafka: Kafka, groupId: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { topic, offset } of await kafka.admin().groupOffsets.get(groupId))
    sums[topic] = (sums[topic] ?? 0) + offset;
  return sums;
}
