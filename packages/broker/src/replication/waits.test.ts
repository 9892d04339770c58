import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timer, Timers } from '@moldau/io';
import { Wait } from './waits.ts';

function manualTimers(): Timers & { fire(): void; pending: number } {
  const runs = new Set<() => void>();
  return {
    after(_delayMs: number, run: () => void): Timer {
      runs.add(run);
      return { cancel: () => runs.delete(run) };
    },
    soon: (run) => run(),
    fire() {
      for (const run of [...runs]) run();
    },
    get pending() {
      return runs.size;
    },
  };
}

test('a wait wakes when the bytes credited over all its partitions suffice, and leaves every partition', async () => {
  const timers = manualTimers();
  const [first, second] = [new Set<Wait>(), new Set<Wait>()];
  const wait = new Wait(100);
  wait.hangOn(first);
  wait.hangOn(second);
  let woken = false;
  const done = wait.done(timers, 500).then(() => {
    woken = true;
  });
  wait.credit(60);
  await Promise.resolve();
  assert.equal(woken, false);
  wait.credit(40);
  await done;
  assert.equal(first.size + second.size, 0);
  assert.equal(timers.pending, 0);
});

test('a wait ends at its deadline with whatever there is', async () => {
  const timers = manualTimers();
  const place = new Set<Wait>();
  const wait = new Wait(1);
  wait.hangOn(place);
  const done = wait.done(timers, 500);
  timers.fire();
  await done;
  assert.equal(place.size, 0);
});
