import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kafka } from '@moldau/client';
import type { Logger } from '@moldau/io';
import { startTestBroker } from '@moldau/testing';

test('whoever changes something is told of with what was asked and how it ended, and no secret', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger: Logger = {
    ...{ debug() {}, warn() {}, error() {} },
    info(fields, message) {
      if (/ a client/.test(message)) lines.push({ message, ...fields });
    },
  };
  await using broker = await startTestBroker({ logger });
  await using kafka = new Kafka({ brokers: `127.0.0.1:${broker.port}`, clientId: 'ops' });
  const admin = kafka.admin();
  await admin.topics.create({ name: 'orders', partitions: 2 });
  await assert.rejects(admin.topics.create({ name: 'orders', partitions: 2 }));
  await admin.topics.create({ name: 'payments', partitions: 1 }, { validateOnly: true });
  await assert.rejects(admin.topics.create([{ name: 'orders' }, { name: 'refunds', partitions: 1 }]));
  await admin.users.set({ user: 'ada', password: 'open sesame' });
  await admin.topics.list();
  await admin.topics.delete('orders');
  const done = 'changed by a client';
  const who = {
    ...{ principal: 'User:ANONYMOUS', host: '127.0.0.1', clientId: 'ops', listenerName: 'PLAINTEXT' },
  };
  assert.deepEqual(
    lines.map(({ request, ...rest }) => rest),
    [
      { message: done, ...who, api: 'CreateTopics' },
      { message: 'refused to a client', ...who, api: 'CreateTopics', errors: ['TOPIC_ALREADY_EXISTS'] },
      { message: `${done}, refused in part`, ...who, api: 'CreateTopics', errors: ['TOPIC_ALREADY_EXISTS'] },
      { message: done, ...who, api: 'AlterUserScramCredentials' },
      { message: done, ...who, api: 'DeleteTopics' },
    ],
  );
  const requests = lines.map(({ request }) => String(request));
  assert.match(requests[0]!, /name: 'orders', numPartitions: 2/);
  assert.match(requests[3]!, /name: 'ada'/);
  assert.doesNotMatch(requests.join(), /sesame/);
});
