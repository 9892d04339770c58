// Owns what a broker checks of a batch that a client produced, with the error codes that Kafka answers.
//
// The checks are those of Kafka's log append and its LogValidator, with one more: offset deltas count 0, 1, 2... in uncompressed
// batches too, where Kafka stores gaps as they come. A batch that passes is whole: every reader of it may trust its
// lengths and counts. Nothing is changed; the caller sets offsets, epoch and the timestamps found out here.

import { ErrorCode, KafkaError } from '../errors.ts';
import { MalformedError } from '../malformed.ts';
import { BATCH_OVERHEAD, LOG_OVERHEAD, type RecordBatch, type TimestampType } from './batch.ts';
import { type CompressionType, DecompressedTooLargeError } from './codecs.ts';
import { iterateRecords, NO_TIMESTAMP, type RecordsSummary, walkRecords } from './record.ts';

export interface ValidateOptions {
  /** The most that a compressed batch may decompress to. */
  readonly maxDecompressedBytes: number;
  /** Whether the topic is compacted, so that every record needs a key. */
  readonly compacted: boolean;
  /** The topic's max.message.bytes; over it MESSAGE_TOO_LARGE. */
  readonly maxMessageBytes?: number | undefined;
  /** False for Produce before version 7. Default true. */
  readonly allowZstd?: boolean | undefined;
  /** The topic's message.timestamp.type. Default 'CreateTime'. */
  readonly timestampType?: TimestampType | undefined;
  /** Wall time in ms, needed by the two limits below. */
  readonly nowMs?: number | undefined;
  /** message.timestamp.before.max.ms: how much older than now a record's timestamp may be. */
  readonly timestampBeforeMaxMs?: number | undefined;
  /** message.timestamp.after.max.ms: how much newer. */
  readonly timestampAfterMaxMs?: number | undefined;
  /** Control batches are a coordinator's to write, and its base offsets are its own. Default 'client'. */
  readonly origin?: 'client' | 'coordinator' | undefined;
  /** False when the bytes come from a place that has checked it. Default true. */
  readonly checkCrc?: boolean | undefined;
}

export interface ValidatedBatch {
  /** The highest timestamp that the records really have, in ms, or -1. The header may say otherwise: set it with `setTimestamps`. */
  readonly maxTimestamp: number;
  /** The offset delta of the first record that has it. */
  readonly maxTimestampOffsetDelta: number;
}

/** One record of a batch that was refused, as Produce answers from version 8. */
export interface RecordError {
  readonly batchIndex: number;
  readonly message: string;
}

/** Thrown when the batch is whole, but some of its records may not be appended. */
export class RecordValidationError extends KafkaError {
  /** The first of them, at most 100. */
  readonly recordErrors: readonly RecordError[];
  constructor(code: number, message: string, recordErrors: readonly RecordError[]) {
    super(code, message);
    this.recordErrors = recordErrors;
  }
}

const MAX_RECORD_ERRORS = 100;

/**
 * Checks a batch of magic 2 that somebody wants appended. Throws KafkaError: CORRUPT_MESSAGE for what does not survive a wire
 * (size, checksum, compressed data), MESSAGE_TOO_LARGE, UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD for what a client did wrong,
 * INVALID_TIMESTAMP.
 */
export function validateBatch(batch: RecordBatch, options: ValidateOptions): ValidatedBatch {
  try {
    return validate(batch, options);
  } catch (error) {
    if (error instanceof MalformedError) throw invalid(`the record batch: ${error.message}`);
    throw error;
  }
}

function validate(batch: RecordBatch, options: ValidateOptions): ValidatedBatch {
  const codec = checkEnvelope(batch, options);
  if (options.origin !== 'coordinator') checkClientFields(batch);
  checkCount(batch);
  const summary = walk(batch, codec, options.maxDecompressedBytes);
  const baseTimestamp = timestampOf(() => batch.baseTimestamp);
  checkRecords(batch, summary, baseTimestamp, options);
  return {
    maxTimestamp: baseTimestamp + summary.maxTimestampDelta,
    maxTimestampOffsetDelta: summary.maxTimestampOffsetDelta,
  };
}

function corrupt(message: string): KafkaError {
  return new KafkaError(ErrorCode.CORRUPT_MESSAGE, message);
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD, message);
}

function checkEnvelope(batch: RecordBatch, options: ValidateOptions): CompressionType {
  const available = batch.buffer.length - batch.position;
  if (available < BATCH_OVERHEAD)
    throw corrupt(`a record batch has at least ${BATCH_OVERHEAD} bytes, not ${available}`);
  const { sizeBytes } = batch;
  if (sizeBytes < BATCH_OVERHEAD || sizeBytes > available) {
    throw corrupt(
      `the record batch claims the length ${sizeBytes - LOG_OVERHEAD} where ${available} bytes are there`,
    );
  }
  if (batch.magic !== 2) throw corrupt(`the record batch has magic ${batch.magic}, not 2`);
  if (options.maxMessageBytes !== undefined && sizeBytes > options.maxMessageBytes) {
    throw new KafkaError(
      ErrorCode.MESSAGE_TOO_LARGE,
      `the record batch has ${sizeBytes} bytes, over the topic's max.message.bytes of ${options.maxMessageBytes}`,
    );
  }
  if (options.checkCrc !== false && !batch.isCrcValid()) {
    throw corrupt('the record batch does not match its checksum: its bytes were changed on the way');
  }
  return checkCodec(batch, options.allowZstd !== false);
}

function checkCodec(batch: RecordBatch, allowZstd: boolean): CompressionType {
  const codec = batch.compression;
  if (codec === 'zstd' && !allowZstd) {
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      'zstd needs Produce version 7 or later: use another codec or a newer client',
    );
  }
  return codec;
}

function checkClientFields(batch: RecordBatch): void {
  if (batch.baseOffset !== 0)
    throw invalid(`a produced record batch has the base offset 0, not ${batch.baseOffset}`);
  if (batch.isControl) throw invalid('clients may not write control records');
  // An id that cannot be throws here, so that who reads what is stored meets none.
  if (batch.producerId >= 0) {
    if (batch.baseSequence < 0)
      throw invalid(`the idempotent record batch has the sequence ${batch.baseSequence}`);
    if (batch.producerEpoch < 0)
      throw invalid(`the idempotent record batch has the epoch ${batch.producerEpoch}`);
  } else if (batch.isTransactional) {
    throw invalid('the transactional record batch has no producer id');
  }
}

function checkCount(batch: RecordBatch): void {
  const { recordCount, lastOffsetDelta } = batch;
  if (lastOffsetDelta < 0) throw invalid(`the record batch has the last offset delta ${lastOffsetDelta}`);
  if (recordCount <= 0) throw invalid(`the record batch claims ${recordCount} records`);
  if (recordCount !== lastOffsetDelta + 1) {
    throw invalid(`the record batch claims ${recordCount} records over ${lastOffsetDelta + 1} offsets`);
  }
}

function walk(batch: RecordBatch, codec: CompressionType, maxDecompressedBytes: number): RecordsSummary {
  let area: Buffer;
  try {
    area = batch.recordArea({ maxDecompressedBytes });
  } catch (error) {
    if (error instanceof DecompressedTooLargeError)
      throw new KafkaError(ErrorCode.MESSAGE_TOO_LARGE, error.message);
    if (error instanceof MalformedError)
      throw corrupt(`the ${codec} data of the record batch: ${error.message}`);
    throw error;
  }
  return walkRecords(area, batch.recordCount);
}

function timestampOf(read: () => number): number {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) throw new KafkaError(ErrorCode.INVALID_TIMESTAMP, error.message);
    throw error;
  }
}

interface TimestampBounds {
  readonly lowest: number;
  readonly highest: number;
}

function timestampBounds(options: ValidateOptions): TimestampBounds {
  const { nowMs, timestampBeforeMaxMs: before, timestampAfterMaxMs: after } = options;
  return {
    lowest: nowMs === undefined || before === undefined ? Number.NEGATIVE_INFINITY : nowMs - before,
    highest: nowMs === undefined || after === undefined ? Number.POSITIVE_INFINITY : nowMs + after,
  };
}

/** Looks at the summary, and at single records only when it says that one of them is wrong. */
function checkRecords(
  batch: RecordBatch,
  summary: RecordsSummary,
  baseTimestamp: number,
  options: ValidateOptions,
): void {
  const bounds = timestampBounds(options);
  const isAppendTimeTopic = options.timestampType === 'LogAppendTime';
  const isFine =
    summary.firstOutOfSequence < 0 &&
    (summary.firstWithoutKey < 0 || !options.compacted) &&
    (isAppendTimeTopic
      ? batch.timestampType === 'CreateTime'
      : baseTimestamp + summary.minTimestampDelta >= bounds.lowest &&
        baseTimestamp + summary.maxTimestampDelta <= bounds.highest);
  if (isFine) return;
  const found: { code: number; error: RecordError }[] = [];
  let index = 0;
  const area = batch.recordArea({ maxDecompressedBytes: options.maxDecompressedBytes });
  // A client may mark its batch LogAppendTime; the topic's type replaces the mark, so the records' own timestamps count.
  const context = { baseOffset: batch.baseOffset, baseTimestamp, logAppendTime: undefined };
  for (const record of iterateRecords(area, batch.recordCount, context)) {
    const problem = problemOf(record, index, batch, bounds, options);
    if (problem !== undefined) {
      found.push({ code: problem.code, error: { batchIndex: index, message: problem.message } });
      if (found.length === MAX_RECORD_ERRORS) break;
    }
    index++;
  }
  if (found.length === 0) return;
  const isTimestamp = found.some(({ code }) => code === ErrorCode.INVALID_TIMESTAMP);
  throw new RecordValidationError(
    isTimestamp ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD,
    isTimestamp
      ? `records were refused for their timestamps: ${found[0]!.error.message}`
      : `records were refused: ${found[0]!.error.message}`,
    found.map(({ error }) => error),
  );
}

function problemOf(
  record: { readonly offset: number; readonly timestamp: number; readonly key: Buffer | null },
  index: number,
  batch: RecordBatch,
  bounds: TimestampBounds,
  options: ValidateOptions,
): { code: number; message: string } | undefined {
  const { timestamp } = record;
  if (options.compacted && record.key === null) {
    return {
      code: ErrorCode.INVALID_RECORD,
      message: `record ${index} has no key, which a compacted topic needs`,
    };
  }
  const offsetDelta = record.offset - batch.baseOffset;
  if (offsetDelta !== index) {
    return { code: ErrorCode.INVALID_RECORD, message: `record ${index} has the offset delta ${offsetDelta}` };
  }
  if (options.timestampType !== 'LogAppendTime' && timestamp !== NO_TIMESTAMP) {
    if (timestamp >= bounds.lowest && timestamp <= bounds.highest) return undefined;
    const [bound, side] = timestamp > bounds.highest ? [bounds.highest, 'later'] : [bounds.lowest, 'earlier'];
    return {
      code: ErrorCode.INVALID_TIMESTAMP,
      message: `record ${index} has the timestamp ${timestamp}, which is ${side} than allowed by the broker's clock, at the moment ${bound}`,
    };
  }
  if (batch.timestampType === 'CreateTime') return undefined;
  return {
    code: ErrorCode.INVALID_TIMESTAMP,
    message: `record ${index} is marked LogAppendTime, which only the broker may do`,
  };
}
