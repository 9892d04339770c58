import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNear } from './suggestions.ts';

test('names are near that differ in one place, by a letter or two', () => {
  const near = ['order', 'orderss', 'ordres', 'oders', 'oorders', 'orbers', 'xorders'];
  assert.deepEqual(
    near.filter((name) => !isNear(name, 'orders')),
    [],
  );
  const far = ['', 'ord', 'billing', 'order-events', 'rodesr'];
  assert.deepEqual(
    far.filter((name) => isNear(name, 'orders')),
    [],
  );
  assert.ok(!isNear('a', 'b'));
});
