// One consumer in a group of its own. Tells its parent what it got: the number of the message, how long it was under
// way, and a digest of its bytes.

import { createHash } from 'node:crypto';
import { Kafka } from '@moldau/client';

const [bootstrap, topic, groupId] = process.argv.slice(2) as [string, string, string];

const stop = new AbortController();
process.on('message', () => stop.abort());

const kafka = new Kafka({ brokers: bootstrap, clientId: groupId });
const consumer = kafka.consumer({ groupId, autoOffsetReset: 'earliest' });
await consumer.subscribe(topic).run({
  signal: stop.signal,
  onAssign: () => void process.send?.({ kind: 'ready' }),
  handler({ key, value, timestampMs }) {
    const latencyMs = Date.now() - timestampMs;
    const digest = createHash('sha256').update(value!).digest('base64');
    process.send?.({ kind: 'got', sequence: Number(key), latencyMs, digest });
  },
});
await kafka.close();
process.disconnect?.();
