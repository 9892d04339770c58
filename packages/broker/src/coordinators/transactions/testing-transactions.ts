// For tests: one shard of transactions with a log and partitions in memory, and a clock that stands still until it is
// told to go on.

import { ErrorCode, type KafkaError, type Record } from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type {
  DescribedTransaction,
  InitProducerIdCommand,
  PartitionAnswer,
  ProducerIdAnswer,
  Reply,
  TopicPartition,
  TransactionalProducer,
  TransactionMarkers,
  TransactionVersion,
} from './transaction-commands.ts';
import { defaultTransactionConfig, type TransactionConfig } from './transaction-config.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';
import { parseTransactionRecord, transactionRecord } from './transaction-records.ts';
import { TransactionShard } from './transaction-shard.ts';

export const ID = 'transactional';
export const WALL_START_MS = 1_700_000_000_000;

/** What a command was answered, if it has been. */
export class Asked<T> {
  answer: T | undefined;
}

function ask<T>(command: (reply: Reply<T>) => void): Asked<T> {
  const asked = new Asked<T>();
  command((answer) => {
    if (asked.answer !== undefined) throw new Error('answered twice');
    asked.answer = answer;
  });
  return asked;
}

/** p(3): partition 3 of the topic 'topic'. */
export function p(partition: number, topic = 'topic'): TopicPartition {
  return { topic, partition };
}

interface Append {
  readonly records: readonly CoordinatorRecord[];
  readonly settled: (error: KafkaError | null) => void;
}

interface MarkerRequest {
  readonly markers: TransactionMarkers;
  readonly settled: (answers: readonly PartitionAnswer[]) => void;
}

export class SimulatedTransactions {
  readonly log: CoordinatorRecord[] = [];
  /** Every marker that reached its partition, in order. */
  readonly markers: (Omit<TransactionMarkers, 'partitions'> & TopicPartition)[] = [];
  readonly config: TransactionConfig;
  /** What partitions answer with, instead of taking the marker. */
  markerError: (partition: TopicPartition) => number = () => ErrorCode.NONE;
  /** Set: nothing happens but by commitOne(), deliverOne() and giveProducerId(). */
  isManual = false;
  /** Takes the marker into its partition; answers with the error code. */
  mark: (marker: Omit<TransactionMarkers, 'partitions'> & TopicPartition) => number = (marker) => {
    this.markers.push(marker);
    return ErrorCode.NONE;
  };
  appendError: KafkaError | null = null;
  producerIdError: KafkaError | null = null;
  holdsAppends = false;
  holdsMarkers = false;
  holdsProducerIds = false;
  serverVersion: TransactionVersion = 2;
  nextProducerId = 1000;
  nowMs = 0;
  shard: TransactionShard;
  #appends: Append[] = [];
  #markerRequests: MarkerRequest[] = [];
  #producerIdRequests: ((producerId: number | KafkaError) => void)[] = [];

  constructor(config: Partial<TransactionConfig> = {}) {
    this.config = { ...defaultTransactionConfig, ...config };
    this.shard = this.#newShard();
  }

  get wallMs(): number {
    return WALL_START_MS + this.nowMs;
  }

  get openAppends(): number {
    return this.#appends.length;
  }

  get openMarkers(): number {
    return this.#markerRequests.length;
  }

  /** What the log says of the transactional id. */
  get logged(): TransactionMetadata[] {
    return this.log.flatMap((record) => {
      const parsed = parseTransactionRecord(record);
      return parsed.kind === 'transaction' && parsed.metadata !== null ? [parsed.metadata] : [];
    });
  }

  #newShard(): TransactionShard {
    // A shard from before a restart does nothing any more.
    const isCurrent = () => this.shard === shard;
    const shard: TransactionShard = new TransactionShard({
      config: this.config,
      clock: { wallMs: () => this.wallMs, monotonicMs: () => this.nowMs },
      logger: { warn: () => {} },
      serverVersion: () => this.serverVersion,
      coordinatorEpoch: 7,
      effects: {
        append: (records, settled) => {
          if (isCurrent()) this.#appends.push({ records, settled });
        },
        writeMarkers: (markers, settled) => {
          if (isCurrent()) this.#markerRequests.push({ markers, settled });
        },
        newProducerId: (settled) => {
          if (isCurrent()) this.#producerIdRequests.push(settled);
        },
      },
    });
    return shard;
  }

  /** Settles the oldest append, or refuses it. */
  commitOne(error = this.appendError): void {
    const append = this.#appends.shift();
    if (append === undefined) return;
    if (error === null) this.log.push(...append.records);
    append.settled(error);
  }

  /** The oldest append gets into the log, and nobody hears of it. */
  commitUnheard(): void {
    const append = this.#appends.shift();
    if (append !== undefined) this.log.push(...append.records);
  }

  /** Lets the oldest request for markers reach its partitions. Without an answer the shard never hears of it. */
  deliverOne(isAnswered = true): void {
    const request = this.#markerRequests.shift();
    if (request === undefined) return;
    const { partitions, ...marker } = request.markers;
    const answers = partitions.map((partition) => {
      const errorCode = this.markerError(partition);
      if (errorCode !== ErrorCode.NONE) return { ...partition, errorCode };
      return { ...partition, errorCode: this.mark({ ...marker, ...partition }) };
    });
    if (isAnswered) request.settled(answers);
  }

  giveProducerId(): void {
    const settled = this.#producerIdRequests.shift();
    settled?.(this.producerIdError ?? this.nextProducerId++);
  }

  /** Lets everything happen that is not held. */
  settle(): void {
    if (this.isManual) return;
    for (;;) {
      if (!this.holdsProducerIds && this.#producerIdRequests.length > 0) this.giveProducerId();
      else if (!this.holdsAppends && this.#appends.length > 0) this.commitOne();
      else if (!this.holdsMarkers && this.#markerRequests.length > 0) this.deliverOne();
      else return;
    }
  }

  /** Lets time pass, deadline by deadline. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    this.settle();
    for (;;) {
      const nextMs = this.shard.deadlines.nextMs();
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      this.shard.deadlines.advance(this.nowMs);
      this.settle();
    }
    this.nowMs = endMs;
  }

  /** As after kill -9: only what was committed is left, and nobody is answered. */
  restart(): void {
    this.#appends = [];
    this.#markerRequests = [];
    this.#producerIdRequests = [];
    this.shard = this.#newShard();
    for (const { key, value } of this.log)
      this.shard.replay({ key, value } satisfies Pick<Record, 'key' | 'value'>);
    this.shard.resume();
  }

  /** Puts the transactional id into a state as another broker's log would. */
  given(metadata: Partial<TransactionMetadata>): void {
    this.givenId(ID, metadata);
  }

  givenId(transactionalId: string, metadata: Partial<TransactionMetadata>): void {
    const whole: TransactionMetadata = {
      ...DEFAULT_METADATA,
      lastUpdateTimestampMs: this.wallMs,
      ...metadata,
    };
    this.log.push(transactionRecord(transactionalId, whole, 2));
    this.restart();
  }

  // Commands with defaults -----------------------------------------------------------------------------------------

  init(command: Partial<InitProducerIdCommand> = {}): Asked<ProducerIdAnswer> {
    const whole = { transactionalId: ID, transactionTimeoutMs: 60_000, expected: null, ...command };
    const asked = ask<ProducerIdAnswer>((reply) => this.shard.initProducerId(whole, reply));
    this.settle();
    return asked;
  }

  add(
    producer: Producer,
    partitions: TopicPartition[],
    clientVersion: TransactionVersion = 2,
  ): Asked<number[]> {
    return this.addAs(named(producer), partitions, clientVersion);
  }

  addAs(
    producer: TransactionalProducer,
    partitions: TopicPartition[],
    clientVersion: TransactionVersion,
  ): Asked<number[]> {
    const command = { ...producer, partitions, verifyOnly: false, clientVersion };
    const asked = ask<number[]>((reply) => this.shard.addPartitions(command, reply));
    this.settle();
    return asked;
  }

  verify(producer: Producer, partitions: TopicPartition[]): number[] {
    const command = { ...named(producer), partitions, verifyOnly: true };
    return ask<number[]>((reply) => this.shard.addPartitions(command, reply)).answer!;
  }

  end(
    producer: Producer,
    committed: boolean,
    clientVersion: TransactionVersion = 2,
  ): Asked<ProducerIdAnswer> {
    return this.endAs(named(producer), committed, clientVersion);
  }

  endAs(
    producer: TransactionalProducer,
    committed: boolean,
    clientVersion: TransactionVersion,
  ): Asked<ProducerIdAnswer> {
    const command = { ...producer, committed, clientVersion };
    const asked = ask<ProducerIdAnswer>((reply) => this.shard.endTransaction(command, reply));
    this.settle();
    return asked;
  }

  /** Of all transactional ids. */
  get states(): string[] {
    const everything = {
      stateFilters: [],
      producerIdFilters: [],
      durationFilterMs: -1,
      matchesId: () => true,
    };
    return this.shard.list(everything).map(({ transactionState }) => transactionState);
  }

  get described(): DescribedTransaction {
    return this.shard.describe(ID);
  }

  get state(): string {
    return this.described.transactionState;
  }
}

export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

function named({ producerId, producerEpoch }: Producer) {
  return { transactionalId: ID, producerId, producerEpoch };
}

const DEFAULT_METADATA: TransactionMetadata = {
  state: 'Empty',
  producerId: 1,
  previousProducerId: -1,
  nextProducerId: -1,
  producerEpoch: 5,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  partitions: new Map(),
  startTimestampMs: -1,
  lastUpdateTimestampMs: 0,
  clientVersion: 2,
};
