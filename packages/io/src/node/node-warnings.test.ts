import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { nodeWarnings } from './node-warnings.ts';

test('what a library warns of is a warning of the process, and says where it was', async () => {
  const warnings: string[] = [];
  const listener = ({ name, message }: Error): void => {
    if (name === 'MoldauWarning') warnings.push(message);
  };
  process.on('warning', listener);
  nodeWarnings.debug({}, 'of no interest');
  nodeWarnings.info({}, 'nor this');
  nodeWarnings.warn({ broker: 'b:9092', failures: 3, error: new Error('refused') }, 'no connection: refused');
  nodeWarnings.error({ error: new Error('fenced') }, 'the membership has failed');
  while (warnings.length < 2) await once(process, 'warning');
  process.off('warning', listener);
  assert.deepEqual(warnings, [
    'no connection: refused (broker b:9092, failures 3)',
    'the membership has failed: fenced',
  ]);
});
