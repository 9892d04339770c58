// Producers, markers, other records, segment rolls and crashes in random order on one log: its last stable offset and aborted
// transactions must be those that a plain reading of what is left of the history gives.

import assert from 'node:assert/strict';
import test from 'node:test';
import { seedsOf } from '@moldau/testing';
import type { Log } from './log.ts';
import { batchOf, markerOf, openLog, settle, World } from './testing-logs.ts';
import type { AbortedTransaction } from './types.ts';

const LEADER = { leaderEpoch: 1 };
const CONFIG = { segmentBytes: 900, indexIntervalBytes: 150, retentionMs: -1 };
const PRODUCERS = 4;

type Entry =
  | { readonly kind: 'plain'; readonly lastOffset: number }
  | {
      readonly kind: 'data';
      readonly lastOffset: number;
      readonly firstOffset: number;
      readonly producerId: number;
    }
  | {
      readonly kind: 'marker';
      readonly lastOffset: number;
      readonly producerId: number;
      readonly committed: boolean;
    };

interface Truth {
  readonly stableOffset: number;
  readonly aborted: AbortedTransaction[];
  readonly open: ReadonlyMap<number, number>;
}

function truthOf(history: readonly Entry[], endOffset: number): Truth {
  const open = new Map<number, number>();
  const aborted: AbortedTransaction[] = [];
  for (const entry of history) {
    if (entry.kind === 'data' && !open.has(entry.producerId)) open.set(entry.producerId, entry.firstOffset);
    if (entry.kind !== 'marker') continue;
    const { producerId, lastOffset, committed } = entry;
    const firstOffset = open.get(producerId);
    open.delete(producerId);
    if (committed || firstOffset === undefined) continue;
    const lastStableOffset = Math.min(lastOffset + 1, ...open.values());
    aborted.push({ producerId, firstOffset, lastOffset, lastStableOffset });
  }
  return { stableOffset: Math.min(endOffset, ...open.values()), aborted, open };
}

class Simulation {
  readonly world: World;
  log!: Log;
  history: Entry[] = [];
  /** Sequences go on within an epoch, of which each producer has one. */
  readonly #sequences = new Map<number, number>();

  constructor(world: World) {
    this.world = world;
  }

  step(): void {
    const { random } = this.world;
    const producerId = random.below(PRODUCERS);
    const choice = random.below(10);
    if (choice < 2) this.#plain();
    else if (choice < 7) this.#data(producerId);
    else this.#marker(producerId, random.chance(0.5));
  }

  #plain(): void {
    const { lastOffset } = this.log.append(batchOf(['p']), LEADER);
    this.history.push({ kind: 'plain', lastOffset });
  }

  #data(producerId: number): void {
    const baseSequence = this.#sequences.get(producerId) ?? 0;
    const values = Array.from({ length: 1 + this.world.random.below(3) }, () => 'data');
    const batch = batchOf(values, { producerId, producerEpoch: 0, baseSequence, isTransactional: true });
    const request = { producerId, producerEpoch: 0, baseSequence, supportsEpochBump: false };
    const verification = this.log.beginVerification(request);
    const isOpen = truthOf(this.history, this.log.logEndOffset).open.has(producerId);
    assert.equal(verification === undefined, isOpen, 'a transaction that is open need not be verified');
    const { baseOffset, lastOffset } = this.log.append(batch, { ...LEADER, verification });
    this.#sequences.set(producerId, baseSequence + values.length);
    this.history.push({ kind: 'data', firstOffset: baseOffset, lastOffset, producerId });
  }

  #marker(producerId: number, committed: boolean): void {
    const { lastOffset } = this.log.append(markerOf(producerId, 0, committed), {
      ...LEADER,
      origin: 'coordinator',
    });
    this.history.push({ kind: 'marker', lastOffset, producerId, committed });
  }

  /** What a crash left is the history from now on. */
  takeOver(): void {
    const endOffset = this.log.logEndOffset;
    this.history = this.history.filter(({ lastOffset }) => lastOffset < endOffset);
    this.#sequences.clear();
    for (const { producerId, lastSequence } of this.log.activeProducers())
      this.#sequences.set(producerId, lastSequence + 1);
  }

  async check(): Promise<void> {
    const { log } = this;
    const written = this.history.filter(({ lastOffset }) => lastOffset < log.writtenOffset);
    const { aborted, stableOffset } = truthOf(written, log.writtenOffset);
    assert.equal(log.lastStableOffset, stableOffset);
    for (let fromOffset = 0; fromOffset < log.writtenOffset; fromOffset += 5) {
      const upToOffset = Math.min(log.writtenOffset, fromOffset + 1 + this.world.random.below(20));
      const found = await log.abortedTransactions(fromOffset, upToOffset);
      const met = aborted.filter((each) => each.lastOffset >= fromOffset && each.firstOffset < upToOffset);
      const isKnown = (each: AbortedTransaction) =>
        aborted.some(
          (known) => known.firstOffset === each.firstOffset && known.lastOffset === each.lastOffset,
        );
      for (const each of met)
        assert.ok(
          found.some(
            ({ firstOffset, producerId }) =>
              firstOffset === each.firstOffset && producerId === each.producerId,
          ),
          `a reader of ${fromOffset} to ${upToOffset} is not told of ${JSON.stringify(each)}`,
        );
      assert.ok(found.every((each) => each.lastOffset >= log.writtenOffset || isKnown(each)));
    }
    const all = await log.abortedTransactions(0, log.logEndOffset);
    assert.deepEqual(
      all.filter(({ lastOffset }) => lastOffset < log.writtenOffset),
      aborted,
    );
  }
}

async function runSeed(seed: number): Promise<void> {
  const world = new World({ seed });
  const { random } = world;
  const simulation = new Simulation(world);
  let manager = await world.open({ tailCacheBytes: 2000 });
  simulation.log = await openLog(manager, CONFIG);
  for (let life = 0; life < 5; life++) {
    for (let step = random.below(40); step >= 0; step--) {
      simulation.step();
      if (random.chance(0.3)) await settle(random.below(5));
      if (random.chance(0.2)) simulation.log.flush().catch(() => {});
      if (random.chance(0.1)) await simulation.check();
      if (random.chance(0.04)) await world.time.advance(61_000);
    }
    const end = random.below(4);
    if (end === 0) await world.kill();
    else if (end === 1) await world.cutPower();
    else await manager.close();
    if (end > 1) await world.kill();
    manager = await world.open({ tailCacheBytes: 2000 });
    simulation.log = await openLog(manager, CONFIG);
    world.bootIsNew = false;
    // A log that lost all its batches knows its end and nothing else.
    if (simulation.log.logStartOffset > 0) return;
    simulation.takeOver();
    await simulation.check();
    if (random.chance(0.3) && simulation.history.length > 0) {
      await simulation.log.truncateTo(random.pick(simulation.history).lastOffset + 1);
      simulation.takeOver();
      await simulation.check();
    }
  }
  assert.deepEqual(world.told('error'), []);
  await manager.close();
}

/** Zeros in an index, a snapshot that was never written, and files that came back: each once went wrong. */
const FOUND = [397899185, 3533023681, 88471907];

test('the last stable offset and the aborted transactions are right over crashes, for many seeds', async () => {
  for (const seed of seedsOf(8, FOUND)) {
    try {
      await runSeed(seed);
    } catch (error) {
      const again = `SEED=${seed} node --conditions=source packages/log/src/transactions.simulation.test.ts`;
      throw new Error(again, { cause: error });
    }
  }
});
