import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { temporaryDirectory } from '@moldau/testing';
import { runVerb } from '../testing-context.ts';
import { complete } from './complete-verb.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
const [topic, group] = ['orders', 'billing'].map((name) => `${name}-${randomUUID().slice(0, 8)}`) as [
  string,
  string,
];
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(topic, 1, [1]);
  await cluster.admin.groupOffsets.alter(group, { topic, partition: 0, offset: 1 });
});
after(() => cluster.stop());

/** What the last word could be. */
async function completed(line: string, environment: Record<string, string> = {}): Promise<string[]> {
  const word = line.split(' ');
  const asked = { environment: { MOLDAU_CONFIG: '/none', MOLDAU_BROKERS: cluster.brokers, ...environment } };
  const { out, told } = await runVerb(complete, { word }, {}, asked);
  assert.deepEqual(told, []);
  return out.split('\n').filter((each) => each !== '');
}
const values = (lines: readonly string[]): string[] => lines.map((line) => line.split('\t')[0]!);

test('nouns, verbs and options are completed, with what they mean, and what is hidden is not', async () => {
  assert.deepEqual(await completed('comp'), [
    'completion\tcomplete commands and names in bash, zsh and fish',
  ]);
  assert.deepEqual(values(await completed('topic de')), ['describe', 'delete']);
  assert.deepEqual(values(await completed('topics de')), ['describe', 'delete']);
  assert.deepEqual(values(await completed('topic delete --')).slice(0, 2), ['--regex', '--if-exists']);
  assert.deepEqual(values(await completed('topic delete --regex x --r')), []);
  assert.deepEqual(values(await completed('topic create x -c a=b --conf')), ['--config']);
  assert.deepEqual(await completed('nothing here'), []);
});

test('values are completed: choices, files, and names that the cluster has', async () => {
  assert.deepEqual(await completed('topic list -o nd'), ['ndjson']);
  assert.deepEqual(await completed('topic list --output=ya'), ['--output=yaml']);
  assert.deepEqual(await completed('server --config '), [':file']);
  assert.deepEqual(await completed(`topic describe ${topic.slice(0, -1)}`), [topic]);
  assert.deepEqual(await completed(`topic describe ${topic} ${topic.slice(0, -1)}`), []);
  assert.deepEqual(await completed(`group seek ${group.slice(0, -1)}`), [group]);
  assert.deepEqual(await completed(`group seek ${group} --to-group ${group.slice(0, -1)}`), [group]);
  assert.deepEqual(await completed('config get to'), ['topic']);
  assert.deepEqual(await completed(`config get topic ${topic.slice(0, -1)}`), [topic]);
  assert.deepEqual(await completed(`config get topic ${topic} retention.b`), ['retention.bytes']);
  assert.deepEqual(await completed('topic create x -c retention.b'), ['retention.bytes']);
  assert.deepEqual(await completed('config set user ada consumer'), ['consumer_byte_rate']);
});

test('profiles are completed from their file', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'config.yaml');
  writeFileSync(file, 'profiles: {production: {brokers: "a:1"}, preview: {brokers: "b:1"}}');
  const known = { MOLDAU_CONFIG: file };
  assert.deepEqual(await completed('profile use p', known), ['production', 'preview']);
  assert.deepEqual(await completed('topic list --profile pro', known), ['production']);
});

test('a cluster that is not there has no names, soon and silently; flags say which one is meant', async () => {
  const nowhere = { MOLDAU_BROKERS: '127.0.0.1:1' };
  assert.deepEqual(await completed('topic describe ', nowhere), []);
  assert.deepEqual(await completed(`topic describe -b ${cluster.brokers} ${topic.slice(0, -1)}`, nowhere), [
    topic,
  ]);
});
