// What a topic's configuration means to its logs. Times are milliseconds, sizes bytes; "no limit" is Infinity, except for
// retention where Kafka's own -1 is kept because users see it.

/**
 * 'fsync': flush() resolves when the bytes survive a power cut. 'replicated': flush() resolves at the page cache, the replicas
 * guard the rest. 'memory': no file is ever made and all is gone at a restart; see memoryRetentionBytes.
 */
export type Durability = 'fsync' | 'replicated' | 'memory';

export interface LogConfig {
  /** segment.bytes */
  readonly segmentBytes: number;
  /** segment.ms: a segment older than this is closed at the next append. */
  readonly segmentMs: number;
  /** segment.jitter.ms: taken off segmentMs at random per segment, so that logs do not all roll at once. */
  readonly segmentJitterMs: number;
  /** segment.index.bytes: a segment is closed when one of its indexes would grow over this. */
  readonly segmentIndexBytes: number;
  /** index.interval.bytes: one index entry for about this many bytes of batches. */
  readonly indexIntervalBytes: number;
  /** retention.ms; -1 keeps for ever. */
  readonly retentionMs: number;
  /** retention.bytes; -1 is no bound, except with durability 'memory' (see memoryRetentionBytes). */
  readonly retentionBytes: number;
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean };
  /** min.cleanable.dirty.ratio: a log is compacted when more than this share of it has not been, 0 to 1. */
  readonly minCleanableDirtyRatio: number;
  /** min.compaction.lag.ms: younger records are left alone. */
  readonly minCompactionLagMs: number;
  /** max.compaction.lag.ms: older records are compacted whatever the dirty ratio; Infinity never. */
  readonly maxCompactionLagMs: number;
  /** delete.retention.ms: tombstones and markers stay this long after the first compaction that meets them. */
  readonly deleteRetentionMs: number;
  /**
   * The active segment of a compacted log is closed for compaction when it is larger than this, whatever segment.bytes says; Infinity
   * leaves it alone, as Kafka does. For logs that must stay small although nobody sized their segments.
   */
  readonly compactionRollBytes: number;
  /** file.delete.delay.ms: removed segments and folders stay this long under another name, for readers that are still in them. */
  readonly fileDeleteDelayMs: number;
  /** flush.messages: fsync after this many records, beyond what durability asks; Infinity never. */
  readonly flushMessages: number;
  /** flush.ms: fsync when a record has waited this long; Infinity never. */
  readonly flushMs: number;
  /** LogAppendTime makes append() overwrite the timestamps of the batches with the wall time. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly durability: Durability;
  /** Records are decompressed for lookups by time; one batch may not become larger than this. */
  readonly maxDecompressedBytes: number;
}

/** Kafka's defaults. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  cleanupPolicy: { delete: true, compact: false },
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  deleteRetentionMs: 86_400_000,
  compactionRollBytes: Infinity,
  fileDeleteDelayMs: 60_000,
  flushMessages: Infinity,
  flushMs: Infinity,
  timestampType: 'CreateTime',
  durability: 'fsync',
  maxDecompressedBytes: 256 * 1024 * 1024,
};

/** How long a segment takes appends: compaction must reach its records in time. */
export function segmentLifetimeMs(config: LogConfig): number {
  return config.cleanupPolicy.compact
    ? Math.min(config.segmentMs, config.maxCompactionLagMs)
    : config.segmentMs;
}

/** A log in memory that sets no retention.bytes keeps at most this much: 64 MiB. */
export const DEFAULT_MEMORY_RETENTION_BYTES = 64 * 1024 * 1024;

/** The bound in bytes of a log with durability 'memory'; it holds at every append, not only when retention is enforced. */
export function memoryRetentionBytes(config: LogConfig): number {
  return config.retentionBytes < 0 ? DEFAULT_MEMORY_RETENTION_BYTES : config.retentionBytes;
}
