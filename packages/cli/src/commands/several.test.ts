// Commands about several things of which one fails: the others are done and printed, in the format asked for.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CommandArguments, CommandOptions, VerbSpec } from '../command-line/command.ts';
import { verbs as config } from './config.ts';
import { verbs as group } from './group.ts';
import { verbs as offsets } from './offsets.ts';
import { TestCluster } from './testing-cluster.ts';
import { verbs as topic } from './topic.ts';
import { verbs as user } from './user.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** Lines of standard output and what was told, of a command of which some failed. */
async function ran(
  verbs: readonly VerbSpec[],
  name: string,
  args: CommandArguments,
  options: CommandOptions,
) {
  const { code, out, told } = await cluster.run(verbs, name, args, options, { output: 'ndjson' });
  assert.equal(code, 1, told.join('\n'));
  return {
    rows: out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
    failures: told.filter((line) => line.startsWith('moldau: ')),
  };
}

test('one topic that fails hides nothing of the others', async () => {
  const [there, made, absent] = [unique('there'), unique('made'), unique('absent')];
  await cluster.topic(there);
  const run = async (
    verb: string,
    names: string[],
    options: CommandOptions,
    wanted: string,
    about: string,
  ) => {
    const { rows, failures } = await ran(topic, verb, { topic: names }, options);
    assert.deepEqual(
      rows.map(({ name, resource }) => (name === 'retention.ms' ? resource : name)),
      [wanted],
      verb,
    );
    assert.equal(failures.length, 1, verb);
    assert.match(failures[0]!, new RegExp(`^moldau: .*${about}`), verb);
  };
  await run('create', [there, made], {}, made, there);
  await cluster.until(async () => (await cluster.admin.topics.list()).some(({ name }) => name === made));
  await run('describe', [there, absent], {}, there, absent);
  await run('alter', [absent, there], { config: [['retention.ms', '60000']] }, there, absent);
  await run('add-partitions', [there, absent], { to: 2 }, there, absent);
  const listed = await ran(offsets, 'list', { topic: [absent, made] }, {});
  assert.deepEqual([listed.rows.map((row) => row.topic), listed.failures.length], [[made], 1]);

  const kept = await cluster.run(topic, 'delete', { topic: [there, absent] }, { yes: true });
  assert.deepEqual([kept.code, kept.out], [1, '']);
  assert.equal(kept.told[0], 'nothing is deleted while one of them is not there');
  assert.equal((await cluster.run(topic, 'describe', { topic: [absent, unique('absent')] })).out, '');
});

test('one group that fails hides nothing of the others', async () => {
  const [orders, billing, absent] = [unique('orders'), unique('billing'), unique('absent')];
  await cluster.topic(orders);
  await cluster.admin.groupOffsets.alter(billing, { topic: orders, partition: 0, offset: 0 });
  const { rows, failures } = await ran(group, 'describe', { group: [billing, absent] }, {});
  assert.deepEqual([rows.map((row) => row.group), failures.length], [[billing], 1]);
  const members = await ran(group, 'members', { group: [billing, absent] }, {});
  assert.deepEqual([members.rows, members.failures.length], [[], 1]);
});

test('one setting or user that is not there hides nothing of the others', async () => {
  const name = unique('set');
  await cluster.topic(name);
  const setting = ['retention.ms', 'retention.mss', 'nonsense', 'cleanup.policy'];
  const { rows, failures } = await ran(config, 'get', { type: 'topic', name, setting }, {});
  assert.deepEqual(
    rows.map((row) => row.name),
    ['cleanup.policy', 'retention.ms'],
  );
  assert.deepEqual(failures, [
    'moldau: there is no setting retention.mss there. Did you mean retention.ms?',
    'moldau: there is no setting nonsense there.',
  ]);

  const ada = unique('ada');
  await cluster.admin.users.set({ user: ada, password: 'geheim', mechanism: 'SCRAM-SHA-256' });
  await cluster.until(async () => (await cluster.admin.users.list()).some(({ user }) => user === ada));
  const users = await ran(user, 'list', { user: [unique('eve'), ada] }, {});
  assert.deepEqual([users.rows.map((row) => row.user), users.failures.length], [[ada], 1]);
});
