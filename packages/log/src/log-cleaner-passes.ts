// The two passes of a cleaning over batches, wherever they lie. The first notes the latest offset of each key in the dirty part;
// the second goes over the whole cleanable log and keeps what is still wanted. The rules are Kafka's:
//
// - A record goes when a later one has its key. What lies behind the last offset noted is kept as it is.
// - A tombstone, and a marker whose transaction has no records left, get a delete horizon the first time they are met, now plus
//   delete.retention.ms, and go in the first cleaning after it.
// - Records of aborted transactions go at once.
// - A batch that loses all its records goes too, unless it is the last one of a producer that is still remembered, whose sequence
//   numbers it holds, or the last one of the cleanable part: then its header stays.
// - A batch that loses nothing is kept byte for byte.

import { RecordBatch } from '@moldau/protocol';
import { RecordCursor, RetainedRecords, withoutRecords } from '@moldau/protocol/compaction';
import { batchSizeAt } from './batch-walk.ts';
import { DamagedLogError } from './log-cleaner-errors.ts';
import type { OffsetMap } from './log-cleaner-offset-map.ts';
import type { CleanerPace } from './log-cleaner-pace.ts';
import type { BatchPieces } from './log-cleaner-source.ts';
import type { CleanedTransactions } from './log-cleaner-transactions.ts';

export interface PassContext {
  readonly pace: CleanerPace;
  readonly maxDecompressedBytes: number;
  /** Throws when the cleaning is not wanted any more. */
  check(): void;
}

function readBatch(piece: Buffer, at: number): RecordBatch {
  const batch = new RecordBatch(piece, at);
  if (!batch.isCrcValid())
    throw new DamagedLogError(`the batch at offset ${batch.baseOffset} does not match its checksum`);
  return batch;
}

export interface MapStatistics {
  records: number;
  bytes: number;
}

/**
 * Notes the keys of the batches from `firstOffset` on. False when the map is full: then map.latestOffset is the last offset that
 * it knows all about.
 */
export async function noteKeys(
  pieces: BatchPieces,
  map: OffsetMap,
  options: PassContext & {
    readonly firstOffset: number;
    readonly transactions: CleanedTransactions;
    readonly statistics: MapStatistics;
  },
): Promise<boolean> {
  const { pace, firstOffset, transactions, statistics, maxDecompressedBytes } = options;
  const cursor = new RecordCursor();
  for (;;) {
    options.check();
    const piece = await pieces.next();
    if (piece === undefined) return true;
    statistics.bytes += piece.length;
    await pace.moved(piece.length);
    for (let at = 0; at < piece.length; ) {
      const batch = readBatch(piece, at);
      at += batch.sizeBytes;
      const isDiscarded = transactions.mayDiscard(batch);
      const { lastOffset, recordCount } = batch;
      statistics.records += recordCount;
      let areaBytes = 0;
      if (!batch.isControl && !isDiscarded && recordCount > 0 && lastOffset >= firstOffset) {
        const area = batch.recordArea({ maxDecompressedBytes });
        areaBytes = area.length;
        if (!noteArea(batch, area, cursor, map, firstOffset)) return false;
      }
      if (lastOffset >= firstOffset) map.noteSeen(lastOffset);
      if (pace.worked(batch.sizeBytes + areaBytes)) {
        await pace.rest();
        options.check();
      }
    }
  }
}

function noteArea(
  batch: RecordBatch,
  area: Buffer,
  cursor: RecordCursor,
  map: OffsetMap,
  firstOffset: number,
): boolean {
  const { baseOffset } = batch;
  cursor.reset(area, batch.recordCount);
  while (cursor.next()) {
    const offset = baseOffset + cursor.offsetDelta;
    if (cursor.keyLength < 0 || offset < firstOffset) continue;
    if (!map.put(area, cursor.keyStart, cursor.keyLength, offset)) return false;
  }
  return true;
}

/** The last batch a remembered producer wrote: `lastOffset` of its last records, -1 when only markers are known of it. */
export interface LastOfProducer {
  readonly lastOffset: number;
  readonly producerEpoch: number;
}

export interface RetentionRules {
  readonly map: OffsetMap;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** Where the cleanable part ends. */
  readonly upperBoundOffset: number;
  readonly transactions: CleanedTransactions;
  readonly lastOfProducers: ReadonlyMap<number, LastOfProducer>;
}

export interface RetentionStatistics {
  records: number;
  retainedRecords: number;
  bytes: number;
  retainedBytes: number;
  /** Records without a key, which a compacted log must not have. */
  keyless: number;
}

/** Where the batches that stay go. `write` copies what it is given; after true `drain` must be awaited before the next write. */
export interface BatchSink {
  write(batch: RecordBatch): boolean;
  drain(): Promise<void>;
}

/** Decides batch by batch. */
export class BatchFilter {
  readonly #rules: RetentionRules;
  readonly #maxDecompressedBytes: number;
  readonly #statistics: RetentionStatistics;
  readonly #cursor = new RecordCursor();
  readonly #retained = new RetainedRecords();
  /** Bytes of records looked at in the last batch. */
  areaBytes = 0;

  constructor(rules: RetentionRules, maxDecompressedBytes: number, statistics: RetentionStatistics) {
    this.#rules = rules;
    this.#maxDecompressedBytes = maxDecompressedBytes;
    this.#statistics = statistics;
  }

  /** What stays of a batch: itself, another one that is valid until the next call, or undefined. */
  filter(batch: RecordBatch): RecordBatch | undefined {
    const { transactions, nowMs } = this.#rules;
    const { isControl, recordCount } = batch;
    this.#statistics.records += recordCount;
    this.areaBytes = 0;
    const mayDiscard = transactions.mayDiscard(batch);
    const horizonMs = batch.hasDeleteHorizon ? batch.baseTimestamp : undefined;
    const isDiscarded = mayDiscard && (!isControl || (horizonMs !== undefined && horizonMs <= nowMs));
    if (isDiscarded || recordCount === 0) return this.#mustKeepHeader(batch) ? emptied(batch) : undefined;
    if (!isControl && batch.baseOffset > this.#rules.map.latestOffset) {
      this.#statistics.retainedRecords += recordCount;
      return batch;
    }
    const area = batch.recordArea({ maxDecompressedBytes: this.#maxDecompressedBytes });
    this.areaBytes = area.length;
    this.#retained.start(batch, area);
    this.#select(batch, area, horizonMs);
    const retained = this.#retained;
    this.#statistics.retainedRecords += retained.count;
    if (retained.count === 0) return this.#mustKeepHeader(batch) ? emptied(batch) : undefined;
    const needsHorizon = horizonMs === undefined && (isControl ? mayDiscard : retained.hasTombstones);
    if (retained.count === recordCount && !needsHorizon) return batch;
    const newHorizonMs = needsHorizon ? nowMs + this.#rules.deleteRetentionMs : undefined;
    return new RecordBatch(retained.encode(newHorizonMs, this.#cursor));
  }

  #select(batch: RecordBatch, area: Buffer, horizonMs: number | undefined): void {
    const { map, nowMs } = this.#rules;
    const { isControl, baseOffset } = batch;
    const keepsTombstones = horizonMs === undefined || nowMs < horizonMs;
    const cursor = this.#cursor;
    const retained = this.#retained;
    cursor.reset(area, batch.recordCount);
    while (cursor.next()) {
      if (!isControl) {
        const offset = baseOffset + cursor.offsetDelta;
        if (offset <= map.latestOffset) {
          if (cursor.keyLength < 0) {
            this.#statistics.keyless += 1;
            continue;
          }
          if (offset < map.get(area, cursor.keyStart, cursor.keyLength)) continue;
          if (cursor.valueLength < 0 && !keepsTombstones) continue;
        }
      }
      retained.keep(cursor);
    }
  }

  #mustKeepHeader(batch: RecordBatch): boolean {
    if (batch.nextOffset === this.#rules.upperBoundOffset) return true;
    if (!batch.hasProducerId) return false;
    const last = this.#rules.lastOfProducers.get(batch.producerId);
    if (last === undefined) return false;
    if (last.lastOffset >= 0) return batch.lastOffset === last.lastOffset;
    return batch.isControl && batch.producerEpoch === last.producerEpoch;
  }
}

function emptied(batch: RecordBatch): RecordBatch {
  return batch.recordCount === 0 ? batch : new RecordBatch(withoutRecords(batch));
}

/** Passes all batches of the pieces through the filter into the sink. */
export async function retainBatches(
  pieces: BatchPieces,
  filter: BatchFilter,
  sink: BatchSink,
  statistics: RetentionStatistics,
  context: PassContext,
): Promise<void> {
  const { pace } = context;
  for (;;) {
    context.check();
    const piece = await pieces.next();
    if (piece === undefined) return;
    statistics.bytes += piece.length;
    await pace.moved(piece.length);
    for (let at = 0; at < piece.length; at += batchSizeAt(piece, at)) {
      const kept = filter.filter(readBatch(piece, at));
      if (kept !== undefined) {
        const { sizeBytes } = kept;
        statistics.retainedBytes += sizeBytes;
        if (sink.write(kept)) await sink.drain();
      }
      if (pace.worked(batchSizeAt(piece, at) + filter.areaBytes)) {
        await pace.rest();
        context.check();
      }
    }
  }
}
