import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODECS, RecordBatch } from '@moldau/protocol';
import { SeededRandom, seedOf } from '@moldau/testing';
import type { HeadersInput } from '../topic.ts';
import { Batch } from './batch.ts';
import { BatchWriter, UNCOPIED_BYTES } from './batch-writer.ts';
import { Blocks } from './blocks.ts';
import { splitBatch } from './split-batch.ts';
import { encodeHeaders } from './wire.ts';

const ALPHABETS = ['abcdef ghi', 'äöü€ß', '𝄞🎉', 'mixed ä𝄞\ud800'];
const STAMP = { producerId: 9, producerEpoch: 2, baseSequence: 5, isTransactional: true };

function newBatch(blocks: Blocks): Batch {
  const times = { createdMs: 0, deadlineMs: 1, ordinal: 0, firstIndex: 0, isPart: false };
  return new Batch('t', 0, new BatchWriter(blocks, false), times);
}

function randomPart(random: SeededRandom): Uint8Array | string | null {
  const length = random.chance(0.1) ? random.below(20_000) : random.below(200);
  if (random.chance(0.1)) return null;
  if (random.chance(0.4)) return random.bytes(length);
  const alphabet = ALPHABETS[random.below(ALPHABETS.length)]!;
  return Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join('');
}

const read = (part: Uint8Array | string | null) => (part === null ? null : Buffer.from(part));

test('what is written into batches is what readers find, in every codec: texts, bytes, nulls, headers, large and small', () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  const blocks = new Blocks(1 << 20);
  for (const type of CODECS) {
    for (let round = 0; round < 6; round++) {
      const batch = newBatch(blocks);
      const expected = Array.from({ length: 1 + random.below(40) }, (_, index) => {
        const [key, value, extra] = [randomPart(random), randomPart(random), randomPart(random)];
        const headers: HeadersInput = random.chance(0.5)
          ? []
          : [['näme', extra] as const, ['b', null] as const];
        const timestamp = 1_700_000_000_000 + (random.chance(0.1) ? -5e12 : random.below(1000));
        batch.append(key, value, encodeHeaders(headers), timestamp);
        const pairs = headers.map(([name, part]) => ({ key: name, value: read(part) }));
        return { offset: index, timestamp, key: read(key), value: read(value), headers: pairs };
      });
      batch.seal({ type, level: undefined });
      batch.stamp(STAMP);
      const bytes = Buffer.concat(batch.chunks);
      const view = new RecordBatch(bytes);
      assert.equal(bytes.length, batch.sizeBytes, `seed ${seed}`);
      assert.equal(view.sizeBytes, batch.sizeBytes);
      assert.ok(view.isCrcValid(), `seed ${seed}`);
      assert.ok(view.isTransactional);
      assert.deepEqual([view.producerId, view.producerEpoch, view.baseSequence], [9, 2, 5]);
      assert.deepEqual(view.recordList(), expected, `seed ${seed}`);
      assert.equal(view.maxTimestamp, Math.max(...expected.map(({ timestamp }) => timestamp)));
      batch.attempts = 1;
      batch.release(true);
    }
  }
});

test('a large value travels as the memory that was given, and small ones in blocks that are used again', () => {
  const blocks = new Blocks(1 << 20);
  const large = Buffer.alloc(UNCOPIED_BYTES * 50, 'x');
  const batch = newBatch(blocks);
  batch.append('a', large, undefined, 1);
  batch.append('b', 'small', undefined, 1);
  batch.seal({ type: 'none', level: undefined });
  assert.ok(batch.chunks.some((chunk) => chunk === large));
  assert.ok(batch.memoryBytes >= large.length);
  const block = batch.chunks[0]!.buffer;
  batch.attempts = 1;
  batch.release(true);
  assert.equal(blocks.take(false).buffer, block);
  const retried = newBatch(blocks);
  retried.append('a', 'b', undefined, 1);
  retried.seal({ type: 'none', level: undefined });
  retried.attempts = 2;
  const kept = retried.chunks[0]!.buffer;
  retried.release(true);
  assert.notEqual(blocks.take(false).buffer, kept, 'the first attempt may still have it');
});

test('a batch that is split has the same records and sequences in at least two parts, and those who wait hear of theirs', async () => {
  const blocks = new Blocks(1 << 20);
  for (const type of ['none', 'zstd'] as const) {
    const batch = newBatch(blocks);
    const outcomes = Array.from({ length: 9 }, (_, index) => {
      batch.append(
        null,
        `${index}`.repeat(index === 4 ? 5_000 : 10),
        encodeHeaders({ a: ['1', null] }),
        index,
      );
      return index % 2 === 0 ? batch.lastOutcome(index) : undefined;
    });
    batch.seal({ type, level: undefined });
    batch.stamp({ ...STAMP, baseSequence: 0x7fff_fffc });
    const parts = splitBatch(batch, blocks);
    assert.ok(parts.length >= 2);
    batch.becomes(parts);
    let offset = 100;
    const values: string[] = [];
    for (const part of parts) {
      assert.equal(part.baseSequence, (0x7fff_fffc + offset - 100) % 0x8000_0000);
      part.seal({ type: 'none', level: undefined });
      part.stamp({ ...STAMP, baseSequence: part.baseSequence });
      for (const record of part.view().records()) {
        values.push(String(record.value)[0]!);
        assert.deepEqual(
          record.headers.map(({ key, value }) => [key, value && String(value)]),
          [
            ['a', '1'],
            ['a', null],
          ],
        );
      }
      part.succeed(offset, -1);
      offset += part.recordCount;
    }
    assert.equal(values.join(''), '012345678');
    assert.equal(
      parts.reduce((sum, part) => sum + part.postCount, 0),
      4,
    );
    for (const [index, outcome] of outcomes.entries())
      if (outcome !== undefined) assert.equal((await outcome).offset, 100 + index);
  }
});
