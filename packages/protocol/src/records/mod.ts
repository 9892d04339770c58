// The record formats: batches of magic 2, message sets of magic 0 and 1, codecs, and what a broker checks of them.

export {
  BATCH_OVERHEAD,
  batches,
  entrySizeAt,
  LOG_OVERHEAD,
  magicAt,
  type ReadOptions,
  RecordBatch,
  type TimestampType,
} from './batch.ts';
export {
  CODECS,
  type Codec,
  codecId,
  codecOf,
  compress,
  DecompressedTooLargeError,
  decompress,
} from './codecs.ts';
export {
  type BatchFields,
  type BatchInput,
  encodeBatch,
  encodeBatchAround,
  type RecordInput,
} from './encode-batch.ts';
export {
  iterateRecords,
  NO_TIMESTAMP,
  type Record,
  type RecordContext,
  type RecordHeader,
  type RecordsSummary,
  readRecords,
  walkRecords,
} from './record.ts';
