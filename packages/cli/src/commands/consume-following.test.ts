// What `moldau consume` does while it follows topics: more of them, and more of their partitions.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CommandOptions } from '../command-line/command.ts';
import { consume } from './consume-verb.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(async () => {
  for (const interrupt of interrupts) interrupt.abort();
  await cluster.stop();
});

const interrupts: AbortController[] = [];
const newName = (): string => `follow-${randomUUID().slice(0, 8)}`;

/** In the background, until end(). */
function reading(topic: string | readonly string[], options: CommandOptions = {}) {
  const interrupt = new AbortController();
  interrupts.push(interrupt);
  const told: string[] = [];
  let written = '';
  const properties = { 'metadata.max.age.ms': 200 };
  const running = cluster.run(
    [consume],
    'consume',
    { topic },
    { format: '%t:%p:%v\\n', ...options },
    {
      ...{ properties, told, signal: interrupt.signal },
      onOut(bytes) {
        written += bytes;
      },
    },
  );
  const lines = (): string[] => written.split('\n').slice(0, -1);
  return {
    lines,
    told,
    has: (...wanted: readonly string[]) =>
      cluster.until(async () => wanted.every((line) => lines().includes(line))),
    async end() {
      interrupt.abort();
      assert.equal((await running).code, 130, told.join());
    },
  };
}

async function send(topic: string, partition: number, ...values: readonly string[]): Promise<void> {
  await using producer = cluster.kafka.producer();
  await producer.send(
    topic,
    values.map((value) => ({ partition, value })),
  );
}

const limit = { timeout: 30_000 };

test('partitions that are added are read from their beginning, and those before go on', limit, async () => {
  const topic = newName();
  await cluster.topic(topic);
  await send(topic, 0, 'before');
  const all = reading(topic);
  const fresh = reading(topic, { offset: 'end' });
  const some = reading(`${topic}:0`);
  await all.has(`${topic}:0:before`);
  await some.has(`${topic}:0:before`);
  // Until it knows where the end is, and is there.
  for (let count = 0; fresh.lines().length === 0; count++) await send(topic, 0, `tick ${count}`);
  await cluster.admin.topics.addPartitions({ topic: topic, count: 3 });
  await cluster.until(async () => (await cluster.admin.topics.describe(topic))[0]!.partitions.length === 3);
  for (const partition of [0, 1, 2]) await send(topic, partition, 'one', 'two');
  const wanted = [0, 1, 2].flatMap((partition) => [`${topic}:${partition}:one`, `${topic}:${partition}:two`]);
  await all.has(...wanted);
  await fresh.has(...wanted);
  await some.has(`${topic}:0:two`);
  for (const each of [all, fresh, some]) {
    await each.end();
    assert.deepEqual(each.told, []);
  }
  assert.equal(new Set(all.lines()).size, all.lines().length, 'each of them once');
  assert.deepEqual(
    fresh.lines().filter((line) => line.includes('before')),
    [],
  );
  assert.deepEqual(
    some.lines().filter((line) => !line.includes(':0:')),
    [],
  );
});

test('topics that match are read when they are made, though there was none before', limit, async () => {
  const prefix = newName();
  const pattern = `^${prefix}-`;
  const all = reading(pattern, { regex: true });
  await cluster.until(async () => all.told.length > 0);
  assert.deepEqual(all.told, [`moldau: no topic matches ${pattern} yet`]);
  for (const name of ['a', 'b']) {
    await cluster.topic(`${prefix}-${name}`);
    await send(`${prefix}-${name}`, 0, 'first');
    await all.has(`${prefix}-${name}:0:first`);
  }
  await all.end();
});
