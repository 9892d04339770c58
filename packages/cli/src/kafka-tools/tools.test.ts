import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Moldau } from '../testing-moldau.ts';
import { askedTool, loadTool, toolNames } from './tools.ts';

test('each tool can be called by its own name, with and without .sh, once the package is installed', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { bin } = JSON.parse(text) as { bin: Record<string, string> };
  const expected = ['moldau', ...toolNames.flatMap((name) => [name, `${name}.sh`])];
  assert.deepEqual(Object.keys(bin).sort(), expected.sort());
  for (const path of Object.values(bin)) assert.equal(path, 'bin/moldau.js');
});

test('each tool is listed under its own name', async () => {
  for (const name of toolNames) assert.equal((await loadTool(name)).name, name);
});

test('a tool is asked for by the name of the program, or as the first word of moldau', () => {
  const asked = { name: 'kafka-topics', words: ['--list'] };
  assert.deepEqual(askedTool(['/usr/bin/kafka-topics', '--list']), asked);
  assert.deepEqual(askedTool(['/opt/kafka/bin/kafka-topics.sh', '--list']), asked);
  assert.deepEqual(askedTool(['/usr/bin/moldau', 'kafka-topics', '--list']), asked);
  assert.equal(askedTool(['/usr/bin/moldau', 'topic', 'list']), undefined);
  assert.equal(askedTool(['/usr/bin/moldau']), undefined);
});

const commands = new Moldau();
after(() => commands.removeAll());

test("a tool is a process with the streams and the exit code of Kafka's", async () => {
  const version = await commands.run('kafka-topics', '--version').ended;
  assert.match(version.out, /^4\.3\.0 \(Moldau \d+\.\d+\.\d+\)\n$/);
  assert.deepEqual([version.error, version.code], ['', 0]);
  const wrong = await commands.run('kafka-topics.sh', '--bootstrap-server', '127.0.0.1:1', '--lst').ended;
  assert.match(wrong.error, /^lst is not a recognized option\njoptsimple\.UnrecognizedOptionException: /);
  assert.deepEqual([wrong.out, wrong.code], ['', 1]);
});
