// What fetching offers to the rest of the consumer.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { ConsumerRecord, TopicSerdes } from '../records/consumer-record.ts';

/** Where to read on: the offset of the next record. */
export interface Position {
  readonly offset: number;
  /** Of the record before it, as far as known: it tells when the log was cut back behind our back (KIP-320). */
  readonly leaderEpoch?: number | undefined;
}

/** Where a partition without a position begins, or one whose position is gone. */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly durationMs: number };

/** Where to go to. */
export type SeekTarget = Position | 'earliest' | 'latest' | { readonly timestampMs: number };

export interface AssignedPartition extends TopicPartition {
  /** By default autoOffsetReset says. */
  readonly position?: Position | undefined;
}

export interface FetchSettings {
  /** A broker waits for so much, for at most fetchMaxWaitMs. */
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  /** Of one answer, and of one partition in it. A record that is larger comes nevertheless, alone. */
  readonly fetchMaxBytes: number;
  readonly partitionMaxBytes: number;
  /** Of all that has come and is not taken yet: beyond it nothing more is asked for. */
  readonly maxBufferedBytes: number;
  readonly isolation: 'read-uncommitted' | 'read-committed';
  readonly autoOffsetReset: OffsetReset;
  /** Of the consumer: replicas in the same rack are read from, where the brokers say so. */
  readonly rack: string | undefined;
  readonly checkCrcs: boolean;
  /** How the records of a topic are read; by default as bytes. */
  readonly serdesOf?: ((topic: string) => TopicSerdes<unknown, unknown> | undefined) | undefined;
}

/** Some records of one partition, in order. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: ConsumerRecord<unknown, unknown>[];
  /** Where the next take goes on: what to commit when these are done. */
  readonly nextPosition: Position;
}

/** What is known of the end of a partition; undefined before the first answer. */
export interface PartitionLag {
  /** From the position to the end that this isolation may read. */
  readonly records: number | undefined;
  readonly highWatermark: number | undefined;
  readonly lastStableOffset: number | undefined;
  readonly logStartOffset: number | undefined;
}

/** Fetcher, for those who are given one. */
export interface RecordFetcher extends AsyncDisposable {
  /** Adds partitions. Those that are assigned already stay as they are. */
  assign(partitions: readonly AssignedPartition[]): void;
  /** Their buffered records are dropped at once. */
  unassign(partitions: readonly TopicPartition[]): void;
  assigned(): TopicPartition[];
  /** What is buffered is kept, and not given until resume. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  paused(): TopicPartition[];
  /** Drops what is buffered. @throws when the partition is not assigned */
  seek(partition: TopicPartition, to: SeekTarget): void;
  /** Of the next record that take gives; undefined while it is looked up, or when the partition is not assigned. */
  position(partition: TopicPartition): Position | undefined;
  lagOf(partition: TopicPartition): PartitionLag;
  /**
   * Some records of one partition that are there now, each partition in turn; undefined: none are there. Moves the position.
   * Throws what is wrong with a partition: until it is sought elsewhere or unassigned, it is thrown each time its turn comes.
   */
  take(maxRecords: number): FetchedRecords | undefined;
  /** Resolves when take would give something, or throw; rejects with the signal's reason, or a ClosedError. */
  whenReady(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Kafka's own, but for maxBufferedBytes, which its clients do not have. */
export const FETCH_DEFAULTS: FetchSettings = {
  fetchMinBytes: 1,
  fetchMaxWaitMs: 500,
  fetchMaxBytes: 50 * 1024 * 1024,
  partitionMaxBytes: 1024 * 1024,
  maxBufferedBytes: 64 * 1024 * 1024,
  isolation: 'read-uncommitted',
  autoOffsetReset: 'latest',
  rack: undefined,
  checkCrcs: true,
};
