// Members that fetch, acknowledge, stall and vanish, a persister that fails, crashes, and a log that loses its beginning,
// from a seed; checked against an account of every offset.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@moldau/protocol';
import { SeededRandom, seedsOf } from '@moldau/testing';
import type { LogBatch } from './share-acquisition.ts';
import { AcknowledgeType, SharePartition, type StateChange } from './share-partition.ts';
import { mergeStateBatches, type StateBatch } from './state-batches.ts';

const STEPS = 400;
const LOCK_MS = 50;
const MEMBERS = ['a', 'b', 'c'];
const TYPES = Object.values(AcknowledgeType);

class Simulation {
  readonly #random: SeededRandom;
  readonly #limits: SharePartition['limits'];
  #partition: SharePartition;
  #log: LogBatch[] = [];
  #logStart = 0;
  #logEnd = 0;
  #nowMs = 0;
  #persisted: { startOffset: number; stateBatches: StateBatch[] } = { startOffset: 0, stateBatches: [] };
  /** On their way to the persister, in order. */
  #pending: StateChange[] = [];
  /** Offset -> who has it until when. */
  #held = new Map<number, { memberId: string; untilMs: number }>();
  /** Offsets that are never to be delivered again: done, and persisted as such. */
  readonly #done = new Set<number>();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#limits = {
      ...{ maxInFlightRecords: 20 + this.#below(60), maxDeliveryCount: 2 + this.#below(4) },
      ...{ lockDurationMs: LOCK_MS, isRenewEnabled: true },
    };
    this.#partition = new SharePartition(this.#limits, this.#persisted);
  }

  run(): void {
    for (let step = 0; step < STEPS; step++) {
      this.#nowMs += this.#below(8);
      this.#step(this.#random.next());
      this.#expire();
    }
    this.#drain();
  }

  #step(dice: number): void {
    if (dice < 0.15) this.#append();
    else if (dice < 0.45) this.#fetch(this.#member());
    else if (dice < 0.75) this.#acknowledge(this.#member());
    else if (dice < 0.92) this.#settle(this.#random.next() < 0.85);
    else if (dice < 0.95) this.#vanish(this.#member());
    else if (dice < 0.97) this.#crash();
    else this.#loseBeginning();
  }

  #append(): void {
    // Some offsets of a log have no record.
    const baseOffset = this.#logEnd + (this.#random.next() < 0.1 ? this.#below(4) : 0);
    const lastOffset = baseOffset + this.#below(8);
    this.#log.push({ baseOffset, lastOffset });
    this.#logEnd = lastOffset + 1;
  }

  #fetch(memberId: string, maxRecords = 1 + this.#below(20)): number {
    if (!this.#partition.canAcquire()) return 0;
    const fetchOffset = this.#partition.nextFetchOffset();
    if (fetchOffset < this.#logStart) {
      this.#partition.moveLogStart(this.#logStart);
      this.#partition.advance();
      return 0;
    }
    const from = this.#log.findIndex(({ lastOffset }) => lastOffset >= fetchOffset);
    if (from === -1) return 0;
    const batches = this.#log.slice(from, from + 1 + this.#below(4));
    const { ranges, count } = this.#partition.acquire({
      ...{ memberId, nowMs: this.#nowMs, fetchOffset, batches, abortedBatches: [], maxRecords },
      ...{ batchSize: 1 + this.#below(10), isRecordLimit: this.#random.next() < 0.3 },
    });
    for (const { firstOffset, lastOffset, deliveryCount } of ranges) {
      assert.ok(deliveryCount <= this.#limits.maxDeliveryCount, 'delivered too often');
      for (let offset = firstOffset; offset <= lastOffset; offset++) this.#deliver(offset, memberId, batches);
    }
    assert.ok(this.#partition.inFlightCount <= this.#limits.maxInFlightRecords + 16, 'too many are out');
    return count;
  }

  #deliver(offset: number, memberId: string, batches: readonly LogBatch[]): void {
    const holder = this.#held.get(offset);
    assert.ok(
      holder === undefined,
      `${offset} is ${holder?.memberId}'s until ${holder?.untilMs}, now ${this.#nowMs}`,
    );
    assert.ok(!this.#done.has(offset), `${offset} was done`);
    assert.ok(
      offset >= batches[0]!.baseOffset && offset <= batches.at(-1)!.lastOffset,
      `${offset} was not read`,
    );
    this.#held.set(offset, { memberId, untilMs: this.#nowMs + LOCK_MS });
  }

  #acknowledge(memberId: string): void {
    const own = [...this.#held]
      .filter(([, holder]) => holder.memberId === memberId)
      .map(([offset]) => offset);
    const first = own.sort((a, b) => a - b)[this.#below(own.length)];
    if (first === undefined) return;
    let last = first;
    while (this.#held.get(last + 1)?.memberId === memberId && this.#random.next() < 0.8) last++;
    const count = this.#random.next() < 0.5 ? 1 : last - first + 1;
    const types = Array.from({ length: count }, () => TYPES[this.#below(TYPES.length)]!);
    try {
      const change = this.#partition.acknowledge(
        memberId,
        [{ firstOffset: first, lastOffset: last, types }],
        this.#nowMs,
      );
      for (let offset = first; offset <= last; offset++) {
        const type = types.length > 1 ? types[offset - first] : types[0];
        // What it says of offsets before the start no longer counts.
        if (type === AcknowledgeType.RENEW && offset >= this.#partition.startOffset)
          this.#held.set(offset, { memberId, untilMs: this.#nowMs + LOCK_MS });
      }
      if (change !== null) this.#pending.push(change);
    } catch (error) {
      // Offsets whose acknowledgement is being persisted, or that the log lost.
      assert.ok(error instanceof KafkaError);
    }
  }

  #settle(isPersisted: boolean): void {
    const change = this.#pending.shift();
    if (change === undefined) return;
    if (isPersisted) {
      const { startOffset, stateBatches } = change;
      this.#persisted = {
        startOffset,
        stateBatches: mergeStateBatches(this.#persisted.stateBatches, stateBatches, startOffset),
      };
    }
    this.#partition.settle(change, isPersisted, this.#nowMs);
    if (!isPersisted) return;
    for (const { firstOffset, lastOffset, deliveryState } of change.stateBatches) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        this.#held.delete(offset);
        if (deliveryState === 2 || deliveryState === 4) this.#done.add(offset);
      }
    }
  }

  #vanish(memberId: string): void {
    const change = this.#partition.releaseMember(memberId);
    if (change !== null) this.#pending.push(change);
  }

  #expire(): void {
    for (const [offset, { untilMs }] of this.#held) if (untilMs <= this.#nowMs) this.#held.delete(offset);
    if (this.#partition.nextLockEndMs() > this.#nowMs) return;
    const change = this.#partition.expireLocks(this.#nowMs);
    if (change !== null) this.#pending.push(change);
  }

  #crash(): void {
    this.#pending = [];
    this.#held.clear();
    this.#partition = new SharePartition(this.#limits, this.#persisted);
  }

  #loseBeginning(): void {
    const kept = this.#log.slice(this.#below(3));
    this.#log = kept;
    this.#logStart = kept[0]?.baseOffset ?? this.#logEnd;
  }

  /** One member is left, which accepts everything: in the end everything is done. */
  #drain(): void {
    for (let round = 0; round < 5_000; round++) {
      while (this.#pending.length > 0) this.#settle(true);
      this.#nowMs += LOCK_MS;
      this.#expire();
      while (this.#pending.length > 0) this.#settle(true);
      if (this.#fetch('a', 100) === 0 && this.#partition.nextFetchOffset() >= this.#logEnd) break;
      const own = [...this.#held.keys()].sort((a, b) => a - b);
      for (const offset of own) {
        const change = this.#partition.acknowledge(
          'a',
          [{ firstOffset: offset, lastOffset: offset, types: [1] }],
          this.#nowMs,
        );
        if (change !== null) this.#pending.push(change);
      }
    }
    assert.ok(this.#partition.window.isEmpty, 'records are left in the window');
    assert.equal(this.#partition.gaps.length, 0);
    assert.equal(this.#partition.deliveryCompleteCount, 0);
    assert.equal(
      Math.max(this.#partition.startOffset, this.#logStart),
      Math.max(this.#lastRecord() + 1, this.#logStart),
    );
  }

  #lastRecord(): number {
    return this.#log.at(-1)?.lastOffset ?? this.#logEnd - 1;
  }

  #member(): string {
    return MEMBERS[this.#below(MEMBERS.length)]!;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

test('gives a record to one member at a time, and never again when it is done', () => {
  for (const seed of seedsOf(60)) {
    try {
      new Simulation(seed).run();
    } catch (error) {
      throw new Error(`repeat it with SEED=${seed}`, { cause: error });
    }
  }
});
