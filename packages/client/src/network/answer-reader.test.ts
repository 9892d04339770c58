import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { AnswerReader } from './answer-reader.ts';

test('answers come whole and in order, however their bytes come', () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const sent = Array.from({ length: 1 + random.below(6) }, () =>
      random.bytes(4 + random.below(random.pick([1, 50, 5_000, 30_000]))),
    );
    const stream = Buffer.concat(
      sent.flatMap((answer) => {
        const size = Buffer.alloc(4);
        size.writeInt32BE(answer.length);
        return [size, answer];
      }),
    );
    const got: Buffer[] = [];
    const reader = new AnswerReader({
      maxAnswerBytes: 100_000,
      onAnswer: (answer) => got.push(answer),
      onBadSize: (size) => assert.fail(`${size}`),
    });
    for (let position = 0; position < stream.length; ) {
      const place = reader.place();
      const most = Math.min(stream.length - position, place?.length ?? 65_536);
      const count = 1 + random.below(random.chance(0.5) ? most : Math.min(most, 9));
      const piece = stream.subarray(position, position + count);
      position += count;
      if (place === undefined) reader.received(piece);
      else {
        place.set(piece);
        reader.filled(count);
      }
    }
    assert.deepEqual(got, sent, `SEED=${seed}`);
    assert.equal(reader.isWithinAnswer, false);
  }
});

test('a large answer is read in place, into one buffer of its size', () => {
  let got: Buffer | undefined;
  const reader = new AnswerReader({
    maxAnswerBytes: 1 << 20,
    onAnswer: (answer) => {
      got = answer;
    },
    onBadSize: () => assert.fail(),
  });
  assert.equal(reader.place(), undefined);
  reader.received(Buffer.from([0, 1, 0, 0, 7]));
  const place = reader.place()!;
  assert.equal(place.length, 65_535);
  assert.equal(place.buffer.byteLength, 65_536);
  reader.filled(65_535);
  assert.equal(got!.buffer, place.buffer);
  assert.equal(got![0], 7);
});

test('a size that cannot be ends the reading before anything is allocated', () => {
  for (const bytes of [
    [0x7f, 0, 0, 0],
    [0xff, 0xff, 0xff, 0xff],
    [0, 0, 0, 3],
  ]) {
    const sizes: number[] = [];
    const reader = new AnswerReader({
      maxAnswerBytes: 1_000,
      onAnswer: () => assert.fail(),
      onBadSize: (size) => sizes.push(size),
    });
    for (const byte of [...bytes, 0, 0, 0, 0, 0]) reader.received(Buffer.of(byte));
    assert.deepEqual(sizes, [Buffer.from(bytes).readInt32BE(0)]);
  }
});
