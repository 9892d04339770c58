// When a broker is asked, and for how much.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLogger } from '@moldau/io';
import { LogCluster, TOPIC } from './testing-logs.ts';

const tp = (partition = 0) => ({ topic: TOPIC, partition, position: { offset: 0 } });

it('goes on asking for a partition that brings records beside one that has no room', async () => {
  const logs = new LogCluster(31, { partitions: 2 });
  logs.append(300, { valueBytes: 1_000 });
  for (let count = 0; count < 20; count++) logs.append(1, { partition: 1, valueBytes: 10_000 });
  const client = logs.client({ partitionMaxBytes: 20_000 });
  client.fetcher.assign([tp(0), tp(1)]);
  const startedMs = logs.world.time.monotonicMs();
  let taken = 0;
  for (let count = 0; count < 100; count++) {
    taken += (await client.take(1)).filter((record) => record.startsWith('1:')).length;
    await logs.world.time.advance(1);
  }
  assert.ok(logs.world.time.monotonicMs() - startedMs < 400, 'no time for a pause');
  assert.equal(taken, 20);
  await client.close();
});

it('asks for more when less than partitionMaxBytes is left of what came, and not before', async () => {
  const logs = new LogCluster(32);
  for (let count = 0; count < 100; count++) logs.append(1, { valueBytes: 1_000 });
  const client = logs.client({ partitionMaxBytes: 30_000 });
  client.fetcher.assign([tp()]);
  const askedAfter = async (takes: number): Promise<number> => {
    for (let count = 0; count < takes; count++) await client.take(1);
    await logs.world.time.advance(0);
    return logs.broker.fetches.length;
  };
  assert.equal(await askedAfter(1), 1, 'all of it is left');
  assert.equal(await askedAfter(2), 2, 'nearly all of it is left, and the next is under way');
  assert.equal(await askedAfter(10), 2, 'more than that is held');
  await client.close();
});

it('counts what was asked for as if it were there', async () => {
  const logs = new LogCluster(33, { partitions: 8, brokers: 2 });
  for (let partition = 0; partition < 8; partition++)
    for (let count = 0; count < 10; count++) logs.append(1, { partition, valueBytes: 10_000 });
  const [one, two] = logs.brokers;
  one!.answerDelayMs = 100;
  const client = logs.client({ partitionMaxBytes: 50_000, maxBufferedBytes: 200_000 });
  client.fetcher.assign([0, 2, 4, 6].map(tp));
  await logs.world.time.advance(10);
  assert.equal(one!.fetches[0]?.request.maxBytes, 200_000);
  client.fetcher.assign([tp(1)]);
  await logs.world.time.advance(50);
  assert.equal(two!.fetches.length, 0, 'the answer that is on its way may have all there is room for');
  const brought = new Set<string>();
  while (!brought.has('1')) for (const record of await client.take()) brought.add(record.split(':')[0]!);
  await client.close();
});

it('leaves it to the connections to say, once, that the broker cannot be reached', async () => {
  const logs = new LogCluster(34);
  logs.append(1);
  const warnings: string[] = [];
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  Object.assign(logs.world.ports, { logger: { ...silentLogger, warn } });
  const client = logs.client();
  client.fetcher.assign([tp()]);
  await client.take();
  logs.world.network.remove('b1:9092');
  await logs.world.time.advance(20_000);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0]!, /^no connection: b1:9092: nothing listens there/);
  await client.close();
});
