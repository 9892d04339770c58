import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { verbs } from './cluster.ts';
import { verbs as logDirs } from './log-dirs.ts';
import { verbs as offsets } from './offsets.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
const topic = `orders-${randomUUID().slice(0, 8)}`;
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(topic, 2, [4, 2]);
});
after(() => cluster.stop());

test('the cluster, its brokers, features and controllers are shown', async () => {
  const { out } = await cluster.run(verbs, 'info');
  assert.match(out, /^Cluster: +[\w-]{22}\nBrokers: +\d+ \(127\.0\.0\.1:\d+\)\n/);
  const info = await cluster.json(verbs, 'info');
  assert.deepEqual([info.leaderless, info.underReplicated], [0, 0]);
  const [broker] = await cluster.json(verbs, 'brokers');
  assert.equal(`${broker.host}:${broker.port}`, cluster.brokers);
  const features = await cluster.json(verbs, 'features');
  const metadata = features.find(({ feature }: { feature: string }) => feature === 'metadata.version');
  assert.ok(metadata.level > 0 && metadata.level <= metadata.maxLevel);
  const quorum = await cluster.json(verbs, 'quorum');
  assert.equal(quorum.replicas[0].role, 'leader');
  assert.match((await cluster.run(verbs, 'quorum')).out, /^ *ID +ROLE +END +LAG\n *\d+ +leader +\d+ +0\n/);
});

test('what brokers speak is listed by name', async () => {
  const apis = await cluster.json(verbs, 'api-versions');
  const fetch = apis.find(({ key }: { key: number }) => key === 1);
  assert.deepEqual([fetch.api, fetch.maxVersion >= 12], ['Fetch', true]);
});

test('leaders are elected where another is preferred; an unclean election is asked for first', async () => {
  assert.deepEqual(await cluster.json(verbs, 'elect-leaders', { topic: [topic] }), []);
  const declined = await cluster.run(verbs, 'elect-leaders', { topic: [topic] }, { type: 'unclean' });
  assert.equal(declined.code, 3);
});

test('partitions begin and end, and a time is somewhere in them', async () => {
  const { out } = await cluster.run(offsets, 'list', { topic: [topic] });
  assert.equal(out.split('\n')[1]!.replaceAll(/ +/g, ' '), `${topic} 0 0 4 4`);
  const at = (place: string, name = topic) => cluster.json(offsets, 'list', { topic: [name] }, { at: place });
  assert.deepEqual(
    (await at('-1h')).map(({ offset }: { offset: number }) => offset),
    [0, 0],
  );
  const [latest] = await at('max-timestamp', `${topic}:0`);
  assert.ok(latest.timestampMs > 1_700_000_000_000);
  assert.equal(
    (await cluster.json(offsets, 'list', { topic: [`${topic}:1`] }, { committed: true }))[0].offset,
    2,
  );
  assert.equal((await cluster.run(offsets, 'list', { topic: [topic] }, { at: 'noon' })).code, 2);
  assert.ok((await cluster.json(offsets, 'list')).length >= 2);
});

test('log directories are listed with what is in them', async () => {
  const [dir] = await cluster.json(logDirs, 'list');
  assert.ok(dir.replicas >= 2 && dir.sizeBytes > 0 && dir.totalBytes > dir.usableBytes);
  const rows = await cluster.json(logDirs, 'replicas', { topic: [`${topic}:0`] });
  assert.deepEqual(
    rows.map(({ topic, partition, path, future }: Record<string, unknown>) => [
      topic,
      partition,
      path,
      future,
    ]),
    [[topic, 0, dir.path, false]],
  );
  assert.match((await cluster.run(logDirs, 'list')).out, /FREE/);
  const move = { broker: dir.broker, to: '/nowhere' };
  assert.equal((await cluster.run(logDirs, 'move', { topic: [topic] }, move)).code, 1);
  assert.equal((await cluster.run(logDirs, 'move', { topic: [topic] }, { ...move, dryRun: true })).code, 0);
});
