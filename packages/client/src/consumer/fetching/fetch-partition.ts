// One assigned partition: where reading stands, what is buffered, and what is wrong, if anything.
//
// Invariants: `position` is behind what was taken, `fetchPosition` behind what is buffered. Whatever makes answers on their way useless (seek, truncation,
// the topic made anew) counts `generation` up, so that they are dropped when they come. What lasts stays due until the partition is sought elsewhere; what
// passes is told after some patience, and tried again all the while.

import type { Uuid } from '@moldau/protocol';
import { CorruptRecordError } from '../../errors/consumer-errors.ts';
import type { KafkaError } from '../../errors/kafka-error.ts';
import type { Backoff } from '../../network/backoff.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import type { RecordReader } from '../records/record-reader.ts';
import type { MemoryHold } from './memory-budget.ts';
import type { FetchedRecords, PartitionLag, Position } from './types.ts';

/** What ListOffsets is asked for. */
export type LookupTarget = 'earliest' | 'latest' | { readonly timestampMs: number };

/** - fetch: records are asked for; - lookup: first an offset; - validate: first whether the log still has what was read; - failed: nothing more. */
export type FetchState = 'fetch' | 'lookup' | 'validate' | 'failed';

export interface Chunk {
  readonly reader: RecordReader;
  readonly hold: MemoryHold;
}

export class FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #backoff: Backoff;
  /** How long what passes may last before the application is told. */
  readonly #patienceMs: number;

  state: FetchState = 'lookup';
  target: LookupTarget = 'latest';
  position: Position | undefined;
  fetchPosition: Position | undefined;
  generation = 0;
  isPaused = false;
  /** In the queue of those that take() looks at. */
  isQueued = false;
  /** A lookup or a validation is under way for this generation. */
  busyGeneration = -1;
  /** When it may be asked for again, by the monotonic clock. */
  retryAtMs = 0;

  topicId: Uuid | undefined;
  leaderId: number | undefined;
  leaderEpoch = -1;
  /** A replica that the leader named, and until when that holds. */
  preferred: { readonly brokerId: number; readonly untilMs: number } | undefined;
  /** What it takes for one record that is larger than partitionMaxBytes. */
  neededBytes = 0;
  /** How many answers in a row had but a part of a batch. */
  cutOffCount = 0;
  /** The broker may be told which epoch was read last. */
  isEpochSent = true;

  highWatermark: number | undefined;
  lastStableOffset: number | undefined;
  logStartOffset: number | undefined;

  #chunks: Chunk[] = [];
  #due: { readonly error: KafkaError; readonly isPassing: boolean } | undefined;
  #troubleSinceMs: number | undefined;

  constructor(
    { topic, partition }: { topic: string; partition: number },
    options: { backoff: Backoff; patienceMs: number },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#backoff = options.backoff;
    this.#patienceMs = options.patienceMs;
  }

  /** take() has something to do here. */
  get isReady(): boolean {
    return !this.isPaused && (this.#chunks.length > 0 || this.#due !== undefined);
  }

  get isBuffered(): boolean {
    return this.#chunks.length > 0;
  }

  /** Buffered and not taken. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const { reader } of this.#chunks) bytes += reader.unreadBytes;
    return bytes;
  }

  isBusy(): boolean {
    return this.busyGeneration === this.generation;
  }

  /** Reads on at an offset that is known to be right. */
  goTo(position: Position): void {
    this.#restart('fetch');
    this.position = position;
    this.fetchPosition = position;
  }

  /** Reads on at an offset, after the broker was asked whether it still belongs to what was read. */
  goToUnsure(position: Position): void {
    this.goTo(position);
    if (position.leaderEpoch !== undefined) this.state = 'validate';
  }

  /** Has an offset looked up to read on at. */
  lookUp(target: LookupTarget): void {
    this.#restart('lookup');
    this.target = target;
    this.position = undefined;
    this.fetchPosition = undefined;
  }

  /** Drops what is buffered; it is fetched again. */
  dropBuffered(): void {
    for (const { hold } of this.#chunks) hold.release();
    this.#chunks = [];
    this.generation++;
    this.fetchPosition = this.position;
  }

  /** Nothing more until it is sought elsewhere. What is buffered is given first. */
  fail(error: KafkaError): void {
    this.state = 'failed';
    this.#due = { error, isPassing: false };
  }

  /** It is not assigned any more. */
  remove(): void {
    this.dropBuffered();
    this.state = 'failed';
    this.#due = undefined;
  }

  /** Tried again after a while. The application is told when that has been so for long, or at once. */
  trouble(error: KafkaError, nowMs: number, isToldAtOnce = false): void {
    this.retryAtMs = nowMs + this.#backoff.failed();
    this.#troubleSinceMs ??= nowMs;
    if (isToldAtOnce || nowMs - this.#troubleSinceMs >= this.#patienceMs)
      this.#due ??= { error, isPassing: true };
  }

  succeeded(): void {
    this.retryAtMs = 0;
    this.#backoff.succeeded();
    this.#troubleSinceMs = undefined;
    if (this.#due?.isPassing === true) this.#due = undefined;
  }

  buffer(chunk: Chunk, end: Position): void {
    this.#chunks.push(chunk);
    this.fetchPosition = end;
  }

  /** Undefined: what was buffered had no records for the application. Throws what is due when nothing is before it. */
  take(maxRecords: number): FetchedRecords | undefined {
    const records: ConsumerRecord<unknown, unknown>[] = [];
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const { reader } = chunk;
      try {
        reader.read(maxRecords, records);
      } catch (error) {
        if (!(error instanceof CorruptRecordError)) throw error;
        this.dropBuffered();
        this.fail(error);
        break;
      }
      this.#moveTo(reader);
      if (records.length === maxRecords) break;
      if (records.length > 0 && reader.unreadBytes > 0) break;
      this.#chunks.shift();
      chunk.hold.release();
      if (records.length > 0) break;
    }
    if (records.length > 0)
      return { topic: this.topic, partition: this.partition, records, nextPosition: this.position! };
    const due = this.#due;
    if (due === undefined) return undefined;
    if (due.isPassing) {
      this.#due = undefined;
      this.#troubleSinceMs = undefined;
    }
    throw due.error;
  }

  lag(isCommittedOnly: boolean): PartitionLag {
    const { highWatermark, lastStableOffset, logStartOffset } = this;
    const end = isCommittedOnly ? lastStableOffset : highWatermark;
    const isKnown = end !== undefined && this.position !== undefined;
    const records = isKnown ? Math.max(0, end - this.position!.offset) : undefined;
    return { records, highWatermark, lastStableOffset, logStartOffset };
  }

  #moveTo({ nextOffset, leaderEpoch }: RecordReader): void {
    this.position = { offset: nextOffset, leaderEpoch: leaderEpoch ?? this.position?.leaderEpoch };
  }

  #restart(state: FetchState): void {
    this.dropBuffered();
    this.state = state;
    this.#due = undefined;
    this.isEpochSent = true;
    this.neededBytes = 0;
    this.cutOffCount = 0;
    this.succeeded();
  }
}
