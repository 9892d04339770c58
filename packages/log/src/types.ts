// The shapes that cross this package's border.

import type { Verification } from './transaction-verification.ts';

/** Names a partition's log. */
export interface LogId {
  /** Kafka's folder name: topic, a dash, the partition's number; 'orders-3'. */
  readonly directoryName: string;
  /** The topic's id as Kafka prints it (22 characters of url-safe base64). */
  readonly topicId: string;
}

/**
 * 'client': offsets are assigned, producer sequences and transactions are checked. 'coordinator': offsets are assigned, nothing is checked (the
 * broker's own records; see Log.checkTransaction). 'replication': the batches keep the offsets and epochs their leader gave them.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'replication';

export interface AppendOptions {
  /** Written into the batches, and starts a new entry of the leader-epoch checkpoint when it is larger than the last. */
  readonly leaderEpoch: number;
  /** Default 'client'. */
  readonly origin?: AppendOrigin;
  /** For a client's transactional batch; see Log.beginVerification. */
  readonly verification?: Verification | undefined;
}

/** What is known of a transaction besides the batch that belongs to it. */
export interface TransactionChecks {
  /** Needed by a batch that opens the transaction in this log; see Log.beginVerification. */
  readonly verification?: Verification | undefined;
  /** Of the transaction that a marker ends; default 0. */
  readonly transactionVersion?: number;
}

export interface AppendResult {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Wall time put into the records when the topic uses LogAppendTime, else -1. */
  readonly appendTimeMs: number;
  readonly logStartOffset: number;
  /** True when an idempotent producer sent this before: nothing was appended and the offsets are those of the first time. */
  readonly duplicate: boolean;
  /** Resolves when the bytes are in the page cache and readable; rejects with a KafkaError (KAFKA_STORAGE_ERROR) when they could not be written. */
  readonly written: Promise<void>;
}

export interface ReadOptions {
  /** At most this many bytes of whole batches. */
  readonly maxBytes: number;
  /** Return the first batch even when it alone is larger than maxBytes. */
  readonly minOneBatch: boolean;
  /** Only batches that end below this offset; default (and at most) writtenOffset. */
  readonly upToOffset?: number;
}

/** Whole batches as they lie on disk. Empty: chunks is [], firstOffset and nextOffset are the offset asked for. */
export interface ReadResult {
  readonly chunks: Buffer[];
  /** Base offset of the first batch: may be below the offset asked for, which lies somewhere in that batch. */
  readonly firstOffset: number;
  /** The offset to read on from. */
  readonly nextOffset: number;
  readonly sizeBytes: number;
}

export interface TimestampOffset {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly leaderEpoch: number;
}

/** As OffsetForLeaderEpoch answers it; -1 and -1 when unknown. */
export interface EpochEndOffset {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 when nothing is remembered. */
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  /** -1 when no transaction marker has been seen. */
  readonly coordinatorEpoch: number;
  /** -1 when no transaction is open. */
  readonly currentTransactionStartOffset: number;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly lastStableOffset: number;
}

/** A log that is being copied into a log dir, to be served from there. */
export interface FutureLogDescription {
  readonly directoryName: string;
  /** Copied so far. */
  readonly sizeBytes: number;
  /** Offsets that the copy is behind. */
  readonly offsetLag: number;
}

export interface LogDirDescription {
  readonly path: string;
  /** Why the folder cannot be used, or undefined while it can. */
  readonly offlineReason: string | undefined;
  /** Size of the file system and what is free of it; -1 when it cannot be learnt. */
  readonly totalBytes: number;
  readonly usableBytes: number;
  readonly logs: readonly { readonly directoryName: string; readonly sizeBytes: number }[];
  readonly futureLogs: readonly FutureLogDescription[];
  /** Names of logs without a folder that are to get it here. */
  readonly expectedLogs: readonly string[];
}
