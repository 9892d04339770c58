// One compaction of one log on disk: notes the keys of its dirty part, then writes its segments again without what is superseded,
// group by group, each group into one segment that takes its place. What a crash or a stop interrupts is done again another
// time; the offset from which the log is dirty moves only when all is done.

import type { DiskFile } from '@moldau/io';
import type { LogToClean } from './log-cleaner-choice.ts';
import { CleaningStoppedError, DamagedLogError, SegmentsChangedError } from './log-cleaner-errors.ts';
import { OffsetMap } from './log-cleaner-offset-map.ts';
import { CleanedSegmentWriter } from './log-cleaner-output.ts';
import type { CleanerPace } from './log-cleaner-pace.ts';
import {
  BatchFilter,
  type LastOfProducer,
  noteKeys,
  type PassContext,
  type RetentionRules,
  type RetentionStatistics,
  retainBatches,
} from './log-cleaner-passes.ts';
import { FilePieces, ReadBuffers } from './log-cleaner-source.ts';
import { replaceSegments, type SourceSegment } from './log-cleaner-swap.ts';
import { CleanedTransactions } from './log-cleaner-transactions.ts';
import { findAborted } from './log-lookup.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { ensureIndexes, withFile } from './segment-files.ts';

const MAX_RELATIVE_OFFSET = 0x7fff_ffff;
const INDEX_ENTRY_BYTES = 12;
const MINIMUM_BUFFER_BYTES = 4096;

export interface CleaningOptions {
  readonly pace: CleanerPace;
  readonly nowMs: number;
  /** log.cleaner.dedupe.buffer.size */
  readonly dedupeBufferBytes: number;
  /** log.cleaner.io.buffer.load.factor */
  readonly loadFactor: number;
  /** log.cleaner.io.buffer.size */
  readonly ioBufferBytes: number;
  /** Throws CleaningStoppedError when the broker stops or the cleaner is switched off. */
  check(): void;
}

export interface CleaningResult extends RetentionStatistics {
  /** The log is dirty from here on. */
  readonly endOffset: number;
  readonly keys: number;
  /** Share of the map's room that was used. */
  readonly mapFill: number;
  readonly mapBytes: number;
  /** Bytes read to note keys. */
  readonly indexedBytes: number;
}

export function newStatistics(): RetentionStatistics {
  return { records: 0, retainedRecords: 0, bytes: 0, retainedBytes: 0, keyless: 0 };
}

/** What must hold all the while, besides what the caller asks. */
export function contextOf(state: LogState, options: CleaningOptions): PassContext {
  return {
    pace: options.pace,
    maxDecompressedBytes: state.config.maxDecompressedBytes,
    check() {
      options.check();
      if (state.removed || !state.config.cleanupPolicy.compact) throw new CleaningStoppedError();
      if (state.dir?.offlineReason !== undefined) throw new CleaningStoppedError();
    },
  };
}

/** Rejects with CleaningStoppedError or SegmentsChangedError when it came to nothing, DamagedLogError or MalformedError for bad bytes, the disk's error. */
export async function cleanLog(target: LogToClean, options: CleaningOptions): Promise<CleaningResult> {
  return new LogCleaning(target, options).run();
}

class LogCleaning {
  readonly #target: LogToClean;
  readonly #state: LogState;
  readonly #options: CleaningOptions;
  readonly #context: PassContext;
  readonly #buffers: ReadBuffers;
  readonly #writeBufferBytes: number;
  readonly #map: OffsetMap;
  readonly #statistics = newStatistics();
  #indexedBytes = 0;

  constructor(target: LogToClean, options: CleaningOptions) {
    this.#target = target;
    this.#state = target.state;
    this.#options = options;
    this.#context = contextOf(target.state, options);
    const bufferBytes = Math.max(MINIMUM_BUFFER_BYTES, Math.floor(options.ioBufferBytes / 2));
    this.#buffers = new ReadBuffers(bufferBytes);
    this.#writeBufferBytes = bufferBytes;
    this.#map = new OffsetMap({
      memoryBytes: options.dedupeBufferBytes,
      loadFactor: options.loadFactor,
      digestKey: this.#state.environment.random.bytes(16),
      firstOffset: target.firstDirtyOffset,
    });
  }

  async run(): Promise<CleaningResult> {
    const { firstDirtyOffset, upperBoundOffset } = this.#target;
    const sources = this.#segmentsBelow(upperBoundOffset);
    if (sources.some(({ segment }) => segment.damages !== undefined))
      throw new DamagedLogError('a segment of the log is damaged');
    await this.#noteKeys(sources, firstDirtyOffset, upperBoundOffset);
    const endOffset = this.#map.latestOffset + 1;
    const cleaned = sources.filter(({ segment }) => segment.baseOffset < endOffset);
    // Above a recovery point that is on disk, the gaps that are left would be taken for files that a power cut took.
    await this.#state.dir!.mustSaveCheckpoints();
    await this.#rewrite(cleaned);
    this.#state.dir!.setCleanerOffset(this.#state.directoryName, endOffset);
    await this.#state.dir!.saveCheckpoints();
    return {
      ...this.#statistics,
      endOffset,
      keys: this.#map.size,
      mapFill: this.#map.size / this.#map.capacity,
      mapBytes: this.#map.memoryBytes,
      indexedBytes: this.#indexedBytes,
    };
  }

  #segmentsBelow(offset: number): SourceSegment[] {
    return this.#state.segments
      .filter((segment) => segment.baseOffset < offset)
      .map((segment) => ({ segment, sizeBytes: segment.sizeBytes }));
  }

  async #noteKeys(
    sources: readonly SourceSegment[],
    firstOffset: number,
    upperBoundOffset: number,
  ): Promise<void> {
    const map = this.#map;
    const statistics = { records: 0, bytes: 0 };
    const aborted = await findAborted(this.#state, firstOffset, upperBoundOffset);
    const transactions = new CleanedTransactions(aborted);
    for (const [index, { segment }] of sources.entries()) {
      const nextOffset = sources[index + 1]?.segment.baseOffset ?? upperBoundOffset;
      if (nextOffset <= firstOffset) continue;
      const isAll = await this.#withPieces(segment, firstOffset, (pieces) =>
        noteKeys(pieces, map, { ...this.#context, firstOffset, transactions, statistics }),
      );
      this.#indexedBytes = statistics.bytes;
      if (!isAll) break;
      map.noteSeen(nextOffset - 1);
    }
  }

  async #withPieces<T>(
    segment: Segment,
    fromOffset: number,
    work: (pieces: FilePieces) => Promise<T>,
  ): Promise<T> {
    let position = 0;
    if (fromOffset > segment.baseOffset) {
      await ensureIndexes(this.#state, segment);
      position = segment.positionFor(fromOffset);
    }
    return withFile(this.#state, segment, async (file: DiskFile) => {
      const pieces = new FilePieces(file, position, segment.writtenBytes, this.#buffers);
      try {
        return await work(pieces);
      } finally {
        await pieces.close();
      }
    });
  }

  async #rewrite(sources: readonly SourceSegment[]): Promise<void> {
    const last = sources[sources.length - 1];
    if (last === undefined) return;
    const state = this.#state;
    let output: CleanedSegmentWriter | undefined;
    const aborted = await findAborted(state, sources[0]!.segment.baseOffset, last.segment.nextOffset);
    const transactions = new CleanedTransactions(aborted, (transaction) => output?.addAborted(transaction));
    const rules: RetentionRules = {
      map: this.#map,
      nowMs: this.#options.nowMs,
      deleteRetentionMs: state.config.deleteRetentionMs,
      upperBoundOffset: this.#target.upperBoundOffset,
      transactions,
      lastOfProducers: lastOfProducers(state),
    };
    const filter = new BatchFilter(rules, state.config.maxDecompressedBytes, this.#statistics);
    for (const group of groupsOf(state, sources, this.#target.upperBoundOffset)) {
      const first = group[0]!.segment;
      output = await CleanedSegmentWriter.create(
        state,
        first.baseOffset,
        this.#options.pace,
        this.#writeBufferBytes,
      );
      const into = output;
      try {
        for (const { segment } of group) {
          await this.#withPieces(segment, segment.baseOffset, (pieces) =>
            retainBatches(pieces, filter, into, this.#statistics, this.#context),
          );
        }
        await into.finish(group[group.length - 1]!.segment.nextOffset);
        this.#context.check();
        await replaceSegments(state, into.segment, group, into.directory);
      } catch (error) {
        if (into.segment.suffix === '.cleaned') await into.abandon();
        if (!state.segments.includes(first) && !(error instanceof CleaningStoppedError))
          throw new SegmentsChangedError();
        throw error;
      }
    }
  }
}

/** Of each producer that the log remembers, the batch that must not go: its sequence numbers would be lost with it. */
export function lastOfProducers(state: LogState): Map<number, LastOfProducer> {
  const last = new Map<number, LastOfProducer>();
  for (const [producerId, { producerEpoch, batches }] of state.producers?.entries() ?? []) {
    const lastOffset = batches[batches.length - 1]?.lastOffset ?? -1;
    last.set(producerId, { lastOffset, producerEpoch });
  }
  return last;
}

/** Neighbours that fit one segment together: its size, its indexes, and offsets relative to its first one. */
export function groupsOf(
  { config }: LogState,
  sources: readonly SourceSegment[],
  upperBoundOffset: number,
): SourceSegment[][] {
  const groups: SourceSegment[][] = [];
  let sizeBytes = 0;
  let indexBytes = 0;
  for (const [index, source] of sources.entries()) {
    const { segment } = source;
    const group = groups[groups.length - 1];
    const ownIndexBytes = Math.ceil(segment.sizeBytes / config.indexIntervalBytes) * INDEX_ENTRY_BYTES;
    const lastOffset = (sources[index + 1]?.segment.baseOffset ?? upperBoundOffset) - 1;
    const fits =
      group !== undefined &&
      sizeBytes + segment.sizeBytes <= config.segmentBytes &&
      indexBytes + ownIndexBytes <= config.segmentIndexBytes &&
      (segment.sizeBytes === 0 || lastOffset - group[0]!.segment.baseOffset <= MAX_RELATIVE_OFFSET);
    if (fits) {
      group.push(source);
      sizeBytes += segment.sizeBytes;
      indexBytes += ownIndexBytes;
    } else {
      groups.push([source]);
      sizeBytes = segment.sizeBytes;
      indexBytes = ownIndexBytes;
    }
  }
  return groups;
}
