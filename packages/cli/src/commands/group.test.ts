import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodeDisk } from '@moldau/io';
import { temporaryDirectory } from '@moldau/testing';
import { verbs } from './group.ts';
import { parseOffsets } from './offsets-file.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start(['group.initial.rebalance.delay.ms=0']);
});
after(() => cluster.stop());

const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** A group without members that has committed in both partitions of a topic of 10 and 5 records. */
async function committed(offsets: readonly [number, number]): Promise<{ topic: string; group: string }> {
  const [topic, group] = [unique('orders'), unique('billing')];
  await cluster.topic(topic, 2, [10, 5]);
  await cluster.admin.groupOffsets.alter(
    group,
    offsets.map((offset, partition) => ({ topic, partition, offset })),
  );
  return { topic, group };
}

test('groups are listed, by pattern and state', async () => {
  const { group } = await committed([0, 0]);
  const { out } = await cluster.run(verbs, 'list', { pattern: group });
  assert.match(out, new RegExp(`^GROUP +STATE +TYPE\n${group} +empty +classic\n$`));
  const rows = await cluster.json(verbs, 'list', {}, { state: ['empty'], type: ['classic'] });
  assert.ok(rows.some((row: { group: string }) => row.group === group));
  assert.deepEqual(await cluster.json(verbs, 'list', { pattern: group }, { state: ['stable'] }), []);
});

test('describing tells how far a group is behind, and who reads', async () => {
  const { topic, group } = await committed([4, 5]);
  const { out } = await cluster.run(verbs, 'describe', { group: [group] });
  assert.match(out, new RegExp(`^Group: +${group}\nState: +empty\n[^]*Members: +0\nLag: +6\n`));
  assert.match(
    out,
    new RegExp(
      `\n\nTOPIC +PARTITION +COMMITTED +END +LAG +CLIENT +HOST\n${topic} +0 +4 +10 +6 +- +-\n${topic} +1 +5 +5 +0 `,
    ),
  );
  const [behind] = await cluster.json(verbs, 'describe', { group: [group] }, { behind: true });
  assert.deepEqual([behind.totalLag, behind.partitions.length], [6, 1]);
  assert.deepEqual(behind.partitions[0], {
    ...{ topic, partition: 0, committedOffset: 4, endOffset: 10, lag: 6 },
    ...{ memberId: null, clientId: null, host: null },
  });
  const missing = await cluster.run(verbs, 'describe', { group: [unique('nobody')] });
  assert.equal(missing.code, 1);
  assert.match(missing.told[0]!, /nobody/);
});

test('members are listed with what they read, a group that has some is not moved, and they can be taken out', async () => {
  const { topic, group } = await committed([0, 0]);
  await using consumer = cluster.kafka.consumer({
    ...{ groupId: group, groupProtocol: 'classic', instanceId: 'worker-1', heartbeatIntervalMs: 50 },
  });
  consumer.subscribe(topic);
  await consumer[Symbol.asyncIterator]().next();
  const [member] = await cluster.json(verbs, 'members', { group: [group] });
  assert.equal(member.instanceId, 'worker-1');
  assert.deepEqual(member.subscribedTopics, [topic]);
  const { out } = await cluster.run(verbs, 'members', { group: [group] });
  assert.match(out, new RegExp(`2 +${topic}:0,1\n$`));
  const refused = await cluster.run(verbs, 'seek', { group }, { to: 'latest', yes: true });
  assert.equal(refused.code, 1);
  assert.match(refused.told.join(), /stop them first, then change its offsets\.$/);
  const remove = (member: string[], options: object) =>
    cluster.run(verbs, 'remove-members', { group, member }, { yes: true, ...options });
  assert.equal((await remove([], {})).code, 2);
  assert.match((await remove(['nobody'], {})).told[0]!, /has no member nobody/);
  assert.match((await remove([], { all: true, dryRun: true })).told[0]!, /it would be worker-1/);
  const removed = await remove(['worker-1'], {});
  assert.deepEqual([removed.code, removed.told], [0, [`1 taken out of ${group}`]]);
});

test('members of the consumer protocol can be taken out as well', async () => {
  const { topic, group } = await committed([0, 0]);
  await using consumer = cluster.kafka.consumer({ groupId: group, groupProtocol: 'consumer' });
  consumer.subscribe(topic);
  await consumer[Symbol.asyncIterator]().next();
  const { code, told } = await cluster.run(verbs, 'remove-members', { group }, { all: true, yes: true });
  assert.deepEqual([code, told], [0, [`1 taken out of ${group}`]]);
});

test('a group goes on where it is told to: a place, an offset, a time, a shift', async () => {
  const { topic, group } = await committed([4, 5]);
  const seek = (options: object) => cluster.json(verbs, 'seek', { group }, { yes: true, ...options });
  const move = (partition: number, from: number, to: number) => ({ topic, partition, from, to });
  assert.deepEqual(await seek({ to: 'earliest', dryRun: true }), [move(0, 4, 0), move(1, 5, 0)]);
  assert.deepEqual(await seek({ to: 'earliest' }), [move(0, 4, 0), move(1, 5, 0)]);
  assert.deepEqual(await seek({ to: 'latest', topic: [{ topic, partitions: [1] }] }), [move(1, 0, 5)]);
  assert.deepEqual(await seek({ toOffset: 3 }), [move(0, 0, 3), move(1, 5, 3)]);
  assert.deepEqual(await seek({ shift: '-100', topic: [{ topic, partitions: [0] }] }), [move(0, 3, 0)]);
  assert.deepEqual(await seek({ shift: '2' }), [move(0, 0, 2), move(1, 3, 5)]);
  assert.deepEqual(await seek({ toTime: '-1h' }), [move(0, 2, 0), move(1, 5, 0)]);
  assert.deepEqual(await seek({ toTime: '-1h' }), []);
  const nobody = await cluster.run(verbs, 'seek', { group: `${group}-x` }, { to: 'latest', yes: true });
  assert.deepEqual(
    [nobody.code, nobody.told],
    [1, [`${group}-x has committed nothing: name with --topic where it is to begin`]],
  );
  for (const wrong of [{}, { to: 'latest', toOffset: 3 }, { shift: 'on' }, { toTime: 'soon' }])
    assert.equal((await cluster.run(verbs, 'seek', { group }, wrong)).code, 2);
  const declined = await cluster.run(verbs, 'seek', { group }, { to: 'latest' }, { answers: ['n'] });
  const question = `Move ${group} in 2 partitions: ${topic}:0 from 0 to 10, ${topic}:1 from 0 to 5?`;
  assert.deepEqual([declined.code, declined.told[0]], [3, question]);
});

test('a group goes on where another is, or where a file says', async () => {
  const { topic, group } = await committed([4, 5]);
  const other = unique('second');
  const seek = (options: object, stdin = '') =>
    cluster.run(verbs, 'seek', { group: other }, { yes: true, ...options }, { stdin, output: 'ndjson' });
  const first = await seek({ toGroup: group });
  assert.deepEqual(
    first.out,
    [0, 1]
      .map((partition) => `${JSON.stringify({ topic, partition, from: null, to: 4 + partition })}\n`)
      .join(''),
  );
  const folder = await temporaryDirectory();
  const path = join(folder.path, 'offsets.csv');
  await nodeDisk.replaceFile(path, Buffer.from(`topic,partition,offset\n${topic},0,2\n`));
  assert.equal(
    (await seek({ toFile: path })).out,
    `${JSON.stringify({ topic, partition: 0, from: 4, to: 2 })}\n`,
  );
  await folder.remove();
  const described = await cluster.run(verbs, 'describe', { group: [group] }, {}, { output: 'json' });
  const back = await seek({ toFile: '-' }, described.out);
  assert.equal(back.out, `${JSON.stringify({ topic, partition: 0, from: 2, to: 4 })}\n`);
  const wrong = await seek({ toFile: '-' }, 'orders,zero,1\norders,0,1');
  assert.deepEqual([wrong.code, wrong.told.length], [2, 1]);
  assert.equal((await seek({ toGroup: unique('nobody') })).code, 1);
});

test('offsets are read as Kafka’s tools write them, with spaces, and as JSON', () => {
  const expected = [{ topic: 'orders', partition: 0, offset: 7 }];
  for (const text of ['"orders",0,7\n', '# mine\norders 0 7', '{"topic":"orders","partition":0,"offset":7}'])
    assert.deepEqual(parseOffsets(text, 'a file'), expected);
  assert.throws(
    () => parseOffsets('orders,0,7\norders,1\n', 'a file'),
    /a file, line 2: orders,1: expected topic,partition,offset/,
  );
  assert.throws(() => parseOffsets('[1', 'a file'), /a file is no JSON/);
});

test('groups and single offsets of theirs are deleted', async () => {
  const { topic, group } = await committed([4, 5]);
  const forgotten = await cluster.json(
    verbs,
    'delete-offsets',
    { group, topic: [`${topic}:1`] },
    { yes: true },
  );
  assert.deepEqual(forgotten, [{ topic, partition: 1, offset: 5 }]);
  const remove = (options: object, groups = [group]) =>
    cluster.run(verbs, 'delete', { group: groups }, { ...options });
  assert.equal((await remove({})).code, 3);
  assert.equal((await remove({ yes: true }, [group, 'not-there'])).code, 1);
  assert.equal(
    (await remove({ yes: true, ifExists: true }, [group, 'not-there'])).out,
    `DELETED\n${group}\n`,
  );
  assert.deepEqual(await cluster.json(verbs, 'list', { pattern: group }), []);
});
