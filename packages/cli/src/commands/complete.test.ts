import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@moldau/testing';
import { runVerb } from '../testing-context.ts';
import { complete } from './complete-verb.ts';
import { verbs } from './completion.ts';
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

/** A folder with the command in it, the script of a shell, and an environment where both are found. */
async function shellWorld(shell: string) {
  const folder = await temporaryDirectory();
  const bin = fileURLToPath(new URL('../../bin/moldau.js', import.meta.url));
  const command = join(folder.path, 'moldau');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" --conditions=source "${bin}" "$@"\n`);
  chmodSync(command, 0o755);
  const { out } = await runVerb(verbs.find(({ name }) => name === shell)!, {});
  const script = join(folder.path, 'completion');
  writeFileSync(script, out);
  const PATH = `${folder.path}:${process.env.PATH}`;
  const env = { ...process.env, PATH, HOME: folder.path, MOLDAU_BROKERS: cluster.brokers };
  return { script, env, [Symbol.asyncDispose]: () => folder.remove() };
}

/** The reason to skip a shell's test. */
function missing(shell: string): string | false {
  return spawnSync(shell, ['--version']).status === 0 ? false : `${shell} is not installed`;
}

test('bash completes with the script: in a shell of its own', async () => {
  await using world = await shellWorld('bash');
  const typed = (line: string): string =>
    `COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length} COMP_WORDS=(moldau); _moldau; echo "\${COMPREPLY[*]}"`;
  const script = [
    `source ${world.script}`,
    typed(`moldau topic describe ${topic.slice(0, -1)}`),
    typed('moldau topic list --output=js'),
  ].join('\n');
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], world);
  assert.equal(stdout, `${topic}\njson\n`);
});

test('fish completes with the script', { skip: missing('fish') }, async () => {
  await using world = await shellWorld('fish');
  const typed = (line: string): string => `complete -C ${JSON.stringify(line)}`;
  const script = [
    `source ${world.script}`,
    typed(`moldau topic describe ${topic.slice(0, -1)}`),
    typed(`moldau topic list --client-config ${world.script.slice(0, -2)}`),
  ].join('; ');
  const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', script], world);
  assert.equal(stdout, `${topic}\n${world.script}\n`);
});

test('zsh completes with the script, in a terminal as people have it', { skip: missing('zsh') }, async () => {
  await using world = await shellWorld('zsh');
  const script = `
    zmodload zsh/zpty
    zpty -b shell 'TERM=dumb PS1="> " zsh -f -i'
    zpty -w shell 'autoload -Uz compinit; compinit -u -D; source ${world.script}; echo re""ady'
    zpty -r -m shell seen '*ready*' 
    zpty -n -w shell $'moldau topic desc\t${topic.slice(0, -1)}\t'
    zpty -r -m shell seen '*${topic}*'
    print -r -- "$seen"
    zpty -d shell`;
  const { stdout } = await promisify(execFile)('zsh', ['-f', '-c', script], { ...world, timeout: 20_000 });
  assert.match(stdout, new RegExp(`topic describe .*${topic}`));
});
