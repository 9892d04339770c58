// One consumer in a group of its own. Tells its parent what it got: the number of the message, how long it was under
// way, and a digest of its bytes.

import { createHash } from 'node:crypto';
import { Consumer, MessagesStreamModes } from '@platformatic/kafka';

const [bootstrap, topic, groupId] = process.argv.slice(2) as [string, string, string];

const consumer = new Consumer({
  groupId,
  clientId: groupId,
  bootstrapBrokers: [bootstrap],
  minBytes: 1,
  maxWaitTime: 500,
});
const stream = await consumer.consume({
  topics: [topic],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: 1000,
});

process.send?.({ kind: 'ready' });
process.on('message', async () => {
  await consumer.close(true);
  process.disconnect?.();
});

stream.on('data', (message) => {
  const latencyMs = Date.now() - Number(message.timestamp);
  const sequence = Number(message.key);
  const digest = createHash('sha256').update(message.value).digest('base64');
  process.send?.({ kind: 'got', sequence, latencyMs, digest, sizeBytes: message.value.length });
});
