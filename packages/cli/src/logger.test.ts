import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prettyLine, withoutSteering } from './logger.ts';

const NAME = 'a\nb\u001b[31m\u009b31m\u0085\u2028\u202eadmin\u007fé😀';
const NOON = Date.parse('2026-01-01T12:00:00.123Z');

test('a line of the log steers no terminal, whatever a stranger is called', () => {
  const line = withoutSteering(JSON.stringify({ name: NAME }));
  assert.match(line, /^[\x20-\x7eé😀]+$/u);
  assert.deepEqual(JSON.parse(line), { name: NAME });
});

test('a line for people steers no terminal either', () => {
  const error = new Error(NAME);
  const line = prettyLine(NOON, 'error', { name: NAME, nested: { NAME, list: [NAME] }, err: error }, NAME);
  const [head, ...places] = line.trimEnd().split('\n');
  assert.match(head!, /^[\x20-\x7eé😀]+$/u);
  assert.ok(places.length > 0);
  for (const place of places) assert.match(place, /^ {4}at [\x20-\x7e]+$/);
});

test('a line for people says when, how bad, what, and of what', () => {
  const fields = {
    listenerName: 'PLAINTEXT',
    client: '10.0.0.1:99',
    topic: 'a b',
    count: 3,
    none: undefined,
  };
  assert.equal(
    prettyLine(NOON, 'warn', fields, 'closed a "connection"'),
    '2026-01-01 12:00:00.123 WARN  closed a "connection"  listenerName=PLAINTEXT client=10.0.0.1:99 topic="a b" count=3\n',
  );
  assert.equal(prettyLine(NOON, 'info', {}, 'stopping'), '2026-01-01 12:00:00.123 INFO  stopping\n');
});
