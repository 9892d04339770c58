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
      if (message === 'changed by a client') lines.push({ ...fields });
    },
  };
  await using broker = await startTestBroker({ logger });
  await using kafka = new Kafka({ brokers: `127.0.0.1:${broker.port}`, clientId: 'ops' });
  const admin = kafka.admin();
  await admin.topics.create({ name: 'orders', partitions: 2 });
  await assert.rejects(admin.topics.create({ name: 'orders', partitions: 2 }));
  await admin.users.set({ user: 'ada', password: 'open sesame' });
  await admin.topics.list();
  await admin.topics.delete('orders');
  const who = {
    ...{ principal: 'User:ANONYMOUS', host: '127.0.0.1', clientId: 'ops', listenerName: 'PLAINTEXT' },
  };
  assert.deepEqual(
    lines.map(({ request, ...rest }) => rest),
    [
      { ...who, api: 'CreateTopics' },
      { ...who, api: 'CreateTopics', errors: ['TOPIC_ALREADY_EXISTS'] },
      { ...who, api: 'AlterUserScramCredentials' },
      { ...who, api: 'DeleteTopics' },
    ],
  );
  const requests = lines.map(({ request }) => String(request));
  assert.match(requests[0]!, /name: 'orders', numPartitions: 2/);
  assert.match(requests[2]!, /name: 'ada'/);
  assert.doesNotMatch(requests.join(), /sesame/);
});
