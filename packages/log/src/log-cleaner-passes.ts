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

/** A batch may hold a hundred thousand records: they are gone through in stretches of this many. */
const STRETCH_RECORDS = 256;

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
      if (pace.worked(batch.sizeBytes)) await rest(options);
      if (!batch.isControl && !isDiscarded && recordCount > 0 && lastOffset >= firstOffset) {
        cursor.reset(batch.recordArea({ maxDecompressedBytes }), recordCount);
        let noted: 'more' | 'done' | 'full' = 'more';
        while (noted === 'more') {
          const from = cursor.end;
          noted = noteStretch(batch.baseOffset, cursor, map, firstOffset);
          if (pace.worked(cursor.end - from)) await rest(options);
        }
        if (noted === 'full') return false;
      }
      if (lastOffset >= firstOffset) map.noteSeen(lastOffset);
    }
  }
}

async function rest({ pace, check }: PassContext): Promise<void> {
  await pace.rest();
  check();
}

function noteStretch(
  baseOffset: number,
  cursor: RecordCursor,
  map: OffsetMap,
  firstOffset: number,
): 'more' | 'done' | 'full' {
  for (let left = STRETCH_RECORDS; left > 0; left--) {
    if (!cursor.next()) return 'done';
    const offset = baseOffset + cursor.offsetDelta;
    if (cursor.keyLength < 0 || offset < firstOffset) continue;
    if (!map.put(cursor.area, cursor.keyStart, cursor.keyLength, offset)) return 'full';
  }
  return 'more';
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

/** Decides batch by batch: `start`, then `step` until it is false, then `result`. */
export class BatchFilter {
  readonly #rules: RetentionRules;
  readonly #maxDecompressedBytes: number;
  readonly #statistics: RetentionStatistics;
  readonly #cursor = new RecordCursor();
  readonly #retained = new RetainedRecords();
  /** The batch whose records decide; undefined when `#decided` says all. */
  #batch: RecordBatch | undefined;
  #decided: RecordBatch | undefined;
  #mayDiscard = false;
  #horizonMs: number | undefined;

  constructor(rules: RetentionRules, maxDecompressedBytes: number, statistics: RetentionStatistics) {
    this.#rules = rules;
    this.#maxDecompressedBytes = maxDecompressedBytes;
    this.#statistics = statistics;
  }

  start(batch: RecordBatch): void {
    const { transactions, nowMs, map } = this.#rules;
    const { isControl, recordCount } = batch;
    this.#statistics.records += recordCount;
    this.#batch = undefined;
    this.#decided = undefined;
    this.#mayDiscard = transactions.mayDiscard(batch);
    this.#horizonMs = batch.hasDeleteHorizon ? batch.baseTimestamp : undefined;
    const isDiscarded =
      this.#mayDiscard && (!isControl || (this.#horizonMs !== undefined && this.#horizonMs <= nowMs));
    if (isDiscarded || recordCount === 0) {
      this.#decided = this.#withoutRecords(batch);
    } else if (!isControl && batch.baseOffset > map.latestOffset) {
      this.#statistics.retainedRecords += recordCount;
      this.#decided = batch;
    } else {
      this.#batch = batch;
      const area = batch.recordArea({ maxDecompressedBytes: this.#maxDecompressedBytes });
      this.#retained.start(batch, area);
      this.#cursor.reset(area, recordCount);
    }
  }

  /** Looks at the next records. @returns how many bytes of them; 0 when there are none left */
  step(): number {
    const batch = this.#batch;
    if (batch === undefined) return 0;
    const cursor = this.#cursor;
    const from = cursor.end;
    for (let left = STRETCH_RECORDS; left > 0 && cursor.next(); left--) {
      if (batch.isControl || this.#isWanted(batch.baseOffset + cursor.offsetDelta))
        this.#retained.keep(cursor);
    }
    return cursor.end - from;
  }

  /** Whether the record that the cursor stands on stays. */
  #isWanted(offset: number): boolean {
    const { map, nowMs } = this.#rules;
    const { area, keyStart, keyLength, valueLength } = this.#cursor;
    if (offset > map.latestOffset) return true;
    if (keyLength < 0) {
      this.#statistics.keyless += 1;
      return false;
    }
    if (offset < map.get(area, keyStart, keyLength)) return false;
    return valueLength >= 0 || this.#horizonMs === undefined || nowMs < this.#horizonMs;
  }

  /** What stays of the batch: itself, another one that is valid until the next `start`, or undefined. */
  result(): RecordBatch | undefined {
    const batch = this.#batch;
    if (batch === undefined) return this.#decided;
    const retained = this.#retained;
    this.#statistics.retainedRecords += retained.count;
    if (retained.count === 0) return this.#withoutRecords(batch);
    const isFirstMet = this.#horizonMs === undefined;
    const needsHorizon = isFirstMet && (batch.isControl ? this.#mayDiscard : retained.hasTombstones);
    if (retained.count === batch.recordCount && !needsHorizon) return batch;
    const newHorizonMs = needsHorizon ? this.#rules.nowMs + this.#rules.deleteRetentionMs : undefined;
    return new RecordBatch(retained.encode(newHorizonMs, this.#cursor));
  }

  #withoutRecords(batch: RecordBatch): RecordBatch | undefined {
    if (!this.#mustKeepHeader(batch)) return undefined;
    return batch.recordCount === 0 ? batch : new RecordBatch(withoutRecords(batch));
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
      filter.start(readBatch(piece, at));
      if (pace.worked(batchSizeAt(piece, at))) await rest(context);
      for (let bytes = filter.step(); bytes > 0; bytes = filter.step()) {
        if (pace.worked(bytes)) await rest(context);
      }
      const kept = filter.result();
      if (kept !== undefined) {
        const { sizeBytes } = kept;
        statistics.retainedBytes += sizeBytes;
        if (sink.write(kept)) await sink.drain();
        if (pace.worked(sizeBytes)) await rest(context);
      }
    }
  }
}
