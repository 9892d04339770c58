// One partition as its leader serves it: the log, what consumers may see of it, and who waits for more.
//
// Invariants: offsets below highWatermark are in the page cache and, as this broker is the only replica, committed;
// consumers never see an offset at or above it, so that nothing they saw vanishes when the process is killed.

import type { AppendOptions, AppendResult, Log, ReadResult } from '@moldau/log';
import type { PartitionState } from '@moldau/metadata';
import {
  type EndTransactionMarker,
  ErrorCode,
  encodeMarker,
  KafkaError,
  RecordBatch,
  type Uuid,
} from '@moldau/protocol';
import type { TopicSettings } from '../config/topic-settings.ts';
import { TopicFigures } from '../monitoring/topic-traffic.ts';
import type { Wait } from './waits.ts';

export interface PartitionOptions {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly index: number;
  readonly log: Log;
  readonly state: PartitionState;
  readonly settings: TopicSettings;
  /** Of its topic; counted by whoever appends and reads. */
  readonly figures?: TopicFigures;
}

/** The end of a producer's transaction. */
export interface TransactionMarker extends EndTransactionMarker {
  /** transaction.version of the transaction: from 2 on its marker has a higher epoch than its records (KIP-890). */
  readonly transactionVersion: number;
}

export type PartitionAppendOptions = Omit<AppendOptions, 'leaderEpoch'>;

export class Partition {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly index: number;
  readonly log: Log;
  readonly figures: TopicFigures;
  readonly leaderEpoch: number;
  readonly inSyncReplicaCount: number;
  readonly replicaCount: number;
  /** Requests that wait for this partition to grow. */
  readonly waits = new Set<Wait>();
  /** Those that see committed transactions only: they wait for the last stable offset. */
  readonly stableWaits = new Set<Wait>();
  #settings: TopicSettings;
  /** Appended since waits were last credited. */
  #uncreditedBytes = 0;
  /** The same of stable waits, and where they could read up to then. */
  #uncreditedStableBytes = 0;
  #creditedStableOffset = 0;
  #isDeleted = false;
  /** How many of inOrder() wait for the log. */
  #waitingCount = 0;
  #ready: Promise<void> | undefined;

  constructor({ topic, topicId, index, log, state, settings, figures }: PartitionOptions) {
    this.topic = topic;
    this.topicId = topicId;
    this.index = index;
    this.log = log;
    this.figures = figures ?? new TopicFigures();
    this.leaderEpoch = state.leaderEpoch;
    this.inSyncReplicaCount = state.isr.length;
    this.replicaCount = state.replicas.length;
    this.#settings = settings;
    this.log.onWritten(() => this.#creditWaits());
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  configure(settings: TopicSettings): void {
    this.#settings = settings;
    this.log.updateConfig(settings.log);
  }

  get highWatermark(): number {
    return this.log.writtenOffset;
  }

  /** Where read_committed consumers stop. */
  get lastStableOffset(): number {
    return this.log.lastStableOffset;
  }

  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** @throws KafkaError when the client knows another leader epoch than ours; a negative one is not compared (KIP-320). */
  checkLeaderEpoch(clientEpoch: number): void {
    if (clientEpoch < 0 || clientEpoch === this.leaderEpoch) return;
    if (clientEpoch < this.leaderEpoch) {
      throw new KafkaError(
        ErrorCode.FENCED_LEADER_EPOCH,
        `leader epoch ${clientEpoch} is older than ${this.leaderEpoch}`,
      );
    }
    throw new KafkaError(
      ErrorCode.UNKNOWN_LEADER_EPOCH,
      `leader epoch ${clientEpoch} is newer than ${this.leaderEpoch}`,
    );
  }

  /**
   * Runs `append` as soon as the log is ready, always in the order of the calls: a client that pipelines must find its
   * records in the order in which it sent them, also when the first of them had the log loaded.
   */
  async inOrder<T>(append: () => T): Promise<T> {
    if (this.#waitingCount > 0 || !this.log.isReady) {
      this.#waitingCount += 1;
      this.#ready ??= this.log.ready();
      try {
        await this.#ready;
      } finally {
        this.#waitingCount -= 1;
        if (this.#waitingCount === 0) this.#ready = undefined;
      }
    }
    return append();
  }

  /** Appends batches that have been validated; see Log.append for its errors. The log must be ready. */
  append(batches: readonly RecordBatch[], options: PartitionAppendOptions = {}): AppendResult {
    const appended = this.log.append(batches, { leaderEpoch: this.leaderEpoch, ...options });
    for (const batch of batches) {
      this.#uncreditedBytes += batch.sizeBytes;
      this.#uncreditedStableBytes += batch.sizeBytes;
      this.figures.bytesIn += batch.sizeBytes;
    }
    if (!appended.duplicate) this.figures.messagesIn += appended.lastOffset - appended.baseOffset + 1;
    return appended;
  }

  /** Appends the end of a transaction. Resolves when it is durable; rejects with a KafkaError when it is refused or was lost. */
  async appendMarker(
    { transactionVersion, ...marker }: TransactionMarker,
    timestampMs: number,
  ): Promise<void> {
    const { written } = await this.inOrder(() => {
      const batch = new RecordBatch(encodeMarker(marker, timestampMs));
      this.log.checkTransaction(batch, { transactionVersion });
      return this.append([batch], { origin: 'coordinator' });
    });
    await Promise.all([written, this.log.flush()]);
  }

  /** Where an epoch ends here; the leader's own lasts to the end of the log, also before it has written anything. */
  epochEndOffset(epoch: number): { leaderEpoch: number; endOffset: number } {
    return epoch === this.leaderEpoch
      ? { leaderEpoch: epoch, endOffset: this.log.logEndOffset }
      : this.log.epochEndOffset(epoch);
  }

  /** Whole batches from the one that holds `offset` up to the high watermark, or an offset below it. */
  read(
    offset: number,
    options: { maxBytes: number; minOneBatch: boolean; upToOffset?: number },
  ): ReadResult | Promise<ReadResult> {
    return this.log.read(offset, { upToOffset: this.highWatermark, ...options });
  }

  /** May credit bytes that are still on their way to the page cache: whoever is woken looks again, and waits on. */
  #creditWaits(): void {
    const bytes = this.#uncreditedBytes;
    this.#uncreditedBytes = 0;
    for (const wait of [...this.waits]) wait.credit(bytes);
    this.#creditStableWaits();
  }

  /** What an open transaction holds back is credited when it ends. */
  #creditStableWaits(): void {
    const { lastStableOffset } = this;
    if (lastStableOffset <= this.#creditedStableOffset) return;
    this.#creditedStableOffset = lastStableOffset;
    const bytes = this.#uncreditedStableBytes;
    this.#uncreditedStableBytes = 0;
    for (const wait of [...this.stableWaits]) wait.credit(bytes);
  }

  /** The topic is gone: whoever waits is told now. */
  markDeleted(): void {
    this.#isDeleted = true;
    for (const wait of [...this.waits, ...this.stableWaits]) wait.end();
  }
}
