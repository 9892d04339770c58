// The main job: real files, cut into messages of 100 to 500 KB, go from one producer to five consumers that each get
// all of them. Shows rate and latency while it runs and compares every message at the end.
//
//   npm run example -- --folder /var/log --rate 30 --seconds 20

import { fork } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Kafka } from '@moldau/client';
import { piecesOf } from './pieces.ts';

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: process.env.MOLDAU_BROKERS ?? '127.0.0.1:9092' },
    folder: { type: 'string', default: join(import.meta.dirname, '..', '..', 'node_modules') },
    rate: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '20' },
    consumers: { type: 'string', default: '5' },
    memory: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const count = Math.round(rate * Number(values.seconds));
const topic = `log-delivery-${randomUUID().slice(0, 8)}`;
const GIVE_UP_AFTER_MS = 30_000;

interface Got {
  digests: Map<number, string>;
  latenciesMs: number[];
  duplicates: number;
}

const kafka = new Kafka({ brokers: values.bootstrap, clientId: 'log-delivery' });
const admin = kafka.admin();
await admin.topics.create({
  name: topic,
  partitions: 1,
  configs: values.memory ? { 'moldau.durability': 'memory' } : {},
});

const received: Got[] = [];
const children = Array.from({ length: Number(values.consumers) }, (_, index) => startConsumer(index));
await Promise.all(children.map(({ ready }) => ready));

const sent: string[] = [];
let sentBytes = 0;
const startedMs = performance.now();
const display = setInterval(() => process.stderr.write(`${statusLine()}\n`), 1000);
await sendAll();
await waitForAll();
clearInterval(display);
process.stdout.write(`${statusLine()}\n`);

let failures = 0;
for (const [index, got] of received.entries()) {
  const wrong = sent.filter((digest, sequence) => got.digests.get(sequence) !== digest).length;
  if (wrong > 0) failures += 1;
  const verdict = wrong === 0 ? 'every byte equal' : `${wrong} messages missing or different`;
  process.stdout.write(
    `consumer ${index + 1}: ${got.digests.size} of ${sent.length} messages, ${verdict}, ${got.duplicates} duplicates, ` +
      `latency p50 ${quantile(got.latenciesMs, 0.5)} ms, p99 ${quantile(got.latenciesMs, 0.99)} ms\n`,
  );
}
// They commit when they stop, for which the topic has to be there.
const stopped = children.map(({ child }) => once(child, 'exit'));
for (const { child } of children) child.send('stop');
await Promise.all(stopped);
await admin.topics.delete(topic);
await kafka.close();
process.exitCode = failures === 0 ? 0 : 1;

function startConsumer(index: number) {
  const got: Got = { digests: new Map(), latenciesMs: [], duplicates: 0 };
  received.push(got);
  const child = fork(join(import.meta.dirname, 'consumer.ts'), [
    values.bootstrap,
    topic,
    `${topic}-${index + 1}`,
  ]);
  const ready = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`consumer ${index + 1} stopped with code ${code}`)));
    child.on('message', (message: { kind: string; sequence: number; latencyMs: number; digest: string }) => {
      if (message.kind === 'ready') return resolve();
      if (got.digests.has(message.sequence)) got.duplicates += 1;
      got.digests.set(message.sequence, message.digest);
      got.latenciesMs.push(message.latencyMs);
    });
  });
  return { child, ready };
}

async function sendAll(): Promise<void> {
  await using producer = kafka.producer();
  const acknowledged: Promise<unknown>[] = [];
  for await (const piece of piecesOf(values.folder, count)) {
    const sequence = sent.length;
    const dueMs = startedMs + (sequence * 1000) / rate;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await pause(earlyMs);
    sent.push(createHash('sha256').update(piece.bytes).digest('base64'));
    sentBytes += piece.bytes.length;
    const headers = { path: `${piece.path}@${piece.position}` };
    acknowledged.push(producer.send(topic, { key: String(sequence), value: piece.bytes, headers }));
  }
  await Promise.all(acknowledged);
}

async function waitForAll(): Promise<void> {
  let lastTotal = -1;
  let lastChangeMs = performance.now();
  for (;;) {
    const total = received.reduce((sum, got) => sum + got.digests.size, 0);
    if (total === sent.length * received.length) return;
    if (total !== lastTotal) lastChangeMs = performance.now();
    if (performance.now() - lastChangeMs > GIVE_UP_AFTER_MS) return;
    lastTotal = total;
    await pause(50);
  }
}

function statusLine(): string {
  const seconds = (performance.now() - startedMs) / 1000;
  const all = received.flatMap((got) => got.latenciesMs);
  const counts = received.map((got) => got.digests.size).join(' ');
  return (
    `${seconds.toFixed(0).padStart(3)} s  sent ${sent.length} (${(sentBytes / 1e6 / seconds).toFixed(1)} MB/s)  ` +
    `received ${counts}  latency p50 ${quantile(all, 0.5)} ms  p99 ${quantile(all, 0.99)} ms`
  );
}

function quantile(numbers: readonly number[], q: number): number {
  if (numbers.length === 0) return 0;
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
}
