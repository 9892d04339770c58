// What a coordinator's shard needs of the partition under it: one log of keyed records, read whole when the shard is
// loaded and appended to afterwards. The shard is the only writer.

import type { Verification, VerificationGuard, VerificationRequest } from '@moldau/log';
import type { KafkaError, Record } from '@moldau/protocol';

export interface CoordinatorRecord {
  key: Buffer;
  /** Null is a tombstone: the key is gone. */
  value: Buffer | null;
}

/** A producer in one of its transactions. */
export interface TransactionOf {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface VerifiedTransaction extends TransactionOf {
  /** From beginVerification; needed by the records that open the transaction in this log. */
  readonly verification?: Verification | undefined;
}

/** The end of a producer's transaction. */
export interface CoordinatorMarker extends TransactionOf {
  /** Of the transaction coordinator that decided it. */
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
  /** transaction.version of the transaction: from 2 on its marker has a higher epoch than its records (KIP-890). */
  readonly transactionVersion: number;
}

/** Records that belong together, or the end of a transaction: one batch of the log. */
export type CoordinatorBatch =
  | { readonly records: readonly CoordinatorRecord[]; readonly transaction: VerifiedTransaction | null }
  | { readonly marker: CoordinatorMarker };

/** The batch that a record of the log was found in. */
export interface ReplayedBatch extends TransactionOf {
  readonly isTransactional: boolean;
}

/** Told what the log holds, in its order. */
export interface ReplayVisitor {
  record(record: Record, batch: ReplayedBatch): void;
  marker(marker: Omit<CoordinatorMarker, 'transactionVersion'>): void;
}

export interface CoordinatorLog {
  /**
   * Appends the batches, in their order and with nothing between them; a producer is in one of them at most. Those of transactions may
   * be refused: then their place in the answer has the error. Resolves when all others are committed (they survive a crash and a power cut);
   * rejects with a KafkaError when they are not, and then none of them may show up later.
   */
  append(batches: readonly CoordinatorBatch[], timestampMs: number): Promise<readonly (KafkaError | null)[]>;
  /**
   * To be called before a transaction's coordinator is asked whether it goes on; undefined when it is open here and nobody need be asked.
   * Throws a KafkaError for an older epoch.
   */
  beginVerification(request: VerificationRequest): VerificationGuard | undefined;
  /** Visits every record and marker from the start of the log to its end, in order. */
  replay(visitor: ReplayVisitor): Promise<void>;
}

/** The partitions of an internal topic, seen as logs of shards. */
export interface CoordinatorLogs {
  /** How many shards there are. Keys are spread by this number, so it never changes once the topic exists. */
  partitionCount(): number;
  /** The partitions that hold records. Empty while the topic does not exist. */
  partitionsWithRecords(): readonly number[];
  /** The log of one partition; makes the topic when it is not there. Rejects with a KafkaError. */
  open(partition: number): Promise<CoordinatorLog>;
}
