// Completion as the shells themselves do it, with the script that the command prints for them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@moldau/testing';
import { verbs } from '../../packages/cli/src/commands/completion.ts';
import { TestCluster } from '../../packages/cli/src/commands/testing-cluster.ts';
import { runVerb } from '../../packages/cli/src/testing-context.ts';
import { BIN } from '../../packages/cli/src/testing-moldau.ts';

const topic = `orders-${randomUUID().slice(0, 8)}`;
let cluster: TestCluster;

before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(topic);
});
after(() => cluster.stop());

/** A folder with the command in it, the script of a shell, and an environment where both are found. */
async function shellWorld(shell: string) {
  const folder = await temporaryDirectory();
  const command = join(folder.path, 'moldau');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" --conditions=source "${BIN}" "$@"\n`);
  chmodSync(command, 0o755);
  const { out } = await runVerb(verbs.find(({ name }) => name === shell)!, {});
  const script = join(folder.path, 'completion');
  writeFileSync(script, out);
  const PATH = `${folder.path}:${process.env.PATH}`;
  const env = { ...process.env, PATH, HOME: folder.path, MOLDAU_BROKERS: cluster.brokers };
  return { script, env, [Symbol.asyncDispose]: () => folder.remove() };
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

test('fish completes with the script', async () => {
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

test('zsh completes with the script, in a terminal as people have it', async () => {
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
  const { stdout } = await promisify(execFile)('zsh', ['-f', '-c', script], { ...world, timeout: 60_000 });
  assert.match(stdout, new RegExp(`topic describe .*${topic}`));
});
