import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { seedsOf } from '@moldau/testing';
import { GroupWitness, PARTITIONS, SimulatedMember } from './testing-member.ts';
import { SimulatedShard } from './testing-shard.ts';

const TICK_MS = 100;
const TICKS = 3_000;
const CALM_TICKS = 400;
/** All members left while the first rebalance was waiting for more. */
const FOUND = [347046370];

function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Simulation {
  readonly #random: () => number;
  readonly #group = new SimulatedShard({ initialRebalanceDelayMs: 500 });
  readonly witness = new GroupWitness();
  #members: SimulatedMember[] = [];
  #bornCount = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  async run(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) {
      this.#disturb();
      await this.#tick(this.#chance(0.3));
    }
    this.#group.commit();
    this.#group.holdsAppends = false;
    if (this.#members.length === 0) this.#beBorn();
    for (let tick = 0; tick < CALM_TICKS; tick++) await this.#tick(false);
    this.#checkCalm();
  }

  async #tick(isCommitting: boolean): Promise<void> {
    await this.#group.pass(TICK_MS);
    for (const member of this.#members) member.step(isCommitting && this.#chance(0.5));
    this.#members = this.#members.filter(({ isFenced }) => !isFenced);
    this.#checkOffsets();
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)];
  }

  #disturb(): void {
    const group = this.#group;
    if (this.#chance(0.02) && this.#members.length < 8) this.#beBorn();
    if (this.#chance(0.004)) {
      const leaver = this.#take();
      leaver?.leave();
    }
    if (this.#chance(0.004)) this.#take()?.disconnect();
    if (this.#chance(0.006)) this.#restartStatic();
    if (this.#chance(0.01)) this.#pick(this.#members)?.disconnect();
    // The disk is slow at times, and refuses at times.
    if (this.#chance(0.05)) group.holdsAppends = true;
    if (group.holdsAppends && this.#chance(0.3)) {
      if (this.#chance(0.1)) group.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
      else group.commit(1 + Math.floor(this.#random() * group.openAppends));
      if (group.openAppends === 0) group.holdsAppends = false;
    }
    if (this.#chance(0.003)) {
      this.witness.brokerLife++;
      group.restart();
      for (const member of this.#members) member.disconnect();
    }
  }

  #beBorn(): void {
    const name = `member-${++this.#bornCount}`;
    this.#add(name, this.#chance(0.4));
  }

  #add(name: string, isStatic: boolean): void {
    const apiVersion = this.#pick([0, 3, 4, 5, 8, 9])!;
    this.#members.push(new SimulatedMember(name, isStatic, apiVersion, this.#group, this.witness));
  }

  #take(): SimulatedMember | undefined {
    const member = this.#pick(this.#members);
    this.#members = this.#members.filter((each) => each !== member);
    return member;
  }

  /** Its process ends and comes back under the same name; sometimes the old one does not know it is dead. */
  #restartStatic(): void {
    const former = this.#pick(this.#members.filter(({ groupInstanceId }) => groupInstanceId !== null));
    if (former === undefined) return;
    if (this.#chance(0.7)) this.#members = this.#members.filter((each) => each !== former);
    this.#add(former.name, true);
  }

  #checkOffsets(): void {
    for (const [partition, acknowledged] of this.witness.acknowledged) {
      const committed = this.#group.committedOffset('topic', partition);
      assert.ok(committed >= acknowledged, `offset ${acknowledged} of ${partition} was lost: ${committed}`);
      assert.ok(committed <= this.witness.lastOffset);
    }
  }

  /** Without disturbance all find together, and each partition has one owner. */
  #checkCalm(): void {
    assert.equal(this.#group.state(), 'Stable');
    assert.equal(new Set(this.#members.map(({ generationId }) => generationId)).size, 1);
    const owned = this.#members.flatMap(({ partitions }) => partitions ?? []).sort((a, b) => a - b);
    assert.deepEqual(
      owned,
      Array.from({ length: PARTITIONS }, (_, partition) => partition),
    );
  }
}

test('members that come, go, crash and restart, on a broker that does too, keep the protocol', async () => {
  let commitCount = 0;
  let generationCount = 0;
  for (const seed of seedsOf(12, FOUND)) {
    const simulation = new Simulation(seed);
    try {
      await simulation.run();
    } catch (error) {
      console.error(`Repeat with: SEED=${seed} node --conditions=source --test ${import.meta.filename}`);
      throw error;
    }
    commitCount += simulation.witness.commitCount;
    generationCount += simulation.witness.generationCount;
  }
  assert.ok(
    commitCount > 1_000 && generationCount > 100,
    `${commitCount} commits, ${generationCount} generations`,
  );
});
