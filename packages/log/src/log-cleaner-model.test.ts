// Compaction against a model, from seeds: random keys, tombstones, codecs and transactions, kills and power cuts in the middle of
// it, and retention of tombstones running out. Whatever happens, each record that is there is the one that was appended at
// its offset, the latest committed value of each key is there, and nothing that no compaction may have come to is missing.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { CompressionType } from '@moldau/protocol';
import { givenSeed, seedsOf } from '@moldau/testing';
import type { Log } from './log.ts';
import type { LogManager } from './log-manager.ts';
import { COMPACTED, heldBatches, keyedBatch } from './testing-compaction.ts';
import { markerOf, openLog, settle, World } from './testing-logs.ts';

const CODECS: readonly CompressionType[] = ['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'];
const PRODUCERS = [11, 12];
const NOT_TRANSACTIONAL = -1;

interface ModelRecord {
  readonly text: string;
  readonly key: string;
  readonly isTombstone: boolean;
  readonly producerId: number;
  outcome: 'committed' | 'aborted' | 'open';
}

class Model {
  readonly world: World;
  /** By offset; undefined where a marker stands. */
  readonly records: (ModelRecord | undefined)[] = [];
  readonly nextSequence = new Map<number, number>();
  readonly open = new Set<number>();
  /** No compaction came this far. */
  reachOffset = 0;
  log!: Log;
  manager!: LogManager;

  constructor(world: World) {
    this.world = world;
  }

  async start(): Promise<void> {
    this.manager = await this.world.open({ tailCacheBytes: 2000, maxOpenFiles: 6 });
    this.log = await openLog(this.manager, { ...COMPACTED, segmentBytes: 700, deleteRetentionMs: 40_000 });
  }

  appendSome(): void {
    const { random } = this.world;
    const producerId = random.chance(0.4) ? random.pick(PRODUCERS) : NOT_TRANSACTIONAL;
    const texts = Array.from({ length: 1 + random.below(4) }, () => {
      const key = `k${random.below(9)}`;
      return random.chance(0.2) ? key : `${key}=${this.records.length}.${'x'.repeat(random.below(30))}`;
    });
    const common = { compression: random.pick(CODECS), timestampMs: this.world.time.wallMs() };
    const baseSequence = this.nextSequence.get(producerId) ?? 0;
    const fields =
      producerId === NOT_TRANSACTIONAL
        ? common
        : { ...common, producerId, producerEpoch: 0, isTransactional: true, baseSequence };
    const { baseOffset } = this.log.append(keyedBatch(texts, fields), {
      leaderEpoch: 0,
      origin: 'coordinator',
    });
    assert.equal(baseOffset, this.records.length);
    const isTransactional = producerId !== NOT_TRANSACTIONAL;
    if (isTransactional) {
      this.open.add(producerId);
      this.nextSequence.set(producerId, baseSequence + texts.length);
    }
    for (const text of texts) {
      const key = text.split('=')[0]!;
      const outcome = isTransactional ? 'open' : 'committed';
      this.records.push({ text, key, isTombstone: text === key, producerId, outcome });
    }
  }

  endTransaction(producerId: number): void {
    const isCommit = this.world.random.chance(0.5);
    this.log.append(markerOf(producerId, 0, isCommit), { leaderEpoch: 0, origin: 'coordinator' });
    for (const record of this.records) {
      if (record?.producerId === producerId && record.outcome === 'open')
        record.outcome = isCommit ? 'committed' : 'aborted';
    }
    this.records.push(undefined);
    this.open.delete(producerId);
  }

  async check(): Promise<void> {
    const { log } = this;
    assert.equal(log.logEndOffset, this.records.length, 'the end');
    assert.equal(log.logStartOffset, 0, 'the start');
    const aborted = await log.abortedTransactions(0, log.logEndOffset);
    const stableOffset = log.lastStableOffset;
    const seen = new Set<number>();
    const latest = new Map<string, string>();
    for (const batch of await heldBatches(log)) {
      for (const found of batch.records) {
        const offset = Number(found.slice(0, found.indexOf(':')));
        seen.add(offset);
        if (batch.isControl) continue;
        const record = this.records[offset]!;
        assert.equal(found, `${offset}:${record.text}`);
        const isAborted = aborted.some(
          ({ producerId, firstOffset, lastOffset }) =>
            producerId === batch.producerId && firstOffset <= offset && offset <= lastOffset,
        );
        assert.equal(isAborted, record.outcome === 'aborted', `outcome of offset ${offset}`);
        if (!isAborted && offset < stableOffset) latest.set(record.key, record.text);
      }
    }
    this.#checkLatest(latest, stableOffset);
    // An interrupted compaction has done its work in part, and goes over it again.
    const { reachOffset: dirtyOffset } = this;
    for (let offset = dirtyOffset; offset < this.records.length; offset++)
      assert.ok(seen.has(offset), `offset ${offset} is missing, dirty from ${dirtyOffset} on`);
    this.#checkProducers();
  }

  #checkLatest(latest: ReadonlyMap<string, string>, stableOffset: number): void {
    const wanted = new Map<string, ModelRecord>();
    for (const record of this.records.slice(0, stableOffset))
      if (record?.outcome === 'committed') wanted.set(record.key, record);
    for (const [key, record] of wanted) {
      if (record.isTombstone) assert.equal(latest.get(key) ?? key, key);
      else assert.equal(latest.get(key), record.text);
    }
    for (const key of latest.keys()) assert.ok(wanted.has(key));
  }

  #checkProducers(): void {
    const known = new Map(this.log.activeProducers().map((each) => [each.producerId, each]));
    for (const [producerId, nextSequence] of this.nextSequence) {
      if (producerId === NOT_TRANSACTIONAL) continue;
      assert.equal(known.get(producerId)?.lastSequence, nextSequence - 1, `producer ${producerId}`);
      const isOpen = (known.get(producerId)?.currentTransactionStartOffset ?? -1) >= 0;
      assert.equal(isOpen, this.open.has(producerId));
    }
  }

  /** Begins a compaction, which may not come further than this. */
  compact(): Promise<void> {
    const { state } = this.log.internals!;
    this.reachOffset = Math.max(
      this.reachOffset,
      Math.min(state.active.baseOffset, this.log.lastStableOffset),
    );
    return this.manager.cleaner.cleanAll();
  }

  async fill(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.appendSome();
      if (this.world.random.chance(0.4)) for (const producerId of this.open) this.endTransaction(producerId);
      if (this.world.random.chance(0.2)) await settle(2);
    }
    await this.log.flush();
    await this.log.internals!.state.sealing;
  }
}

async function runSeed(world: World): Promise<void> {
  const { random } = world;
  const model = new Model(world);
  await model.start();
  for (let life = 0; life < 5; life++) {
    for (let round = 0; round < 2; round++) {
      await model.fill(5 + random.below(25));
      await model.compact();
      await model.check();
      if (random.chance(0.5)) await world.time.advance(41_000);
    }
    await model.fill(10 + random.below(10));
    const compacting = model.compact();
    const end = random.below(4);
    if (end === 0) await model.manager.close();
    else await settle(random.below(150));
    if (end === 1) await world.cutPower();
    else await world.kill();
    if (end !== 0) compacting.catch(() => {});
    await model.start();
    await model.check();
    assert.deepEqual(
      (await world.names('/data/topic-0')).filter((name) => /cleaned|swap/.test(name)),
      [],
    );
  }
  assert.deepEqual(world.told('error'), []);
  await model.manager.close();
}

test('compacted logs hold what the model says, for many seeds', async () => {
  for (const seed of seedsOf(3)) {
    const world = new World({ seed });
    try {
      await runSeed(world);
    } catch (error) {
      if (givenSeed() !== undefined) console.log(world.lines);
      throw new Error(`SEED=${seed} node --conditions=source packages/log/src/log-cleaner-model.test.ts`, {
        cause: error,
      });
    }
  }
});

for (const end of ['kill -9', 'a power cut'] as const) {
  test(`${end} at any moment of a compaction leaves the old segments or the new one`, async () => {
    let isOver = false;
    for (let turns = 0; !isOver; turns += end === 'kill -9' ? 6 : 4) {
      const world = new World({ seed: 5 });
      const model = new Model(world);
      await model.start();
      await model.fill(12);
      const compacting = model.compact().then(() => {
        isOver = true;
      });
      await settle(turns);
      if (end === 'kill -9') await world.kill();
      else await world.cutPower();
      compacting.catch(() => {});
      await model.start();
      await model.check();
      await model.compact();
      await model.check();
      assert.deepEqual(world.told('error'), [], `after ${turns} turns`);
      await model.manager.close();
    }
  });
}
