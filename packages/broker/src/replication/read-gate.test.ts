import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadGate } from './read-gate.ts';

test('what does not fit waits its turn, and a read larger than the bound goes alone', async () => {
  const gate = new ReadGate(100);
  const entered: string[] = [];
  assert.equal(gate.enter(60), undefined);
  assert.equal(gate.enter(40), undefined);
  const large = gate.enter(500)!.then(() => entered.push('large'));
  const small = gate.enter(1)!.then(() => entered.push('small'));
  gate.leave(60);
  await Promise.resolve();
  assert.deepEqual(entered, []);
  gate.leave(40);
  await large;
  assert.deepEqual(entered, ['large']);
  gate.leave(500);
  await small;
  assert.equal(gate.usedBytes, 1);
});
