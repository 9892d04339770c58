// For tests: partitions that keep what producers and the coordinator write into them, and producers that follow the
// protocol over a network which loses answers and brings some requests twice.

import assert from 'node:assert/strict';
import { ErrorCode } from '@moldau/protocol';
import type { Asked, SimulatedTransactions } from './testing-transactions.ts';
import type { ProducerIdAnswer, TopicPartition, TransactionMarkers } from './transaction-commands.ts';

export type Outcome = 'committed' | 'aborted' | 'open';

interface Written {
  readonly transaction: number;
  outcome: Outcome;
}

interface ProducerState {
  epoch: number;
  open: Written[];
}

/** One partition's log, as far as transactions matter. */
export class SimulatedPartition {
  readonly written: Written[] = [];
  readonly #producers = new Map<number, ProducerState>();

  /** False when the producer is fenced. */
  write(producerId: number, producerEpoch: number, transaction: number): boolean {
    const state = this.#producers.get(producerId) ?? { epoch: producerEpoch, open: [] };
    if (producerEpoch < state.epoch) return false;
    state.epoch = producerEpoch;
    const written: Written = { transaction, outcome: 'open' };
    this.written.push(written);
    state.open.push(written);
    this.#producers.set(producerId, state);
    return true;
  }

  /** The error code. Epochs never go back, whoever writes. */
  mark({
    producerId,
    producerEpoch,
    committed,
    transactionVersion,
  }: Omit<TransactionMarkers, 'partitions'>): number {
    const state = this.#producers.get(producerId) ?? { epoch: -1, open: [] };
    const isOld = transactionVersion >= 2 ? producerEpoch <= state.epoch : producerEpoch < state.epoch;
    if (isOld) {
      assert.equal(state.open.length, 0, 'a marker was refused, and a transaction stays open');
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    }
    for (const written of state.open) written.outcome = committed ? 'committed' : 'aborted';
    this.#producers.set(producerId, { epoch: producerEpoch, open: [] });
    return ErrorCode.NONE;
  }
}

export interface SimulatedNetwork {
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Sends this request once more, some time from now. */
  duplicate(send: () => unknown): void;
}

interface Request {
  readonly send: () => Asked<unknown>;
  readonly handle: (answer: never) => void;
  asked: Asked<unknown>;
  ageTicks: number;
}

const REQUEST_TIMEOUT_TICKS = 40;

/** What all producers together know of their transactions. */
export class SimulatedKnowledge {
  transactionCount = 0;
  /** What came of a transaction, as its producer was told; nothing when it does not know. */
  readonly told = new Map<number, Outcome>();
  /** Transactions that their producers wanted to commit. */
  readonly wanted = new Set<number>();
}

/** Runs one transaction after the other. */
export class SimulatedProducer {
  readonly transactionalId: string;
  readonly #version: 0 | 2;
  readonly #coordinator: SimulatedTransactions;
  readonly #partitions: ReadonlyMap<number, SimulatedPartition>;
  readonly #network: SimulatedNetwork;
  readonly #knowledge: SimulatedKnowledge;
  #producerId = -1;
  #producerEpoch = -1;
  #transaction = 0;
  #added: number[] = [];
  #request: Request | undefined;
  #pauseTicks = 0;
  /** Starts no new transaction. */
  isLeaving = false;

  constructor(
    transactionalId: string,
    version: 0 | 2,
    coordinator: SimulatedTransactions,
    partitions: ReadonlyMap<number, SimulatedPartition>,
    network: SimulatedNetwork,
    knowledge: SimulatedKnowledge,
  ) {
    this.transactionalId = transactionalId;
    this.#version = version;
    this.#coordinator = coordinator;
    this.#partitions = partitions;
    this.#network = network;
    this.#knowledge = knowledge;
  }

  get isIdle(): boolean {
    return this.#request === undefined && this.#added.length === 0;
  }

  step(): void {
    if (this.#pauseTicks-- > 0) return;
    const request = this.#request;
    if (request === undefined) {
      this.#begin();
      return;
    }
    const { answer } = request.asked;
    if (answer !== undefined && !this.#network.chance(0.08)) {
      this.#request = undefined;
      request.handle(answer as never);
    } else if (answer !== undefined || ++request.ageTicks > REQUEST_TIMEOUT_TICKS) {
      request.ageTicks = 0;
      request.asked = request.send();
    }
  }

  #ask<T>(send: () => Asked<T>, handle: (answer: T) => void): void {
    this.#request = { send, handle, asked: send(), ageTicks: 0 };
    // Under the old protocol an end that comes late ends whatever is there (KAFKA-17754): that is why there is a new one.
    if (this.#version === 2 && this.#network.chance(0.1)) this.#network.duplicate(send);
  }

  #begin(): void {
    if (this.#producerId === -1) {
      this.#init();
    } else if (this.#added.length > 0 && this.#network.chance(0.5)) {
      this.#end(this.#network.chance(0.7));
    } else if (this.#added.length > 0 || !this.isLeaving) {
      if (this.#added.length === 0) this.#transaction = ++this.#knowledge.transactionCount;
      this.#add(this.#network.pick([...this.#partitions.keys()]));
    }
  }

  #init(): void {
    const send = () =>
      this.#coordinator.init({ transactionalId: this.transactionalId, transactionTimeoutMs: 3_000 });
    this.#ask(send, (answer) => {
      if (this.#isToRepeat(answer.errorCode, () => this.#init())) return;
      assert.equal(answer.errorCode, ErrorCode.NONE);
      this.#become(answer);
    });
  }

  #add(partition: number): void {
    const producer = this.#named();
    const topicPartition: TopicPartition = { topic: 'topic', partition };
    const send = () => this.#coordinator.addAs(producer, [topicPartition], this.#version);
    this.#ask(send, ([errorCode]) => {
      if (this.#isToRepeat(errorCode!, () => this.#add(partition))) return;
      const isIn =
        errorCode === ErrorCode.NONE &&
        this.#partitions
          .get(partition)!
          .write(producer.producerId, producer.producerEpoch, this.#transaction);
      if (isIn) this.#added.push(partition);
      else this.#restart();
    });
  }

  #end(committed: boolean): void {
    const producer = this.#named();
    if (committed) this.#knowledge.wanted.add(this.#transaction);
    const send = () => this.#coordinator.endAs(producer, committed, this.#version);
    this.#ask(send, (answer) => {
      if (this.#isToRepeat(answer.errorCode, () => this.#end(committed))) return;
      if (answer.errorCode !== ErrorCode.NONE) {
        this.#restart();
        return;
      }
      this.#knowledge.told.set(this.#transaction, committed ? 'committed' : 'aborted');
      this.#added = [];
      if (this.#version === 2) this.#become(answer);
    });
  }

  #isToRepeat(errorCode: number, again: () => void): boolean {
    const { CONCURRENT_TRANSACTIONS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR } = ErrorCode;
    const isPassing = [CONCURRENT_TRANSACTIONS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR].includes(
      errorCode as never,
    );
    if (isPassing) {
      this.#pauseTicks = 3;
      again();
    }
    return isPassing;
  }

  #become({ producerId, producerEpoch }: ProducerIdAnswer): void {
    if (producerId === this.#producerId)
      assert.ok(producerEpoch >= this.#producerEpoch, 'an epoch went back');
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }

  #named() {
    const { transactionalId } = this;
    return { transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch };
  }

  /** Fenced, or timed out: what became of the transaction it does not know. */
  #restart(): void {
    this.#producerId = -1;
    this.#producerEpoch = -1;
    this.#added = [];
  }
}
