import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { mergeStateBatches, type StateBatch } from './state-batches.ts';

function of(
  firstOffset: number,
  lastOffset: number,
  deliveryState: number,
  deliveryCount: number,
): StateBatch {
  return { firstOffset, lastOffset, deliveryState, deliveryCount };
}

test('joins neighbours that are alike', () => {
  assert.deepEqual(mergeStateBatches([of(0, 4, 2, 1)], [of(5, 9, 2, 1)], -1), [of(0, 9, 2, 1)]);
  assert.deepEqual(mergeStateBatches([of(0, 4, 2, 1), of(6, 9, 2, 1)], [of(5, 5, 2, 1)], -1), [
    of(0, 9, 2, 1),
  ]);
  assert.deepEqual(mergeStateBatches([of(0, 4, 2, 1)], [of(5, 9, 2, 2)], -1), [
    of(0, 4, 2, 1),
    of(5, 9, 2, 2),
  ]);
});

test('more deliveries count more, and a state further on', () => {
  const known = [of(0, 9, 0, 1)];
  assert.deepEqual(mergeStateBatches(known, [of(3, 5, 0, 2)], -1), [
    of(0, 2, 0, 1),
    of(3, 5, 0, 2),
    of(6, 9, 0, 1),
  ]);
  assert.deepEqual(mergeStateBatches(known, [of(0, 9, 2, 1)], -1), [of(0, 9, 2, 1)]);
  assert.deepEqual(mergeStateBatches([of(0, 9, 2, 1)], [of(2, 3, 0, 1)], -1), [of(0, 9, 2, 1)]);
  assert.deepEqual(mergeStateBatches([of(4, 6, 0, 2)], [of(0, 9, 2, 1)], -1), [
    of(0, 3, 2, 1),
    of(4, 6, 0, 2),
    of(7, 9, 2, 1),
  ]);
});

test('leaves out what lies before the start', () => {
  assert.deepEqual(mergeStateBatches([of(0, 9, 0, 1), of(10, 19, 2, 1)], [of(2, 3, 2, 1)], 12), [
    of(12, 19, 2, 1),
  ]);
  assert.deepEqual(mergeStateBatches([of(0, 9, 0, 1)], [], 10), []);
});

test('says of every offset what an offset by offset account says', () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  const below = (limit: number) => Math.floor(random.next() * limit);
  for (let round = 0; round < 300; round++) {
    let merged: StateBatch[] = [];
    const account = new Map<number, [count: number, state: number]>();
    let startOffset = 0;
    for (let step = 0; step < 12; step++) {
      const added = Array.from({ length: below(4) }, () => {
        const first = startOffset + below(30);
        return of(first, first + below(10), [0, 2, 4][below(3)]!, 1 + below(3));
      });
      startOffset += below(3);
      merged = mergeStateBatches(merged, added, startOffset);
      for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of added) {
        for (let offset = firstOffset; offset <= lastOffset; offset++) {
          const [count, state] = account.get(offset) ?? [-1, -1];
          if (deliveryCount > count || (deliveryCount === count && deliveryState >= state))
            account.set(offset, [deliveryCount, deliveryState]);
        }
      }
      for (const offset of account.keys()) if (offset < startOffset) account.delete(offset);
      const told = merged.flatMap(({ firstOffset, lastOffset, deliveryState, deliveryCount }) =>
        Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => [
          firstOffset + index,
          [deliveryCount, deliveryState],
        ]),
      );
      assert.deepEqual(
        told,
        [...account].sort(([a], [b]) => a - b),
        `SEED=${seed} round ${round}`,
      );
    }
  }
});
