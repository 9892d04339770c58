// The segment that compaction writes: under names that end in .cleaned, which mean nothing to anybody until the swap. Two buffers:
// one is filled while the other is on its way to the file.

import type { DiskFile } from '@moldau/io';
import type { RecordBatch } from '@moldau/protocol';
import type { CleanerPace } from './log-cleaner-pace.ts';
import type { BatchSink } from './log-cleaner-passes.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { writeIndexes } from './segment-files.ts';
import type { CompactedRun } from './tail-cache.ts';
import type { AbortedTransaction } from './types.ts';

/** Batches of a log in memory are put together to about this much. */
const MEMORY_RUN_BYTES = 64 * 1024;

export class CleanedSegmentWriter implements BatchSink {
  readonly segment: Segment;
  /** The log's folder when this was begun. */
  readonly directory: string;
  readonly #state: LogState;
  readonly #file: DiskFile;
  readonly #pace: CleanerPace;
  #filling: Buffer;
  #spare: Buffer;
  #filledBytes = 0;
  #writing: Promise<void> | undefined;
  /** A batch that fits no buffer. */
  #large: Buffer | undefined;

  private constructor(
    state: LogState,
    segment: Segment,
    file: DiskFile,
    pace: CleanerPace,
    bufferBytes: number,
  ) {
    this.#state = state;
    this.directory = state.directory;
    this.segment = segment;
    this.#file = file;
    this.#pace = pace;
    this.#filling = Buffer.allocUnsafeSlow(bufferBytes);
    this.#spare = Buffer.allocUnsafeSlow(bufferBytes);
  }

  static async create(
    state: LogState,
    baseOffset: number,
    pace: CleanerPace,
    bufferBytes: number,
  ): Promise<CleanedSegmentWriter> {
    const segment = state.newDetachedSegment(baseOffset);
    segment.suffix = '.cleaned';
    await removeCleaned(state, segment, state.directory);
    const file = await state.environment.disk.open(segment.path(state.directory, 'log'), 'write');
    return new CleanedSegmentWriter(state, segment, file, pace, bufferBytes);
  }

  /** Notes an aborted transaction whose marker is in this segment. */
  addAborted(transaction: AbortedTransaction): void {
    this.segment.aborted!.push(transaction);
  }

  write(batch: RecordBatch): boolean {
    const bytes = batch.bytes();
    this.segment.add(batch, this.#state.config.indexIntervalBytes);
    if (this.#filledBytes + bytes.length > this.#filling.length) {
      this.#large = Buffer.from(bytes);
      return true;
    }
    bytes.copy(this.#filling, this.#filledBytes);
    this.#filledBytes += bytes.length;
    return false;
  }

  async drain(): Promise<void> {
    await this.#flush();
    const large = this.#large;
    if (large === undefined) return;
    this.#large = undefined;
    if (large.length <= this.#filling.length) {
      large.copy(this.#filling, 0);
      this.#filledBytes = large.length;
      return;
    }
    await this.#writing;
    await this.#put(large);
  }

  /** Starts writing what was gathered, once what was gathered before is written. */
  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#filledBytes === 0) return;
    const bytes = this.#filling.subarray(0, this.#filledBytes);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
    this.#writing = this.#put(bytes);
    // Who waits for it hears of it.
    this.#writing.catch(() => {});
    await this.#pace.moved(bytes.length);
  }

  async #put(bytes: Buffer): Promise<void> {
    const position = this.segment.writtenBytes;
    this.segment.writtenBytes += bytes.length;
    await this.#file.write([bytes], position);
  }

  /** Makes the segment and its small files durable. Nothing was written before that is not whole now. */
  async finish(nextOffset: number): Promise<void> {
    const { segment } = this;
    await this.#flush();
    await this.#writing;
    try {
      await this.#file.sync();
    } catch (error) {
      this.#state.dir?.goOffline(`fsync of a compacted segment of ${this.#state.directoryName}`, error);
      throw error;
    }
    await this.#file.close();
    segment.syncedBytes = segment.writtenBytes;
    segment.nextOffset = nextOffset;
    segment.entrySynced = true;
    segment.checkpointedBytes = segment.sizeBytes;
    segment.seal();
    // The log has been moved meanwhile: the swap will find it out.
    if (this.#state.directory !== this.directory) return;
    await writeIndexes(this.#state, segment, true);
  }

  /** The cleaning ends without it. */
  async abandon(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#file.close().catch(() => {});
    if (!this.#state.removed) await removeCleaned(this.#state, this.segment, this.directory).catch(() => {});
  }
}

async function removeCleaned(state: LogState, segment: Segment, directory: string): Promise<void> {
  for (const kind of ['log', 'index', 'timeindex', 'txnindex'] as const)
    await state.environment.disk.remove(segment.path(directory, kind));
}

/** What compaction leaves of a log in memory: few runs of many batches. */
export class MemorySink implements BatchSink {
  readonly segment: Segment;
  readonly #runs: CompactedRun[] = [];
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #firstOffset = 0;
  #nextOffset = 0;

  constructor(segment: Segment) {
    this.segment = segment;
  }

  write(batch: RecordBatch): boolean {
    this.segment.add(batch, Infinity);
    if (this.#parts.length === 0) this.#firstOffset = batch.baseOffset;
    // A copy: the filter's own batches are overwritten, and one that stays must not keep its neighbours.
    this.#parts.push(Buffer.from(batch.bytes()));
    this.#partsBytes += batch.sizeBytes;
    this.#nextOffset = batch.nextOffset;
    if (this.#partsBytes >= MEMORY_RUN_BYTES) this.#endRun();
    return false;
  }

  async drain(): Promise<void> {}

  #endRun(): void {
    if (this.#parts.length === 0) return;
    const bytes = Buffer.concat(this.#parts, this.#partsBytes);
    this.#runs.push({ bytes, firstOffset: this.#firstOffset, nextOffset: this.#nextOffset });
    this.#parts = [];
    this.#partsBytes = 0;
  }

  finish(nextOffset: number): readonly CompactedRun[] {
    this.#endRun();
    this.segment.writtenBytes = this.segment.sizeBytes;
    this.segment.nextOffset = nextOffset;
    return this.#runs;
  }
}
