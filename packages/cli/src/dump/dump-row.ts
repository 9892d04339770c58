// What a dump tells: one row for each thing in a file. Its keys are stable; `kind` says which.

export interface BatchRow {
  readonly kind: 'batch';
  readonly position: number;
  readonly sizeBytes: number;
  readonly magic: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly compression: string;
  readonly timestampType: 'create' | 'append';
  readonly maxTimestampMs: number;
  readonly leaderEpoch: number;
  /** null: it has none. */
  readonly producerId: number | null;
  readonly producerEpoch: number | null;
  readonly baseSequence: number | null;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** When compaction may drop its tombstones and markers. */
  readonly deleteHorizonMs: number | null;
  readonly crc: number;
  readonly isValid: boolean;
}

export interface RecordRow {
  readonly kind: 'record';
  readonly offset: number;
  readonly timestampMs: number;
  /** As JSON, as text, or as hexadecimal digits; decoded in Kafka's own topics. */
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: readonly { readonly name: string; readonly value: unknown }[];
}

/** The end of a transaction, or what the metadata quorum writes into its log. */
export interface ControlRow {
  readonly kind: 'control';
  readonly offset: number;
  readonly timestampMs: number;
  /** 'commit', 'abort', 'leader-change' ... */
  readonly type: string;
  readonly value: unknown;
}

/** Entries of indexes, of snapshots and of checkpoints. */
export type EntryRow =
  | { readonly kind: 'offset-index'; readonly offset: number; readonly position: number }
  | { readonly kind: 'time-index'; readonly timestampMs: number; readonly offset: number }
  | {
      readonly kind: 'aborted-transaction';
      readonly producerId: number;
      readonly firstOffset: number;
      readonly lastOffset: number;
      readonly lastStableOffset: number;
    }
  | {
      readonly kind: 'producer';
      readonly producerId: number;
      readonly producerEpoch: number;
      readonly lastSequence: number;
      readonly lastOffset: number;
      readonly offsetDelta: number;
      readonly timestampMs: number;
      readonly coordinatorEpoch: number;
      /** Of the transaction that is open; null: none is. */
      readonly transactionFirstOffset: number | null;
    }
  | { readonly kind: 'leader-epoch'; readonly leaderEpoch: number; readonly startOffset: number }
  | {
      readonly kind: 'checkpoint';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
    }
  | { readonly kind: 'topic-id'; readonly topicId: string }
  | {
      readonly kind: 'log-dir';
      readonly clusterId: string;
      readonly nodeId: number;
      readonly directoryId: string;
    }
  | { readonly kind: 'clean-stop'; readonly brokerEpoch: number };

/** What should not be. */
export interface ProblemRow {
  readonly kind: 'problem';
  readonly position: number | null;
  readonly problem: string;
}

export type DumpRow = BatchRow | RecordRow | ControlRow | EntryRow | ProblemRow;
