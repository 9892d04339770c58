import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSteering } from './logger.ts';

test('a line of the log steers no terminal, whatever a stranger is called', () => {
  const name = 'a\nb\u001b[31m\u009b31m\u0085\u2028\u202eadmin\u007fé😀';
  const line = withoutSteering(JSON.stringify({ name }));
  assert.match(line, /^[\x20-\x7eé😀]+$/u);
  assert.deepEqual(JSON.parse(line), { name });
});
