import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { TestCluster } from './testing-cluster.ts';
import { verbs } from './transactions.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

test('a transaction is listed and described while it is open, found where it writes, and its producer can be shut out', async () => {
  const [topic, id] = ['orders', 'payments'].map((name) => `${name}-${randomUUID().slice(0, 8)}`) as [
    string,
    string,
  ];
  await cluster.topic(topic, 1, [1]);
  await using producer = cluster.kafka.producer({ transactionalId: id });
  const transaction = await producer.begin();
  await transaction.send(topic, { value: 'a' });
  const listed = await cluster.json(verbs, 'list', {}, { state: ['ongoing'] });
  assert.ok(listed.some(({ transactionalId }: { transactionalId: string }) => transactionalId === id));
  const [described] = await cluster.json(verbs, 'describe', { id: [id] });
  assert.deepEqual([described.state, described.partitions], ['ongoing', [{ topic, partition: 0 }]]);
  assert.match(
    (await cluster.run(verbs, 'describe', { id: [id] })).out,
    new RegExp(`ongoing .*${topic}:0\n$`),
  );
  const found = await cluster.json(verbs, 'producers', { topic: [topic] });
  assert.ok(found.some((row: Record<string, unknown>) => row.transactionStartOffset === 1));
  const hanging = await cluster.run(verbs, 'hanging', { topic: [topic] });
  assert.deepEqual([hanging.code, hanging.out.split('\n').length], [0, 2]);
  const missing = await cluster.run(verbs, 'abort', { topic: `${topic}:0` }, { start: 77, yes: true });
  assert.match(missing.told[0]!, /no transaction .* starts at 77/);
  assert.equal((await cluster.run(verbs, 'abort', { topic }, { start: 1, yes: true })).code, 2);
  assert.equal((await cluster.run(verbs, 'fence', { id: [id] })).code, 3);
  const [fenced] = await cluster.json(verbs, 'fence', { id: [id] }, { yes: true });
  assert.equal(fenced.transactionalId, id);
  await assert.rejects(transaction.commit());
});

test('a transaction that is open in a partition is ended there, when that is confirmed', async () => {
  const topic = `orders-${randomUUID().slice(0, 8)}`;
  await cluster.topic(topic, 1, [1]);
  await using producer = cluster.kafka.producer({ transactionalId: `payments-${topic}` });
  const transaction = await producer.begin();
  await transaction.send(topic, { value: 'a' });
  const abort = (options: object) =>
    cluster.run(verbs, 'abort', { topic: `${topic}:0` }, { start: 1, ...options });
  assert.equal((await abort({})).code, 3);
  assert.deepEqual((await abort({ dryRun: true })).told, ['nothing was aborted: this was a dry run']);
  assert.deepEqual((await abort({ yes: true })).told, [`aborted in ${topic}, partition 0`]);
  const rows = await cluster.json(verbs, 'producers', { topic: [topic] });
  assert.deepEqual(
    rows.map(({ transactionStartOffset }: Record<string, unknown>) => transactionStartOffset),
    rows.map(() => null),
  );
  await transaction.abort();
});
