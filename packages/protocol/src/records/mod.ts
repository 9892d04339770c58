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
  type CompressionType,
  codecId,
  codecOf,
  compress,
  DecompressedTooLargeError,
  decompress,
} from './codecs.ts';
export {
  type DownConvertOptions,
  downConvert,
  type RecompressOptions,
  readRecordSet,
  recompress,
  type UpConvertOptions,
  upConvert,
} from './convert.ts';
export { type BatchFields, type BatchInput, encodeBatch, type RecordInput } from './encode-batch.ts';
export { type EndTransactionMarker, encodeMarker, readMarker } from './end-transaction-marker.ts';
export {
  encodeMessageSet,
  type Message as LegacyMessage,
  type MessageInput as LegacyMessageInput,
  type MessageSetInput,
  messages as legacyMessages,
} from './message-set.ts';
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
export {
  type RecordError,
  RecordValidationError,
  type ValidatedBatch,
  type ValidateOptions,
  validateBatch,
} from './validate.ts';
