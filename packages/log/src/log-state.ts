// What is known of one loaded log, shared by those who work on it: Log (appends), LogWriter (writes, flushes), the reader, the
// loader, retention. Offsets only ever stand in this order:
// logStartOffset <= flushedOffset, writtenOffset <= logEndOffset, and flushedOffset <= writtenOffset.

import type { Clock, Disk, Logger, Random, Timers } from '@moldau/io';
import type { FileHandles } from './file-handles.ts';
import type { Limiter } from './grouping.ts';
import type { IndexCache } from './index-cache.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import type { LogConfig } from './log-config.ts';
import type { LogDir } from './log-dir.ts';
import { ProducerStates } from './producer-state.ts';
import type { ReadCursors } from './read-cursors.ts';
import { ReshapeGate } from './reshape-gate.ts';
import { Segment } from './segment.ts';
import { LogTail, type TailCache } from './tail-cache.ts';

/** What all logs of a manager share. */
export interface LogEnvironment {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly handles: FileHandles;
  readonly tailCache: TailCache;
  readonly indexCache: IndexCache;
  /** For the many small files beside the logs: a few at a time. */
  readonly smallFiles: Limiter;
  /** The dir for a new partition. Throws KAFKA_STORAGE_ERROR when none is online. */
  chooseDir(directoryName: string): LogDir;
  /** A log has got a folder. */
  madeIn(directoryName: string, dir: LogDir): void;
  /** Where a folder of this name is: found at the start, or made since. */
  dirOf(directoryName: string): LogDir | undefined;
  /** Resolves when no removed log is still on its way out of that folder; undefined when none is. */
  pathFree(directoryName: string): Promise<void> | undefined;
  /** Runs at the end of this turn of the event loop, once for all logs. */
  soon(run: () => void): void;
  /** Work that nobody waits for, but that must end before a clean stop. */
  background(work: Promise<void>): void;
}

/** What a closed segment lacks on disk: its indexes, and the snapshot of the producers at its end. */
export interface Seal {
  readonly segment: Segment;
  readonly snapshot: Buffer;
  readonly snapshotOffset: number;
  /** It could not be written at first, which has been told; it is tried again now and then. */
  hasFailed: boolean;
}

/** Kafka's default is to know no epoch; -1 in the batches. */
export class LogState {
  readonly environment: LogEnvironment;
  readonly directoryName: string;
  readonly topicId: string;
  config: LogConfig;
  /** undefined until the first write chooses one, and for ever with durability 'memory'. */
  dir: LogDir | undefined;
  directoryMade = false;
  /** Whether the folder's name in its log dir survives a power cut. */
  directorySynced = false;
  segments: Segment[] = [];
  logStartOffset = 0;
  logEndOffset = 0;
  writtenOffset = 0;
  flushedOffset = 0;
  producers: ProducerStates | undefined;
  epochs = new LeaderEpochs();
  /** Whether there is a file of epochs: a log whose only epoch started with its first batch needs none. */
  epochFileExists = false;
  /** While the epochs' file is being written. */
  savingEpochs: Promise<void> | undefined;
  /** One that is taken out before it is done has nothing more to write: the log was cut, and the segment is open again or gone. */
  readonly seals = new Set<Seal>();
  /** While the small files of closed segments are being written. */
  sealing: Promise<void> = Promise.resolve();
  #epochsVersion = 0;
  #epochsSavedVersion = 0;
  tail: LogTail | undefined;
  cursors: ReadCursors | undefined;
  /** Of the newest producer snapshot that stands between segment borders; -1 when there is none. */
  tailSnapshotOffset = -1;
  /** Why appends are refused although the log dir is online: the log is being cut. */
  refusal: string | undefined;
  removed = false;
  readonly reshaping = new ReshapeGate();
  /** Of a log in memory: all below was compacted. -1 when it never was. */
  memoryCleanerOffset = -1;
  /** While the log is being compacted. */
  cleaning: Promise<void> | undefined;
  /** Whether anything was appended or cut since it was loaded. */
  hasChanged = false;

  constructor(environment: LogEnvironment, directoryName: string, topicId: string, config: LogConfig) {
    this.environment = environment;
    this.directoryName = directoryName;
    this.topicId = topicId;
    this.config = config;
  }

  get isInMemory(): boolean {
    return this.config.durability === 'memory' && this.dir === undefined;
  }

  /** Path of the log's folder. Only when it has a dir. */
  get directory(): string {
    return `${this.dir!.path}/${this.directoryName}`;
  }

  get active(): Segment {
    return this.segments[this.segments.length - 1]!;
  }

  get sizeBytes(): number {
    let sizeBytes = 0;
    for (const segment of this.segments) sizeBytes += segment.sizeBytes;
    return sizeBytes;
  }

  /** Whether files beside the batches lack what only they tell: a recovery has to look at the batches again. */
  get lacksSmallFiles(): boolean {
    return this.#lackSmallFiles(this.segments);
  }

  /** The same, of segments that nothing more is appended to. */
  get closedLackSmallFiles(): boolean {
    return this.#lackSmallFiles(this.segments.slice(0, -1));
  }

  #lackSmallFiles(segments: readonly Segment[]): boolean {
    return (
      this.seals.size > 0 ||
      segments.some(({ aborted, abortedOnDisk }) => aborted !== undefined && aborted.length !== abortedOnDisk)
    );
  }

  /** Whether the file has the epochs that are in memory. */
  get epochsSaved(): boolean {
    return this.#epochsVersion === this.#epochsSavedVersion;
  }

  get epochsVersion(): number {
    return this.#epochsVersion;
  }

  /** The epochs are not what the file says, nor what the first batch says when there is no file. */
  noteEpochsChanged(): void {
    this.#epochsVersion += 1;
  }

  /** Takes in the epoch of a batch at the log's end. */
  assignEpoch(epoch: number, startOffset: number): void {
    const isFirst = this.epochs.count === 0 && startOffset === this.segments[0]!.baseOffset;
    if (!this.epochs.assign(epoch, startOffset)) return;
    if (!isFirst || this.epochFileExists) this.noteEpochsChanged();
  }

  noteEpochsSaved(version: number): void {
    this.#epochsSavedVersion = version;
  }

  producerStates(): ProducerStates {
    this.producers ??= new ProducerStates();
    return this.producers;
  }

  logTail(): LogTail {
    this.tail ??= new LogTail(this.isInMemory ? undefined : this.environment.tailCache);
    return this.tail;
  }

  newSegment(baseOffset: number): Segment {
    const segment = this.newDetachedSegment(baseOffset);
    this.segments.push(segment);
    return segment;
  }

  /** A segment that is not part of the log. */
  newDetachedSegment(baseOffset: number): Segment {
    const { clock, random } = this.environment;
    const jitterMs = Math.min(this.config.segmentJitterMs, this.config.segmentMs);
    return Segment.fresh(baseOffset, clock.wallMs(), jitterMs > 0 ? random.next() * jitterMs : 0);
  }

  /** Index of the segment that holds the offset: the last one that starts at it or before; -1 when all start after it. */
  segmentIndexFor(offset: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.segments[middle]!.baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
