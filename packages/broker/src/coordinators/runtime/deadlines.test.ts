import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from './deadlines.ts';

test('runs what is due in order of time, and nothing else', () => {
  const deadlines = new Deadlines();
  const ran: number[] = [];
  for (const atMs of [5, 1, 4, 2, 3]) deadlines.schedule(atMs, () => ran.push(atMs));
  assert.equal(deadlines.nextMs(), 1);
  deadlines.advance(3);
  assert.deepEqual(ran, [1, 2, 3]);
  assert.equal(deadlines.nextMs(), 4);
  deadlines.advance(10);
  assert.deepEqual(ran, [1, 2, 3, 4, 5]);
  assert.equal(deadlines.nextMs(), Number.POSITIVE_INFINITY);
});

test('moves a deadline later and earlier', () => {
  const deadlines = new Deadlines();
  const ran: string[] = [];
  const later = deadlines.schedule(5, () => ran.push('later'));
  const earlier = deadlines.schedule(50, () => ran.push('earlier'));
  deadlines.move(later, 20);
  deadlines.move(earlier, 10);
  deadlines.advance(9);
  assert.deepEqual(ran, []);
  deadlines.advance(10);
  assert.deepEqual(ran, ['earlier']);
  deadlines.advance(20);
  assert.deepEqual(ran, ['earlier', 'later']);
});

test('a deadline set while others run is run in its turn', () => {
  const deadlines = new Deadlines();
  const ran: string[] = [];
  deadlines.schedule(1, () => {
    ran.push('first');
    deadlines.schedule(2, () => ran.push('second'));
    deadlines.schedule(9, () => ran.push('third'));
  });
  deadlines.advance(5);
  assert.deepEqual(ran, ['first', 'second']);
});

test('runs each of many deadlines at its time, whatever was moved and cancelled', () => {
  const deadlines = new Deadlines();
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % below;
  };
  const wanted = new Map<number, number>();
  const ranAt = new Map<number, number>();
  let nowMs = 0;
  const handles = Array.from({ length: 2_000 }, (_, id) => {
    const atMs = random(1_000);
    wanted.set(id, atMs);
    return deadlines.schedule(atMs, () => ranAt.set(id, nowMs));
  });
  for (let change = 0; change < 3_000; change++) {
    const id = random(handles.length);
    if (random(3) === 0) {
      deadlines.cancel(handles[id]!);
      wanted.delete(id);
    } else if (wanted.has(id)) {
      const atMs = random(1_000);
      handles[id] = deadlines.move(handles[id]!, atMs);
      wanted.set(id, atMs);
    }
  }
  for (nowMs = 0; nowMs <= 1_000; nowMs += 10) deadlines.advance(nowMs);
  const expected = [...wanted].map(([id, atMs]) => [id, Math.ceil(atMs / 10) * 10]);
  assert.deepEqual(
    [...ranAt].sort((a, b) => a[0] - b[0]),
    expected.sort((a, b) => a[0]! - b[0]!),
  );
  assert.equal(deadlines.nextMs(), Number.POSITIVE_INFINITY);
});
