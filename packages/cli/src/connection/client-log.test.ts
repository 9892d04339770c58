import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '@moldau/testing';
import { clientLog } from './client-log.ts';

test('warnings are told once a minute', async () => {
  const lines: string[] = [];
  const clock = new ManualTime();
  const log = clientLog({ tell: (line) => lines.push(line), clock, isVerbose: false });
  for (let failures = 5; failures <= 7; failures++) log.warn({ failures }, 'no connection: k:1');
  log.debug({}, 'heartbeat');
  log.info({}, 'assigned');
  log.warn({}, 'rebalancing all the time');
  log.warn({}, 'rebalancing all the time');
  const once = ['moldau: no connection: k:1; trying again', 'moldau: rebalancing all the time'];
  assert.deepEqual(lines, once);
  await clock.advance(60_000);
  log.warn({ failures: 70 }, 'no connection: k:1');
  assert.deepEqual(lines, [...once, once[0]]);
});

test('everything is told when that is asked for', () => {
  const lines: string[] = [];
  const log = clientLog({ tell: (line) => lines.push(line), clock: new ManualTime(), isVerbose: true });
  log.debug({ error: new Error('gone'), offset: 7n }, 'looked up');
  log.warn({ failures: 1 }, 'no connection');
  assert.deepEqual(lines, [
    'moldau: debug: looked up {"error":"gone","offset":"7"}',
    'moldau: warning: no connection {"failures":1}',
  ]);
});
