import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { seedsOf } from '@moldau/testing';
import {
  type Outcome,
  SimulatedKnowledge,
  type SimulatedNetwork,
  SimulatedPartition,
  SimulatedProducer,
} from './testing-producers.ts';
import { SimulatedTransactions } from './testing-transactions.ts';
import { parseTransactionRecord } from './transaction-records.ts';

const TICK_MS = 10;
const TICKS = 4_000;
const CALM_TICKS = 1_500;
/** Epochs used up at an old transaction.version, and a restart. */
const SEEDS = seedsOf(8, [178804108]);

function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Late {
  readonly atTick: number;
  readonly send: () => unknown;
}

class Simulation implements SimulatedNetwork {
  readonly #random: () => number;
  readonly #coordinator = new SimulatedTransactions({ idExpirationMs: 8_000 });
  readonly #partitions = new Map(Array.from({ length: 4 }, (_, index) => [index, new SimulatedPartition()]));
  readonly #producers: SimulatedProducer[];
  #late: Late[] = [];
  #tickCount = 0;
  readonly knowledge = new SimulatedKnowledge();
  restarts = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    const coordinator = this.#coordinator;
    coordinator.isManual = true;
    coordinator.serverVersion = this.pick([0, 2, 2]);
    coordinator.mark = (marker) => this.#partitions.get(marker.partition)!.mark(marker);
    coordinator.markerError = () => (this.chance(0.1) ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE);
    // Two of each id: they fence each other.
    this.#producers = ['a', 'a', 'b', 'c', 'c'].map(
      (id, index) =>
        new SimulatedProducer(id, index < 3 ? 2 : 0, coordinator, this.#partitions, this, this.knowledge),
    );
    // Epochs that are soon used up.
    if (this.chance(0.5)) coordinator.givenId('b', { producerId: 500, producerEpoch: 32_760 });
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  duplicate(send: () => unknown): void {
    this.#late.push({ atTick: this.#tickCount + 1 + Math.floor(this.#random() ** 3 * 400), send });
  }

  run(): void {
    for (let tick = 0; tick < TICKS; tick++) {
      this.#disturb();
      this.#tick(0.5);
    }
    // Without disturbance everything comes to an end, if only by its timeout.
    this.#coordinator.markerError = () => ErrorCode.NONE;
    for (const producer of this.#producers) producer.isLeaving = true;
    for (let tick = 0; tick < CALM_TICKS; tick++) this.#tick(1);
    this.#checkOutcomes();
    this.#checkEpochs();
    this.#coordinator.restart();
    assert.ok(this.#coordinator.states.every((state) => !state.startsWith('Prepare')));
  }

  #tick(progress: number): void {
    this.#tickCount++;
    const coordinator = this.#coordinator;
    const due = this.#late.filter(({ atTick }) => atTick <= this.#tickCount);
    this.#late = this.#late.filter(({ atTick }) => atTick > this.#tickCount);
    for (const { send } of due) send();
    for (const producer of this.#producers) if (this.chance(0.6)) producer.step();
    if (this.chance(progress)) coordinator.giveProducerId();
    if (this.chance(progress)) coordinator.commitOne();
    if (this.chance(progress)) coordinator.deliverOne();
    coordinator.pass(TICK_MS);
    if (this.#tickCount % 100 === 0) coordinator.shard.abortTimedOut();
    if (this.#tickCount % 300 === 0) coordinator.shard.expireIds();
  }

  #disturb(): void {
    const coordinator = this.#coordinator;
    if (this.chance(0.01)) coordinator.commitOne(new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS));
    // The markers are written, and the coordinator does not hear of it.
    if (this.chance(0.01)) {
      coordinator.deliverOne(false);
      this.#restart();
    }
    if (this.chance(0.01)) this.#restart();
    // Committed, and dead before it could say so.
    if (this.chance(0.01)) {
      coordinator.commitUnheard();
      this.#restart();
    }
  }

  #restart(): void {
    this.restarts++;
    this.#coordinator.restart();
  }

  /** Each transaction has one outcome in all partitions, which is the one its producer wanted and was told. */
  #checkOutcomes(): void {
    const outcomes = new Map<number, Outcome>();
    for (const partition of this.#partitions.values()) {
      for (const { transaction, outcome } of partition.written) {
        assert.notEqual(outcome, 'open', `transaction ${transaction} was left open`);
        const known = outcomes.get(transaction) ?? this.knowledge.told.get(transaction) ?? outcome;
        assert.equal(outcome, known, `transaction ${transaction} has two outcomes`);
        const isWanted = outcome === 'aborted' || this.knowledge.wanted.has(transaction);
        assert.ok(isWanted, `transaction ${transaction} was committed by nobody`);
        outcomes.set(transaction, outcome);
      }
    }
  }

  /** In the log the epoch of a producer id never goes back. */
  #checkEpochs(): void {
    const epochs = new Map<number, number>();
    for (const record of this.#coordinator.log) {
      const parsed = parseTransactionRecord(record);
      if (parsed.kind !== 'transaction' || parsed.metadata === null) continue;
      const { producerId, producerEpoch } = parsed.metadata;
      assert.ok(producerEpoch >= (epochs.get(producerId) ?? -1), `epoch ${producerEpoch} of ${producerId}`);
      epochs.set(producerId, producerEpoch);
    }
  }
}

test('whatever is lost, repeated or late, each transaction ends once and everywhere alike', () => {
  let restarts = 0;
  let committed = 0;
  for (const seed of SEEDS) {
    const simulation = new Simulation(seed);
    try {
      simulation.run();
    } catch (error) {
      console.error(`Repeat with: SEED=${seed} node --conditions=source --test ${import.meta.filename}`);
      throw error;
    }
    restarts += simulation.restarts;
    for (const outcome of simulation.knowledge.told.values()) if (outcome === 'committed') committed++;
  }
  assert.ok(
    committed > 20 * SEEDS.length && restarts > 10 * SEEDS.length,
    `${committed} committed, ${restarts} restarts`,
  );
});
