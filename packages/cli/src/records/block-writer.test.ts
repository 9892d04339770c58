import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { BlockWriter } from './block-writer.ts';

/** Takes its time, and may have copied what it was given when it says so. */
class SlowStream extends Writable {
  readonly chunks: Buffer[] = [];
  readonly fd?: number;

  constructor(isFile: boolean) {
    super({ highWaterMark: 1_000_000 });
    if (isFile) this.fd = 1;
  }

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    setImmediate(() => {
      this.chunks.push(this.fd === undefined ? chunk : Buffer.from(chunk));
      done();
    });
  }
}

for (const isFile of [true, false]) {
  test(`${isFile ? 'files' : 'streams in memory'} get what was written, whole and in order, without what was taken back`, async () => {
    const seed = seedOf();
    const random = new SeededRandom(seed);
    const stream = new SlowStream(isFile);
    const out = new BlockWriter(stream);
    const wanted: Buffer[] = [];
    for (let index = 0; index < 400; index++) {
      const body = random.bytes(random.chance(0.02) ? 300_000 + random.below(100_000) : random.below(9_000));
      const isTakenBack = body.length < 9_000 && random.chance(0.2);
      out.begin();
      out.text(`${index} ä€😀`);
      if (!isTakenBack) {
        out.bytes(body);
        out.byte(10);
        wanted.push(Buffer.from(`${index} ä€😀`), body, Buffer.of(10));
      } else {
        out.takeBack();
      }
      if (random.chance(0.1)) out.flush();
      if (out.isFull) await out.drained();
    }
    out.flush();
    await new Promise<void>((resolve) => stream.end(resolve));
    assert.ok(Buffer.concat(stream.chunks).equals(Buffer.concat(wanted)), `SEED=${seed}`);
  });
}
