// Partitions moved to other brokers, and features to other levels. There is one broker, so most of it is what is refused and what is there already.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verbs as clusterVerbs } from './cluster.ts';
import { TestCluster } from './testing-cluster.ts';
import { verbs as topicVerbs } from './topic.ts';

let cluster: TestCluster;
let broker: number;
const topic = `moves-${process.pid}`;
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(topic, 2);
  broker = (await cluster.admin.cluster.describe()).brokers[0]!.id;
});
after(() => cluster.stop());

const move = (options: Record<string, unknown>, names = [topic], stdin = '') =>
  cluster.run(topicVerbs, 'move', { topic: names }, options, { stdin });

test('what is where it is to be does not move, and nothing is on its way', async () => {
  for (const options of [{ to: [broker] }, { replicationFactor: 1 }, { replicas: `${broker}`, wait: true }]) {
    const { code, told } = await move(options);
    assert.deepEqual([code, told], [0, ['nothing is to be moved: all of it is there already']]);
  }
  assert.deepEqual(await cluster.json(topicVerbs, 'moves', { topic: [topic] }), []);
  assert.deepEqual(await cluster.json(topicVerbs, 'moves'), []);
  assert.deepEqual((await move({ cancel: true }, [])).told, ['nothing is on the move']);
});

test('a move is shown before it is made, by brokers or from a file', async () => {
  const wanted = [{ topic, partition: 1, from: [broker], replicas: [999, broker] }];
  const place = { topic: [`${topic}:1`] };
  const replicas = { replicas: `999,${broker}`, dryRun: true };
  assert.deepEqual(await cluster.json(topicVerbs, 'move', place, replicas), wanted);
  const file = { file: '-', dryRun: true };
  const stdin = JSON.stringify({ version: 1, partitions: wanted });
  assert.deepEqual(await cluster.json(topicVerbs, 'move', {}, file, { stdin }), wanted);
  const again = { stdin: JSON.stringify(wanted) };
  assert.deepEqual(await cluster.json(topicVerbs, 'move', {}, file, again), wanted);
});

test('moves that cannot be are refused', async () => {
  assert.equal((await move({ replicas: `999,${broker}` })).code, 1);
  assert.match((await move({ replicationFactor: 2 })).told[0]!, /2 copies .* need as many brokers/);
  assert.match((await move({}, [topic])).told[0]!, /say where to/);
  assert.equal((await move({ to: [broker] }, [])).code, 2);
  assert.equal((await move({ replicas: '1,1' })).code, 2);
  assert.equal((await move({ cancel: true, to: [broker] })).code, 2);
  assert.equal((await move({ file: '-' }, [topic], '[]')).code, 2);
  for (const stdin of ['{', '{}', '[{"topic":"a","partition":0}]']) {
    const { code, told } = await move({ file: '-' }, [], stdin);
    assert.equal(code, 2, stdin);
    assert.match(told[0]!, /^standard input/);
  }
});

test('features are lowered and raised again', async () => {
  const change = (verb: string, feature: string[], options = {}) =>
    cluster.run(clusterVerbs, verb, { feature }, options);
  const feature = 'transaction.version';
  const at = async () => (await cluster.admin.features.describe()).finalized.get(feature)?.maxLevel;
  assert.equal((await change('downgrade', [`${feature}=1`])).code, 3);
  assert.equal((await change('downgrade', [`${feature}=1`], { dryRun: true })).code, 0);
  assert.equal(await at(), 2);
  assert.equal((await change('downgrade', [`${feature}=1`], { yes: true })).code, 0);
  await cluster.until(async () => (await at()) === 1);
  assert.match(
    (await change('downgrade', [`${feature}=2`])).told[0]!,
    /cluster upgrade transaction\.version=2/,
  );
  assert.deepEqual(await cluster.json(clusterVerbs, 'upgrade', { feature: [feature] }, { yes: true }), [
    { feature, from: 1, to: 2 },
  ]);
  await cluster.until(async () => (await at()) === 2);
  assert.match(
    (await change('upgrade', [`${feature}=1`])).told[0]!,
    /cluster downgrade transaction\.version=1/,
  );
  assert.match((await change('upgrade', ['wings'])).told[0]!, /there is no feature wings: there are /);
  assert.match((await change('upgrade', [feature])).told[0]!, /^nothing is to be changed/);
});
