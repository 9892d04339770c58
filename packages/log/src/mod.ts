// Partitions' logs in Kafka's file formats: LogManager opens, closes and recovers them, Log appends, reads and finds.

export { Log } from './log.ts';
export {
  type CleanerConfig,
  type CleanerSnapshot,
  type CleaningReport,
  defaultCleanerConfig,
  type LogCleaner,
  type UncleanableLog,
} from './log-cleaner.ts';
export {
  DEFAULT_MEMORY_RETENTION_BYTES,
  type Durability,
  defaultLogConfig,
  type LogConfig,
  memoryRetentionBytes,
} from './log-config.ts';
export { LogDirError } from './log-dir-opening.ts';
export { LogManager, type LogManagerOptions } from './log-manager.ts';
export type { Verification, VerificationGuard, VerificationRequest } from './transaction-verification.ts';
export type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendOrigin,
  AppendResult,
  EpochEndOffset,
  FutureLogDescription,
  LogDirDescription,
  LogId,
  ReadOptions,
  ReadResult,
  TimestampOffset,
  TransactionChecks,
} from './types.ts';
