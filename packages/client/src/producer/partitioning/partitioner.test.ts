import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionOf } from '@moldau/protocol';
import { SeededRandom } from '@moldau/testing';
import { crc32Hash, fnv1aHash, murmur2Hash } from './key-hashes.ts';
import { Partitioner } from './partitioner.ts';
import { StickyChoice } from './sticky-choice.ts';

const idle = (count: number) => Array.from({ length: count }, () => ({ waitingCount: 0, isAvailable: true }));
const hashed = (hash: typeof murmur2Hash, text: string) => hash(Buffer.from(text), Buffer.byteLength(text));

test('keys are hashed as Java and librdkafka do: known answers of their own tests', () => {
  // Kafka's UtilsTest, and librdkafka's unit tests of murmur2, crc32 and fnv1a.
  const murmur2: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ];
  for (const [key, hash] of murmur2) assert.equal(hashed(murmur2Hash, key), hash & 0x7fffffff, key);
  assert.equal(hashed(crc32Hash, '123456789'), 0xcbf43926);
  const fnv1a: [string, number][] = [
    ['kafka', 0xd33c4e1],
    ['giberish123456789', 0x77a58295],
    ['1234', 0x23bdd03],
    ['234', 0x2dea3cd2],
    ['34', 0x740fa83e],
  ];
  for (const [key, hash] of fnv1a) assert.equal(hashed(fnv1aHash, key), hash, key);
});

test('a text key goes where the same key as bytes goes, whatever its length and letters', () => {
  const random = new SeededRandom(3);
  for (const kind of ['sticky', 'consistent-random', 'fnv1a'] as const) {
    const partitioner = new Partitioner('t', kind, random);
    for (let round = 0; round < 300; round++) {
      const letters = round % 2 === 0 ? 'abc' : 'aä𝄞';
      const key = Array.from(
        { length: 1 + random.below(round === 7 ? 5_000 : 40) },
        () => letters[random.below(letters.length)],
      ).join('');
      const bytes = Buffer.from(key);
      assert.equal(partitioner.choose(key, null, idle(12)), partitioner.choose(bytes, null, idle(12)));
      if (kind === 'sticky') assert.equal(partitioner.choose(key, null, idle(12)), partitionOf(bytes, 12));
    }
  }
});

test('records without a key are spread by chance, but where they stick; for consistent-random an empty key is none', () => {
  const random = new SeededRandom(4);
  const choices = (kind: 'random' | 'murmur2-random' | 'consistent-random' | 'sticky', key: string | null) =>
    new Set(Array.from({ length: 60 }, () => new Partitioner('t', kind, random).choose(key, null, idle(4))));
  assert.equal(choices('random', 'a key').size, 4);
  assert.equal(choices('murmur2-random', null).size, 4);
  assert.equal(choices('murmur2-random', '').size, 1);
  assert.equal(choices('consistent-random', '').size, 4);
  assert.deepEqual([...choices('sticky', null)], [-1]);
});

test("a partitioner of one's own is given the key as it is sent, and what it chooses is checked", () => {
  const seen: unknown[] = [];
  const partitioner = new Partitioner(
    'orders',
    (input) => {
      seen.push(input);
      return input.key === null ? 7 : input.key.length;
    },
    new SeededRandom(1),
  );
  assert.equal(partitioner.choose('ä', 'v', idle(3)), 2);
  assert.deepEqual(seen, [{ topic: 'orders', key: Buffer.from('ä'), value: 'v', partitionCount: 3 }]);
  assert.throws(
    () => partitioner.choose(null, 'v', idle(3)),
    /chose 7 for a record of orders, which has partitions 0 to 2/,
  );
});

test('the sticky choice goes by how little waits (KIP-794), and to partitions with a leader only while there are any', () => {
  const choice = new StickyChoice(new SeededRandom(5));
  const counts = (loads: { waitingCount: number; isAvailable: boolean }[]) => {
    const chosen = loads.map(() => 0);
    for (let round = 0; round < 6_000; round++) chosen[choice.change(loads)]!++;
    return chosen.map((count) => Math.round(count / 1_000));
  };
  const load = (waitingCount: number, isAvailable = true) => ({ waitingCount, isAvailable });
  assert.deepEqual(counts([load(0), load(0), load(0)]), [2, 2, 2]);
  // Weights 3, 1, 2.
  assert.deepEqual(counts([load(0), load(2), load(1)]), [3, 1, 2]);
  assert.deepEqual(counts([load(0, false), load(9), load(9)]), [0, 3, 3]);
  assert.deepEqual(counts([load(0, false), load(0, false)]), [3, 3]);
});
