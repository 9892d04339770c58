import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { decodeDoneBeyond, encodeDoneBeyond } from './commit-metadata.ts';
import { isInRanges, rangesFrom, unionOf } from './offset-ranges.ts';
import { type Outstanding, PartitionProgress } from './partition-progress.ts';

const seed = seedOf();
console.log(`seed ${seed}: repeat with SEED=${seed}`);

test('what is done beyond the committed offset comes back from the metadata', () => {
  const beyond = {
    ranges: [
      { from: 105, to: 200 },
      { from: 2 ** 45, to: 2 ** 45 + 3 },
    ],
    leaderEpoch: 7,
  };
  const metadata = encodeDoneBeyond(100, beyond);
  assert.match(metadata, /^moldau\/1:[\w-]+$/);
  assert.deepEqual(decodeDoneBeyond(100, metadata), beyond);
  assert.equal(encodeDoneBeyond(100, { ranges: [], leaderEpoch: 7 }), '', 'none when there is nothing');
  assert.equal(encodeDoneBeyond(300, { ranges: [{ from: 105, to: 200 }], leaderEpoch: 7 }), '');
});

test('metadata that somebody else wrote, a later format or a damaged text says nothing', () => {
  for (const metadata of ['', 'mine', 'moldau/2:AAEB', 'moldau/1:', 'moldau/1:gA', 'moldau/1:AQI'])
    assert.deepEqual(decodeDoneBeyond(5, metadata).ranges, [], metadata);
});

test('metadata never exceeds 4096 characters: what is farthest is left out', () => {
  const ranges = Array.from({ length: 5_000 }, (_, index) => ({
    from: index * 500 + 1,
    to: index * 500 + 200,
  }));
  const metadata = encodeDoneBeyond(0, { ranges, leaderEpoch: 3 });
  assert.ok(metadata.length <= 4096 && metadata.length > 4080, String(metadata.length));
  const read = decodeDoneBeyond(0, metadata).ranges;
  assert.deepEqual(read, ranges.slice(0, read.length));
});

test('ranges are cut, joined and searched', () => {
  const ranges = [
    { from: 1, to: 3 },
    { from: 5, to: 9 },
  ];
  assert.deepEqual(rangesFrom(ranges, 6), [{ from: 6, to: 9 }]);
  assert.deepEqual(
    unionOf(ranges, [
      { from: 2, to: 5 },
      { from: 20, to: 21 },
    ]),
    [
      { from: 1, to: 9 },
      { from: 20, to: 21 },
    ],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 8, 9].filter((offset) => isInRanges(ranges, offset)),
    [1, 2, 5, 8],
  );
});

test('at any moment the committed offset is the first that is not done, and the ranges are exactly what is done beyond', () => {
  const random = new SeededRandom(seed);
  const progress = new PartitionProgress();
  const open = new Map<number, Outstanding>();
  const done = new Set<number>();
  let end = 0;
  for (let step = 0; step < 6_000; step++) {
    if (random.chance(0.5)) {
      // Offsets without a record are done as soon as they are passed.
      for (let hole = random.below(3); hole > 0; hole--) done.add(end++);
      const entry = { from: end, to: end + 1, leaderEpoch: 1, isDone: false };
      open.set(end++, entry);
      progress.add(entry);
    } else if (open.size > 0) {
      const offset = random.chance(0.02)
        ? Math.min(...open.keys())
        : random.pick([...open.keys()].slice(-40));
      progress.finish(open.get(offset)!);
      open.delete(offset);
      done.add(offset);
    }
    if (step % 50 !== 0) continue;
    const at = progress.at({ offset: end, leaderEpoch: 1 }, { ranges: [], leaderEpoch: undefined });
    assert.equal(at.offset, Math.min(end, ...open.keys()));
    for (let offset = at.offset; offset < end; offset++)
      assert.equal(isInRanges(at.beyond.ranges, offset), done.has(offset), `offset ${offset}`);
  }
});

test('a record that is never done keeps no list of those that follow it', () => {
  const progress = new PartitionProgress();
  progress.add({ from: 0, to: 1, leaderEpoch: 1, isDone: false });
  for (let offset = 1; offset < 300_000; offset++) {
    const entry = { from: offset, to: offset + 1, leaderEpoch: 1, isDone: false };
    progress.add(entry);
    progress.finish(entry);
  }
  assert.ok(progress.entryCount < 1_000, `${progress.entryCount} entries`);
  const { offset, beyond } = progress.at({ offset: 300_000 }, { ranges: [], leaderEpoch: undefined });
  assert.deepEqual([offset, beyond.ranges], [0, [{ from: 1, to: 300_000 }]]);
});

test('what the application says is done is done up to there', () => {
  const progress = new PartitionProgress();
  const chunk = { from: 0, to: 10, leaderEpoch: 1, isDone: false };
  progress.add(chunk);
  progress.finishBelow(4, 2);
  const nothing = { ranges: [], leaderEpoch: undefined };
  assert.equal(progress.at({ offset: 10 }, nothing).offset, 4);
  progress.finishBelow(10, 2);
  assert.equal(progress.at({ offset: 10 }, nothing).offset, 10);
  assert.ok(progress.isEmpty);
});
