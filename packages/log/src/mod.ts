export {
  DEFAULT_MEMORY_RETENTION_BYTES,
  type Durability,
  defaultLogConfig,
  type LogConfig,
  memoryRetentionBytes,
} from './log-config.ts';
export type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendOrigin,
  AppendResult,
  EpochEndOffset,
  LogDirDescription,
  LogId,
  ReadOptions,
  ReadResult,
  TimestampOffset,
} from './types.ts';

import type { Clock, Disk, Logger, Random, Timers } from '@moldau/io';
import type { RecordBatch } from '@moldau/protocol';
import type { LogConfig } from './log-config.ts';
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  EpochEndOffset,
  LogDirDescription,
  LogId,
  ReadOptions,
  ReadResult,
  TimestampOffset,
} from './types.ts';

export interface LogManagerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** At least one; made when absent. One that cannot be used is offline, the others serve on. */
  readonly logDirs: readonly string[];
  /** Goes into meta.properties of each folder; a folder of another cluster or node is refused. */
  readonly identity?: { readonly clusterId: string; readonly nodeId: number };
  /** Default 512. */
  readonly maxOpenFiles?: number;
  /** Recently appended bytes kept in memory over all logs; default 64 MiB. */
  readonly tailCacheBytes?: number;
  /** log.retention.check.interval.ms; default 300,000. */
  readonly retentionCheckIntervalMs?: number;
  /** log.flush.offset.checkpoint.interval.ms; default 60,000. */
  readonly checkpointIntervalMs?: number;
  /** producer.id.expiration.ms; default 86,400,000. */
  readonly producerIdExpirationMs?: number;
}

export declare class LogManager {
  /** Reads folder listings and checkpoint files only. Rejects with a LogDirError when no folder can be used or another process holds one. */
  static open(options: LogManagerOptions): Promise<LogManager>;
  /** Names of the partition folders found on disk at the start, 'orders-3'. */
  directoryNames(): string[];
  /** The one Log of this name: made at the first call, the same object after it (then config is ignored, see Log.updateConfig). */
  log(id: LogId, config: LogConfig): Log;
  /** Forgets the log and renames its folder away; the bytes are removed fileDeleteDelayMs later. Fine when there is none. */
  remove(directoryName: string): Promise<void>;
  logDirUsage(): Promise<LogDirDescription[]>;
  /** The clean stop: writes what is queued, leaves the marker by which the next start scans nothing. */
  close(): Promise<void>;
}

export declare class Log {
  readonly directoryName: string;
  readonly topicId: string;
  readonly config: LogConfig;
  /** Loads (and after a crash recovers) the log at its first call. The getters and append need it; read and the lookups wait for it themselves. */
  ready(): Promise<void>;
  readonly isReady: boolean;
  readonly logStartOffset: number;
  /** The next offset to be assigned. */
  readonly logEndOffset: number;
  /** All below is in the page cache and readable. */
  readonly writtenOffset: number;
  /** All below survives a power cut. */
  readonly flushedOffset: number;
  /** First offset of an open transaction, else writtenOffset. */
  readonly lastStableOffset: number;
  readonly sizeBytes: number;
  /** -1 when there is none yet. */
  readonly lastLeaderEpoch: number;
  append(batches: readonly RecordBatch[] | Buffer, options: AppendOptions): AppendResult;
  /** Resolves when all appended before this call is as durable as config.durability says ('fsync': survives a power cut). */
  flush(): Promise<void>;
  /** Told (synchronously, from the writer) whenever writtenOffset has advanced. Returns the function that ends it. */
  onWritten(listener: (log: Log) => void): () => void;
  read(fromOffset: number, options: ReadOptions): ReadResult | Promise<ReadResult>;
  offsetForTimestamp(timestampMs: number, upToOffset?: number): Promise<TimestampOffset | undefined>;
  offsetOfMaxTimestamp(upToOffset?: number): Promise<TimestampOffset | undefined>;
  epochEndOffset(leaderEpoch: number): EpochEndOffset;
  /** DeleteRecords: moves logStartOffset up; whole segments below it are removed. Resolves to the new logStartOffset. */
  deleteRecordsBefore(offset: number): Promise<number>;
  truncateTo(offset: number): Promise<void>;
  enforceRetention(nowMs: number): Promise<number>;
  updateConfig(config: LogConfig): void;
  activeProducers(): ActiveProducer[];
  abortedTransactions(fromOffset: number, upToOffset: number): Promise<AbortedTransaction[]>;
}
