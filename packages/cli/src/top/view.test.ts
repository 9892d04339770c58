import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from './figures.ts';
import type { Sample } from './sample.ts';
import { redraw } from './screen.ts';
import { keysIn, pressed, screenLines } from './view.ts';

const topic = (endOffset: number, sizeBytes: number) => ({ partitionCount: 2, endOffset, sizeBytes });
const group = (lag: number, committedOffset: number) => ({
  ...{ state: 'stable', lag, committedOffset },
  members: [{ clientId: 'worker', host: '/10.0.0.1', partitionCount: 2 }],
});
const BROKER = { id: 1, address: 'k:9092', isController: true, leaderCount: 4, latencyMs: 1.2345 };
const before: Sample = {
  ...{ atMs: 0, brokers: [BROKER] },
  topics: new Map([
    ['calm', topic(5, 50)],
    ['orders', topic(100, 1000)],
  ]),
  groups: new Map([['billing', group(10, 90)]]),
};
const now: Sample = {
  ...{ atMs: 2000, brokers: [BROKER] },
  topics: new Map([...before.topics, ['orders', topic(300, 5000)], ['new', topic(9, 90)]]),
  groups: new Map([
    ['audit', group(0, 5)],
    ['billing', group(110, 190)],
  ]),
};
const figures = figuresOf(before, now);
const SIZE = { columns: 60, rows: 7 };

test('two looks give rates, the busiest topics and the groups furthest behind first', () => {
  assert.deepEqual(
    figures.topics.map(({ topic, recordsPerSecond, bytesPerSecond }) => [
      topic,
      recordsPerSecond,
      bytesPerSecond,
    ]),
    [
      ['orders', 100, 2000],
      ['calm', 0, 0],
      ['new', 0, 0],
    ],
  );
  const [billing, audit] = figures.groups;
  assert.deepEqual([billing?.group, billing?.lagPerSecond, billing?.committedPerSecond], ['billing', 50, 50]);
  assert.deepEqual([audit?.group, audit?.lagPerSecond], ['audit', 0]);
  assert.deepEqual([figures.recordsPerSecond, figures.lag, figures.brokers[0]?.latencyMs], [100, 110, 1.23]);
});

test('a screen has as many lines as the terminal, none too long, and says what is below', () => {
  const lines = screenLines(figures, { pane: 'topics', scroll: 0 }, { columns: 60, rows: 6 });
  assert.equal(lines.length, 6);
  assert.ok(lines.every(({ length }) => length <= 60));
  assert.match(lines[1]!, /^\[topics\] {2}groups /);
  assert.match(lines[3]!, /^orders +100 +2\.0 KiB +4\.9 KiB/);
  assert.deepEqual(screenLines(figures, { pane: 'groups', scroll: 9 }, SIZE).length, 7);
  const wide = screenLines(figures, { pane: 'topics', scroll: 0 }, { columns: 99, rows: 6 });
  assert.match(wide[5]!, /1 more below$/);
  assert.match(
    screenLines(figures, { pane: 'groups', scroll: 0 }, SIZE)[3]!,
    /^billing +110 +\+50 +50 +1 +stable$/,
  );
});

test('long names give way to figures, and keep how they begin and end', () => {
  const named = (name: string) => ({ ...now, topics: new Map([[name, topic(300, 5000)]]) });
  const long = `${'a'.repeat(200)}-7`;
  const shown = (columns: number) =>
    screenLines(figuresOf(before, named(long)), { pane: 'topics', scroll: 0 }, { columns, rows: 6 });
  assert.match(shown(60)[2]!, / PARTITIONS$/);
  assert.match(shown(60)[3]!, /^a+…a+-7 +0 +0 B +4\.9 KiB +2$/);
  assert.ok(shown(60)[3]!.length <= 60);
  assert.match(shown(20)[3]!, /^a+…a*-7 /);
  assert.match(shown(300)[3]!, /^a{200}-7 /);
});

test('no screen has more lines than the terminal', () => {
  for (const rows of [1, 2, 3, 4, 5]) {
    const lines = screenLines(figures, { pane: 'topics', scroll: 0 }, { columns: 60, rows });
    assert.equal(lines.length, rows);
  }
});

test('keys that come together are taken one by one', () => {
  assert.deepEqual(keysIn('g\x1b[B\x1b[6~q\x1b'), ['g', '\x1b[B', '\x1b[6~', 'q', '\x1b']);
});

test('keys choose what is shown, scroll as far as there is something, and end it', () => {
  const state = { pane: 'topics', scroll: 0 } as const;
  const press = (key: string, from = state as Parameters<typeof pressed>[1]) => pressed(key, from, 10, SIZE);
  assert.deepEqual(press('g'), { pane: 'groups', scroll: 0 });
  assert.deepEqual(press('\x1b[B'), { pane: 'topics', scroll: 1 });
  assert.deepEqual(press('\x1b[A'), { pane: 'topics', scroll: 0 });
  assert.deepEqual(press('\x1b[6~', { pane: 'topics', scroll: 6 }), { pane: 'topics', scroll: 7 });
  assert.deepEqual(press('\x1b[D'), { pane: 'brokers', scroll: 0 });
  assert.deepEqual(press('x'), state);
  assert.deepEqual([press('q'), press('\x03')], ['quit', 'quit']);
});

test('only lines that changed are drawn', () => {
  assert.equal(redraw(['a', 'b'], ['a', 'b']), '');
  assert.equal(redraw(['a', 'b'], ['a', 'c']), '\x1b[2;1Hc\x1b[K');
  assert.equal(redraw(['a', 'b'], ['a']), '\x1b[2;1H\x1b[K');
  assert.equal(redraw([], ['a']), '\x1b[1;1Ha\x1b[K');
});
