import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProcess } from './node-process.ts';

test('a process knows what it takes of its machine', async () => {
  const figures = await nodeProcess.figures();
  assert.ok(figures.residentBytes > 10e6 && figures.heapBytes > 1e6 && figures.cpuSeconds > 0);
  assert.ok(Math.abs(Date.now() - figures.startedMs) < 600_000);
  assert.ok(figures.activeMs >= 0 && figures.idleMs >= 0);
  if (process.platform === 'linux')
    assert.ok(figures.openFiles! > 2 && figures.maxOpenFiles! > figures.openFiles!);
});
