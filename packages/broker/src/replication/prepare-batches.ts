// From the records of a Produce request to batches that may be appended: older message sets are converted up, every
// batch is validated, and the topic's compression is applied.

import {
  batches,
  ErrorCode,
  KafkaError,
  MalformedError,
  magicAt,
  RecordBatch,
  recompress,
  upConvert,
  validateBatch,
} from '@moldau/protocol';
import type { TopicSettings } from '../config/topic-settings.ts';

/** The first Produce version that carries only magic 2, one batch a partition. */
const FIRST_VERSION_WITH_BATCHES = 3;
const FIRST_VERSION_WITH_ZSTD = 7;
const SMALLEST_ENTRY_BYTES = 17;

export interface PrepareOptions {
  /** Of the Produce request. */
  readonly apiVersion: number;
  readonly settings: TopicSettings;
  readonly nowMs: number;
}

/** The batches that a request holds for one partition; @throws KafkaError when these are no batches that may be sent. */
export function batchesOf(
  records: Buffer | null,
  options: Pick<PrepareOptions, 'apiVersion' | 'settings'>,
): RecordBatch[] {
  if (records === null || records.length === 0) {
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'the request holds no records for this partition');
  }
  if (records.length < SMALLEST_ENTRY_BYTES) {
    throw new KafkaError(ErrorCode.INVALID_RECORD, `${records.length} bytes are too few for a record batch`);
  }
  const found = corruptWhenMalformed(() => modernBatches(records, options));
  if (found.length === 0) {
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'the record batch claims more bytes than are there');
  }
  return found;
}

/** @throws KafkaError with the code Kafka answers to such records. */
export function prepareBatches(batches: readonly RecordBatch[], options: PrepareOptions): RecordBatch[] {
  return corruptWhenMalformed(() => batches.map((batch) => prepareBatch(batch, options)));
}

function corruptWhenMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, error.message);
    throw error;
  }
}

function modernBatches(
  records: Buffer,
  { apiVersion, settings }: Pick<PrepareOptions, 'apiVersion' | 'settings'>,
): RecordBatch[] {
  const magic = magicAt(records);
  if (apiVersion < FIRST_VERSION_WITH_BATCHES && magic < 2) {
    return [...batches(upConvert(records, { maxDecompressedBytes: settings.log.maxDecompressedBytes }))];
  }
  if (magic > 2) throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, `there are no records of magic ${magic}`);
  if (magic !== 2) {
    const message = `Produce version ${apiVersion} carries record batches of magic 2, not ${magic}`;
    throw new KafkaError(ErrorCode.INVALID_RECORD, message);
  }
  const first = new RecordBatch(records);
  if (first.sizeBytes === records.length) return [first];
  const found = [...batches(records)];
  // Bytes behind that make no whole batch are left out, as Kafka does.
  if (apiVersion >= FIRST_VERSION_WITH_BATCHES && found.length > 1) {
    throw new KafkaError(
      ErrorCode.INVALID_RECORD,
      `expected one record batch a partition, got ${found.length}`,
    );
  }
  return found;
}

function prepareBatch(batch: RecordBatch, { apiVersion, settings, nowMs }: PrepareOptions): RecordBatch {
  const { log, compression } = settings;
  const { maxTimestamp } = validateBatch(batch, {
    maxMessageBytes: settings.maxMessageBytes,
    maxDecompressedBytes: log.maxDecompressedBytes,
    compacted: log.cleanupPolicy.compact,
    allowZstd: apiVersion >= FIRST_VERSION_WITH_ZSTD,
    timestampType: log.timestampType,
    timestampBeforeMaxMs: settings.timestampBeforeMaxMs,
    timestampAfterMaxMs: settings.timestampAfterMaxMs,
    nowMs,
  });
  if (log.timestampType === 'CreateTime') batch.setTimestamps({ type: 'CreateTime', maxTimestamp });
  if (compression === 'producer' || compression === batch.compression) return batch;
  return recompress(batch, compression, {
    maxDecompressedBytes: log.maxDecompressedBytes,
    level: settings.compressionLevel,
  });
}
