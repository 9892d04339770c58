import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { TestCluster } from './testing-cluster.ts';
import { verbs } from './topic.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

test('describing shows partitions, their extent and what was set', async () => {
  const name = unique('described');
  await cluster.topic(name, 2, [3, 0]);
  await cluster.run(verbs, 'alter', { topic: [name] }, { config: [['retention.ms', '60000']] });
  const { out } = await cluster.run(verbs, 'describe', { topic: [name] });
  assert.match(
    out,
    new RegExp(
      `^Topic: +${name}\nId: +[\\w-]{22}\nPartitions: +2\nReplicas: +1\nSettings: +retention.ms=60000\n`,
    ),
  );
  assert.match(
    out,
    /\n\nPARTITION +LEADER +REPLICAS +IN SYNC +START +END +RECORDS\n +0 +(\d+) +\1 +\1 +0 +3 +3\n/,
  );
  const [topic] = await cluster.json(verbs, 'describe', { topic: [`^${name}$`] }, { regex: true });
  assert.deepEqual(topic.configs, { 'retention.ms': '60000' });
  assert.deepEqual(
    topic.partitions.map(({ startOffset, endOffset }: Record<string, number>) => [startOffset, endOffset]),
    [
      [0, 3],
      [0, 0],
    ],
  );
  const { code, told } = await cluster.run(verbs, 'describe', { topic: [unique('missing')] });
  assert.equal(code, 1);
  assert.match(told[0]!, /missing/);
});

test('settings are changed, added to, and taken back, and a dry run changes none', async () => {
  const name = unique('altered');
  await cluster.topic(name);
  const alter = (options: object) => cluster.json(verbs, 'alter', { topic: [name] }, { ...options });
  const [dry] = await alter({ config: [['retention.ms', '5']], dryRun: true });
  assert.deepEqual([dry.from, dry.to], ['604800000', '5']);
  const changed = { type: 'topic', resource: name, name: 'retention.ms' };
  assert.deepEqual(await alter({ config: [['retention.ms', '60000']] }), [
    { ...changed, from: '604800000', to: '60000' },
  ]);
  assert.deepEqual(await alter({ unset: ['retention.ms'] }), [{ ...changed, from: '60000', to: null }]);
  const [listed] = await alter({ append: [['cleanup.policy', 'compact']] });
  assert.equal(listed.to, 'delete,compact');
  const wrong = await cluster.run(verbs, 'alter', { topic: [name] }, { config: [['retention.ms', 'soon']] });
  assert.equal(wrong.code, 1);
  assert.match(wrong.told[0]!, /retention\.ms/);
  assert.equal((await cluster.run(verbs, 'alter', { topic: [name] })).code, 2);
});

test('topics are deleted when that is confirmed, and not otherwise', async () => {
  const [one, two] = [unique('gone-one'), unique('gone-two')];
  await cluster.topic(one);
  await cluster.topic(two);
  const remove = (topic: string[], options: object, answers: string[] = []) =>
    cluster.run(verbs, 'delete', { topic }, { ...options }, { answers });
  const declined = await remove([one], {}, ['n']);
  assert.deepEqual(
    [declined.code, declined.told],
    [3, [`Delete the topic ${one} and all their records?`, 'nothing was done']],
  );
  const dry = await remove(['^gone-'], { regex: true, dryRun: true });
  assert.ok(dry.out.includes(one) && dry.out.includes(two));
  const missing = await remove([one, 'not-there'], { yes: true });
  assert.deepEqual([missing.code, missing.out], [1, '']);
  const done = await remove([one, two, 'not-there'], { yes: true, ifExists: true });
  assert.deepEqual([done.code, done.out], [0, `DELETED\n${one}\n${two}\n`]);
  const none = await remove(['^gone-'], { regex: true, yes: true });
  assert.deepEqual([none.code, none.told], [1, ['no topic matches ^gone-']]);
});

test('topics get more partitions: so many more, or so many in all', async () => {
  const name = unique('grown');
  await cluster.topic(name, 2);
  const grow = (options: object) => cluster.json(verbs, 'add-partitions', { topic: [name] }, { ...options });
  assert.deepEqual(await grow({ number: 1, dryRun: true }), [{ name, from: 2, to: 3 }]);
  assert.deepEqual(await grow({ number: 1 }), [{ name, from: 2, to: 3 }]);
  await cluster.until(async () => (await cluster.admin.topics.describe(name))[0]!.partitions.length === 3);
  assert.deepEqual(await grow({ to: 5 }), [{ name, from: 3, to: 5 }]);
  assert.equal((await cluster.run(verbs, 'add-partitions', { topic: [name] }, { to: 5 })).code, 1);
  assert.equal((await cluster.run(verbs, 'add-partitions', { topic: [name] })).code, 2);
});

test('the oldest records are deleted: before an offset, a time, or all', async () => {
  const name = unique('trimmed');
  await cluster.topic(name, 2, [5, 3]);
  const trim = (options: object) => cluster.json(verbs, 'trim', { topic: name }, { yes: true, ...options });
  assert.deepEqual(await trim({ before: '2', dryRun: true }), [
    { partition: 0, from: 0, to: 2 },
    { partition: 1, from: 0, to: 2 },
  ]);
  assert.deepEqual(await trim({ before: '2', partitions: '0' }), [{ partition: 0, from: 0, to: 2 }]);
  assert.deepEqual(await trim({ before: '-1h' }), [
    { partition: 0, from: 2, to: 2 },
    { partition: 1, from: 0, to: 0 },
  ]);
  assert.deepEqual(await trim({ before: 'end' }), [
    { partition: 0, from: 2, to: 5 },
    { partition: 1, from: 0, to: 3 },
  ]);
  const beyond = await cluster.run(verbs, 'trim', { topic: name }, { before: '9', yes: true });
  assert.deepEqual(
    [beyond.code, beyond.told],
    [1, [`${name}, partition 0 ends at 5, so it cannot begin at 9`]],
  );
  const missing = await cluster.run(verbs, 'trim', { topic: name }, { before: 'end', partitions: '7' });
  assert.match(missing.told[0]!, /has no partition 7: it has 2/);
});
