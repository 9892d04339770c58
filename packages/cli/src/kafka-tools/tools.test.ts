import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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
