import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { BlockSplitter } from './block-splitter.ts';
import { LineSplitter } from './line-splitter.ts';

test('lines are the same however they are cut into chunks, and whatever the delimiter', () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const delimiter = random.pick(['\n', 'ab', 'aab', '::']);
    const text = Array.from({ length: random.below(40) }, () => random.pick(['a', 'b', ':', '\n', 'x'])).join(
      '',
    );
    const splitter = new LineSplitter(Buffer.from(delimiter));
    const lines: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = 1 + random.below(5);
      for (const line of splitter.lines(Buffer.from(text.slice(at, at + size)))) lines.push(line.toString());
      at += size;
    }
    const rest = splitter.rest();
    if (rest !== undefined) lines.push(rest.toString());
    const wanted = text.split(delimiter);
    if (wanted.at(-1) === '') wanted.pop();
    assert.deepEqual(lines, wanted, `${JSON.stringify({ text, delimiter })}, SEED=${seed}`);
  }
});

test('blocks are whole lines, however they are cut into chunks', () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: random.below(60) }, () => random.pick(['a', 'bc', '\n'])).join('');
    const splitter = new BlockSplitter(0x0a);
    const blocks: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = 1 + random.below(12);
      for (const block of splitter.lines(Buffer.from(text.slice(at, at + size))))
        blocks.push(block.toString());
      at += size;
    }
    assert.ok(
      blocks.every((block) => block.endsWith('\n')),
      `${JSON.stringify(blocks)}, SEED=${seed}`,
    );
    assert.equal(blocks.join('') + (splitter.rest() ?? ''), text, `SEED=${seed}`);
  }
});
