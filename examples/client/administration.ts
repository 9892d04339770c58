// Administration of a cluster.

import assert from 'node:assert/strict';
import { type Kafka, PartialFailureError } from '@moldau/client';
import { orders, sendOrders } from './orders.ts';

export async function overview(kafka: Kafka): Promise<void> {
  // #region overview
  await using admin = kafka.admin();

  await admin.topics.create({ name: 'refunds', partitions: 6, configs: { 'retention.ms': 86_400_000 } });
  await admin.configs.alter({
    resource: { type: 'topic', name: 'refunds' },
    set: { 'cleanup.policy': 'compact' },
  });
  const [description] = await admin.topics.describe(['refunds']);
  console.log(description?.partitions.length);
  // #endregion
  assert.equal(description?.partitions.length, 6);
}

export async function lagAndReset(kafka: Kafka): Promise<void> {
  await sendOrders(kafka, 5);
  const consumer = kafka.consumer({ groupId: 'billing', autoOffsetReset: 'earliest' }).subscribe(orders);
  for await (const record of consumer) {
    await consumer.commit(record);
    break;
  }
  await consumer.close();
  // #region groups
  await using admin = kafka.admin();
  for (const { topic, partition, lag, member } of await admin.groupOffsets.lag('billing')) {
    console.log(topic, partition, lag, member?.clientId);
  }

  // Where would the group begin, if it went back an hour? Then do it; its members must be stopped.
  console.log(await admin.groupOffsets.reset('billing', { durationMs: 3_600_000 }, { dryRun: true }));
  await admin.groupOffsets.reset('billing', { durationMs: 3_600_000 });
  // #endregion
}

export async function access(kafka: Kafka): Promise<void> {
  const password = 'secret';
  const admin = kafka.admin();
  // #region access
  await admin.users.set({ user: 'ada', password });
  await admin.acls.create({
    resource: { type: 'topic', name: 'orders' },
    principal: 'User:ada',
    operation: 'read',
  });
  await admin.quotas.alter({ entity: { user: 'ada' }, values: { producerByteRate: 1 << 20 } });
  // #endregion
}

export async function partialFailures(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  const reported: unknown[] = [];
  const report = (...told: unknown[]) => reported.push(told);
  // #region partial
  try {
    await admin.topics.create([{ name: 'orders' }, { name: 'refunds' }]);
  } catch (error) {
    if (!(error instanceof PartialFailureError)) throw error;
    for (const { code, topic } of error.errors) report(topic, code);
  }
  // #endregion
  assert.deepEqual(reported, [['orders', 'TOPIC_ALREADY_EXISTS']]);
}
