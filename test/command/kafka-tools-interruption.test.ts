// How tools end before they are done: by Ctrl-C, by SIGTERM, and when nobody reads what they write.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestCluster } from '../../packages/cli/src/commands/testing-cluster.ts';
import { Moldau } from '../../packages/cli/src/testing-moldau.ts';

let cluster: TestCluster;
const commands = new Moldau();
const sockets: Socket[] = [];
/** Takes connections, and answers nothing. */
const silent = createServer((socket) => void sockets.push(socket));

before(async () => {
  cluster = await TestCluster.start();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
after(async () => {
  commands.removeAll();
  for (const socket of sockets) socket.destroy();
  silent.close();
  await cluster.stop();
});

const TOOLS: readonly (readonly [tool: string, ...words: string[]])[] = [
  ['kafka-topics', '--list'],
  ['kafka-consumer-groups', '--list'],
  ['kafka-console-producer', '--topic', 'a'],
  ['kafka-e2e-latency', ...'--topic a --num-records 1 --producer-acks 1 --record-size 1'.split(' ')],
  ['kafka-producer-perf-test', ...'--topic a --num-records 1 --record-size 1 --throughput -1'.split(' ')],
];

for (const [signal, code, tools] of [
  ['SIGINT', 130, TOOLS],
  ['SIGTERM', 143, TOOLS.slice(0, 1)],
] as const) {
  test(`${signal} ends what waits for a broker that does not answer`, { timeout: 60_000 }, async () => {
    for (const [tool, ...words] of tools) {
      const { port } = silent.address() as AddressInfo;
      const connected = once(silent, 'connection');
      const { child, ended } = commands.run(tool, '--bootstrap-server', `127.0.0.1:${port}`, ...words);
      child.stdin?.end('a\n');
      await connected;
      child.kill(signal);
      assert.deepEqual({ tool, ...(await ended) }, { tool, code, out: '', error: '' });
    }
  });
}

test('a tool that waits for its time goes on waiting though nothing else goes on', {
  timeout: 60_000,
}, async () => {
  const words = '--topic a --num-records 2 --warmup-records 1 --record-size 1 --throughput 0'.split(' ');
  const { child, ended } = commands.run(
    'kafka-producer-perf-test',
    ...['--bootstrap-server', cluster.brokers, ...words],
  );
  // From what it says first on it waits.
  await Promise.race([ended, once(child.stdout, 'data')]);
  await Promise.race([ended, setTimeout(300)]);
  child.kill('SIGINT');
  const { code, out, error } = await ended;
  assert.deepEqual({ code, error }, { code: 130, error: '' });
  assert.match(out, /^Warmup first 1 records\..*\n$/);
});

test('nobody needs to read what is written', { timeout: 60_000 }, async () => {
  const topic = `left-${randomUUID().slice(0, 8)}`;
  await cluster.topic(topic);
  await using producer = cluster.kafka.producer();
  const large = { value: 'x'.repeat(200_000) };
  await producer.send(topic, [large, large, large]);
  const consume = (...words: readonly string[]) =>
    commands.run(
      'kafka-console-consumer',
      ...['--bootstrap-server', cluster.brokers, '--topic', topic, '--from-beginning', ...words],
    );
  const left = consume('--group', topic);
  left.child.stdout.once('data', () => left.child.stdout.destroy());
  assert.equal((await left.ended).code, 0);
  const [group] = await cluster.admin.groups.describe(topic);
  assert.equal(group!.state, 'empty', 'it has left its group');

  const unheard = consume('--max-messages', '3');
  unheard.child.stderr.destroy();
  const { code, out } = await unheard.ended;
  assert.deepEqual([code, out.length], [0, 600_003]);
});
