// Brings a log's appended bytes to its files. One write per log and turn of the event loop; while a write is in flight the next
// appends gather. One fdatasync serves all who wait for one; writes go on meanwhile. After a failed write or fsync the log dir
// is offline; when there was only no room, what was queued is refused, the torn bytes are cut off, and the log goes on.

import type { DiskFile } from '@moldau/io';
import { saveEpochs, savePartitionMetadata } from './epoch-file.ts';
import type { LogState, Seal } from './log-state.ts';
import { truncateLoaded } from './log-truncation.ts';
import type { Segment } from './segment.ts';
import { snapshotBytes, snapshotPath, writeAborted, writeIndexes, writeSmallFile } from './segment-files.ts';
import { errorText, isOutOfSpace, storageError } from './storage-error.ts';
import type { TailState } from './tail-states.ts';

/** One write takes at most this much, so that the first waiter of many does not wait for all. */
const MAX_RUN_BYTES = 8 * 1024 * 1024;
const MAX_RUN_BUFFERS = 512;
/** Many small buffers are cheaper copied together than named one by one in a writev. */
const SMALL_BUFFER_BYTES = 2048;
/** After this many bytes the tail is made known to .moldau-tails, so that recovery after kill -9 reads no more than that. */
const TAIL_CHECKPOINT_BYTES = 32 * 1024 * 1024;
const ROOM_INTERVAL_MS = 1000;
const ATTEMPTS_TO_FIND_ROOM = 30;

interface Run {
  readonly segment: Segment;
  readonly buffers: Uint8Array[];
  sizeBytes: number;
  endOffset: number;
  readonly written: PromiseWithResolvers<void>;
}

/** Somebody waits until all below an offset is durable. */
interface FlushWaiter {
  readonly targetOffset: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

export class LogWriter {
  readonly #state: LogState;
  readonly #onWritten: () => void;
  #queue: Run[] = [];
  #draining: Promise<void> | undefined;
  /** While bytes are kept queued; see hold(). */
  #held: PromiseWithResolvers<void> | undefined;
  #scheduled = false;
  #flushWaiters: FlushWaiter[] = [];
  #flushing = false;
  /** Called whenever writtenOffset moved or writing failed, for flushes that wait for it. */
  #progress: (() => void) | undefined;
  #unflushedRecords = 0;
  #flushTimerSet = false;
  #checkpointing = false;

  constructor(state: LogState, onWritten: () => void) {
    this.#state = state;
    this.#onWritten = onWritten;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#draining === undefined && !this.#flushing;
  }

  /** Queues bytes that were appended to a segment; resolves when they are in the page cache. */
  enqueue(segment: Segment, bytes: Uint8Array, endOffset: number, recordCount: number): Promise<void> {
    let run = this.#queue[this.#queue.length - 1];
    if (
      run === undefined ||
      run.segment !== segment ||
      run.sizeBytes + bytes.length > MAX_RUN_BYTES ||
      run.buffers.length >= MAX_RUN_BUFFERS
    ) {
      run = { segment, buffers: [], sizeBytes: 0, endOffset, written: Promise.withResolvers() };
      ignoreRejection(run.written.promise);
      this.#queue.push(run);
    }
    if (!this.#state.isInMemory) run.buffers.push(bytes);
    run.sizeBytes += bytes.length;
    run.endOffset = endOffset;
    this.#unflushedRecords += recordCount;
    this.#schedule();
    return run.written.promise;
  }

  #schedule(): void {
    if (this.#scheduled || this.#draining !== undefined) return;
    this.#scheduled = true;
    this.#state.environment.soon(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#draining !== undefined || this.#held !== undefined || this.#queue.length === 0) return;
    this.#draining = this.#drain().finally(() => {
      this.#draining = undefined;
      this.#progress?.();
      if (this.#queue.length > 0) this.#start();
    });
  }

  /** Resolves when nothing is queued or in flight any more. */
  async drained(): Promise<void> {
    while (this.#queue.length > 0 || this.#draining !== undefined) {
      this.#start();
      await (this.#draining ?? this.#held?.promise);
    }
  }

  /** Keeps bytes queued until the function is called that it resolves to, which it does when none is being written. */
  async hold(): Promise<() => void> {
    while (this.#held !== undefined) await this.#held.promise;
    const held = Promise.withResolvers<void>();
    this.#held = held;
    await this.#draining;
    return () => {
      this.#held = undefined;
      held.resolve();
      this.#start();
    };
  }

  async #drain(): Promise<void> {
    const state = this.#state;
    while (this.#queue.length > 0 && this.#held === undefined) {
      const run = this.#queue.shift()!;
      if (!state.isInMemory) {
        try {
          await this.#write(run);
        } catch (error) {
          await this.#failed(run, error);
          continue;
        }
      }
      run.segment.writtenBytes += run.sizeBytes;
      state.writtenOffset = run.endOffset;
      if (state.isInMemory) state.flushedOffset = run.endOffset;
      run.written.resolve();
      this.#onWritten();
      this.#progress?.();
      this.#afterWrite(run.segment);
    }
  }

  async #write(run: Run): Promise<void> {
    const state = this.#state;
    const { disk, handles } = state.environment;
    if (state.removed) throw storageError(`the log ${state.directoryName} has been removed`);
    if (state.dir?.offlineReason !== undefined) throw storageError(state.dir.offlineReason);
    if (!state.directoryMade) {
      await state.environment.pathFree(state.directoryName);
      if (state.removed) throw storageError(`the log ${state.directoryName} has been removed`);
      if (state.dir === undefined) {
        state.dir = state.environment.chooseDir(state.directoryName);
        state.environment.madeIn(state.directoryName, state.dir);
      }
      await disk.makeDirectory(state.directory);
      state.directoryMade = true;
      state.environment.background(savePartitionMetadata(state));
    }
    const slot = run.segment.slotIn(state.directory, 'write');
    const opened = handles.acquire(slot);
    const file: DiskFile = opened instanceof Promise ? await opened : opened;
    try {
      const { buffers } = run;
      const areSmall = buffers.length > 8 && run.sizeBytes < buffers.length * SMALL_BUFFER_BYTES;
      await file.write(
        areSmall ? [Buffer.concat(buffers, run.sizeBytes)] : buffers,
        run.segment.writtenBytes,
      );
    } finally {
      handles.release(slot);
    }
  }

  #afterWrite(segment: Segment): void {
    const state = this.#state;
    if (state.isInMemory) return;
    if (!state.epochsSaved && state.savingEpochs === undefined)
      state.environment.background(saveEpochs(state));
    if (
      segment.writtenBytes - segment.checkpointedBytes >= TAIL_CHECKPOINT_BYTES &&
      segment === state.active
    ) {
      state.environment.background(this.checkpointTail());
    }
    const { flushMessages, flushMs } = state.config;
    if (this.#unflushedRecords >= flushMessages) {
      this.#unflushedRecords = 0;
      ignoreRejection(this.flush());
    } else if (flushMs !== Infinity && !this.#flushTimerSet) {
      this.#flushTimerSet = true;
      state.environment.timers.after(flushMs, () => {
        this.#flushTimerSet = false;
        if (state.flushedOffset < state.writtenOffset && !state.removed)
          ignoreRejection(this.#join(state.writtenOffset));
      });
    }
  }

  async #failed(run: Run, error: unknown): Promise<void> {
    const state = this.#state;
    const refused = [run, ...this.#queue];
    this.#queue = [];
    let problem = storageError(errorText(error));
    if (isOutOfSpace(error)) {
      const where = state.dir?.path ?? 'the log dirs';
      problem = storageError(
        `no space left in ${where} for ${run.sizeBytes} bytes of ${state.directoryName}: free some, or shorten retention`,
      );
      state.dir?.noteFull(run.sizeBytes);
    } else if (!state.removed && state.dir !== undefined) {
      state.dir.goOffline(`writing to ${state.directoryName}`, error);
      problem = storageError(state.dir.offlineReason!);
    }
    state.refusal = problem.message;
    for (const each of refused) each.written.reject(problem);
    if (!state.removed && isOutOfSpace(error)) await this.#goOnWithout();
    this.#progress?.();
  }

  /** Forgets what could not be written, so that the log ends where its file does. */
  async #goOnWithout(): Promise<void> {
    const state = this.#state;
    try {
      await truncateLoaded(state, state.writtenOffset);
      state.refusal = undefined;
    } catch (error) {
      state.dir?.goOffline(`cutting a torn write off ${state.directoryName}`, error);
    }
  }

  /** As Log.flush. */
  flush(): Promise<void> {
    const state = this.#state;
    if (state.config.durability !== 'fsync' && state.config.flushMessages === Infinity)
      return this.whenWritten();
    return this.flushToDisk();
  }

  /** As Log.flushToDisk. */
  flushToDisk(): Promise<void> {
    return this.#join(this.#state.logEndOffset);
  }

  /** Resolves when what is appended now is in the page cache. */
  whenWritten(): Promise<void> {
    const last = this.#queue[this.#queue.length - 1];
    if (last !== undefined) return last.written.promise;
    return this.#draining ?? Promise.resolve();
  }

  /** fsync of all that is written, whatever durability asks. */
  syncAll(): Promise<void> {
    return this.#join(this.#state.writtenOffset);
  }

  #join(targetOffset: number): Promise<void> {
    const state = this.#state;
    if (state.isInMemory) return this.whenWritten();
    if (state.dir?.offlineReason !== undefined) return Promise.reject(storageError(state.dir.offlineReason));
    if (state.flushedOffset >= targetOffset) return Promise.resolve();
    const promise = new Promise<void>((resolve, reject) => {
      this.#flushWaiters.push({ targetOffset, resolve, reject });
    });
    ignoreRejection(promise);
    if (!this.#flushing) void this.#flushLoop();
    return promise;
  }

  /** Syncs as soon as what somebody waits for is written: who comes later, while writes go on, is served by the next sync. */
  async #flushLoop(): Promise<void> {
    const state = this.#state;
    this.#flushing = true;
    while (this.#flushWaiters.length > 0) {
      const canSync = this.#flushWaiters.some(({ targetOffset }) => targetOffset <= state.writtenOffset);
      const isWriting = this.#queue.length > 0 || this.#draining !== undefined;
      if (!canSync && isWriting) {
        await new Promise<void>((resolve) => {
          this.#progress = resolve;
        });
        continue;
      }
      const lost = canSync ? undefined : `what was appended to ${state.directoryName} could not be written`;
      const failure = lost === undefined ? await this.#sync() : storageError(state.refusal ?? lost);
      const waiters = this.#flushWaiters;
      this.#flushWaiters = [];
      for (const waiter of waiters) {
        if (failure !== undefined) waiter.reject(failure);
        else if (waiter.targetOffset <= state.flushedOffset) waiter.resolve();
        else this.#flushWaiters.push(waiter);
      }
    }
    this.#flushing = false;
  }

  /** fdatasync of every file with bytes that are not durable yet, and of the folders that have new names. */
  async #sync(): Promise<Error | undefined> {
    const state = this.#state;
    const upToOffset = state.writtenOffset;
    this.#unflushedRecords = 0;
    try {
      for (const segment of state.segments.filter((each) => each.syncedBytes < each.writtenBytes)) {
        await this.#syncSegment(segment);
      }
      await this.#syncNames();
    } catch (error) {
      if (state.removed) return storageError(`the log ${state.directoryName} has been removed`);
      // Nothing that was fsynced: the next flush tries again.
      if (isOutOfSpace(error))
        return storageError(
          `no space left in ${state.dir?.path} for the aborted transactions of ${state.directoryName}: free some`,
        );
      state.dir?.goOffline(`fsync of ${state.directoryName}`, error);
      return storageError(state.dir?.offlineReason ?? errorText(error));
    }
    if (upToOffset > state.flushedOffset) {
      state.flushedOffset = Math.min(upToOffset, state.writtenOffset);
      this.#noteRecoveryPoint();
    }
    return undefined;
  }

  /** The recovery point never passes a segment whose small files are not durable yet: recovery builds them again. */
  #noteRecoveryPoint(): void {
    const state = this.#state;
    if (state.dir === undefined || !state.epochsSaved || state.removed) return;
    const pending = state.segments.find((segment) => segment.sealPending);
    const offset = Math.min(state.flushedOffset, pending?.baseOffset ?? Infinity);
    if (offset <= (state.dir.recoveryPoints.get(state.directoryName) ?? 0)) return;
    state.dir.recoveryPoints.set(state.directoryName, offset);
    state.dir.recoveryPointsDirty = true;
  }

  async #syncSegment(segment: Segment): Promise<void> {
    const state = this.#state;
    const { handles } = state.environment;
    const writtenBytes = segment.writtenBytes;
    const slot = segment.slotIn(state.directory, 'write');
    const file = await handles.acquire(slot);
    try {
      await file.sync();
    } finally {
      handles.release(slot);
    }
    await this.#writeAborted(segment);
    segment.syncedBytes = Math.max(segment.syncedBytes, Math.min(writtenBytes, segment.writtenBytes));
  }

  /** What is in the log already cannot be refused for want of room: whoever waits for it to be durable waits longer. */
  async #writeAborted(segment: Segment): Promise<void> {
    const state = this.#state;
    for (let attempt = 1; ; attempt++) {
      try {
        await writeAborted(state, segment);
        return;
      } catch (error) {
        if (!isOutOfSpace(error) || attempt === ATTEMPTS_TO_FIND_ROOM) throw error;
        state.dir?.noteFull(0);
        await new Promise<void>((resolve) => state.environment.timers.after(ROOM_INTERVAL_MS, resolve));
      }
    }
  }

  async #syncNames(): Promise<void> {
    const state = this.#state;
    const unnamed = state.segments.filter((segment) => !segment.entrySynced && segment.writtenBytes > 0);
    const work: Promise<void>[] = [];
    if (unnamed.length > 0) work.push(state.environment.disk.syncDirectory(state.directory));
    if (!state.directorySynced && state.dir !== undefined) work.push(state.dir.syncEntries());
    if (work.length === 0) return;
    await Promise.all(work);
    for (const segment of unnamed) segment.entrySynced = true;
    state.directorySynced = true;
  }

  /**
   * Called when `segment` has been closed by a roll, with the producers as they were then: makes it durable and writes its small
   * files, all in the background.
   */
  sealed(segment: Segment, snapshot: Buffer): void {
    if (this.#state.isInMemory) return;
    this.#seal({ segment, snapshot, snapshotOffset: segment.nextOffset, hasFailed: false });
  }

  #seal(seal: Seal): void {
    const state = this.#state;
    state.seals.add(seal);
    seal.segment.sealPending = true;
    const work = Promise.all([state.sealing, this.#writeSealed(seal)]).then(() => {});
    state.sealing = work;
    state.environment.background(work);
  }

  async #writeSealed(seal: Seal): Promise<void> {
    const state = this.#state;
    const { disk, smallFiles, indexCache, logger } = state.environment;
    const { segment, snapshot, snapshotOffset } = seal;
    try {
      await this.#join(snapshotOffset);
      await smallFiles.run(async () => {
        if (!state.seals.has(seal)) return;
        if (state.segments.includes(segment)) await writeIndexes(state, segment, true);
        // Durable: once the segment is removed nothing else knows its producers.
        await disk.replaceFile(snapshotPath(state, snapshotOffset), snapshot);
      });
      if (!state.seals.delete(seal)) return;
      if (state.segments.includes(segment)) indexCache.touch(segment);
      if (segment.slot !== undefined) segment.slot.mode = 'read';
      segment.sealPending = false;
      this.#noteRecoveryPoint();
    } catch (error) {
      if (state.removed || state.dir?.offlineReason !== undefined || !state.seals.has(seal)) return;
      const message = 'cannot write the indexes of a closed segment; it is tried again';
      if (!seal.hasFailed) logger.warn({ log: state.directoryName, error }, message);
      seal.hasFailed = true;
    }
  }

  /** To be called now and then: what lacks its small files is neither compacted nor passed by the recovery point. */
  sealAgain(): void {
    // The epochs may have been written since the last flush.
    this.#noteRecoveryPoint();
    const { seals, segments } = this.#state;
    for (const seal of [...seals].filter(({ hasFailed }) => hasFailed)) {
      seals.delete(seal);
      // Those of a segment that was removed are still needed by the one behind it.
      if (seal.snapshotOffset >= segments[0]!.baseOffset) this.#seal({ ...seal });
    }
  }

  /** What .moldau-tails says of this log once all that is appended has been written. */
  tailState(): TailState {
    const state = this.#state;
    const segment = state.active;
    return {
      segmentBaseOffset: segment.baseOffset,
      sizeBytes: segment.sizeBytes,
      endOffset: state.logEndOffset,
      firstTimestampMs: segment.firstTimestampMs,
      maxTimestampMs: segment.maxTimestampMs ?? -1,
      maxTimestampOffset: segment.maxTimestampOffset,
      topicId: state.topicId,
      onlyEpoch: state.epochs.onlySince(state.segments[0]!.baseOffset),
      hasProducers: (state.producers?.size ?? 0) > 0,
      needsRecovery: false,
      indexesMayBeLost: false,
    };
  }

  /** Makes the tail known: recovery on the same boot starts here. */
  async checkpointTail(): Promise<void> {
    const state = this.#state;
    if (this.#checkpointing || state.removed || state.dir === undefined || !state.directoryMade) return;
    this.#checkpointing = true;
    try {
      const segment = state.active;
      const tail = this.tailState();
      const snapshot = tail.hasProducers ? snapshotBytes(state) : undefined;
      segment.checkpointedBytes = tail.sizeBytes;
      await this.whenWritten();
      // Recovery will not look at what lies before: the small files of closed segments must be whole.
      await state.sealing;
      if (state.writtenOffset < tail.endOffset || state.removed || state.closedLackSmallFiles) return;
      await saveEpochs(state);
      await state.environment.smallFiles.run(async () => {
        await writeIndexes(state, segment, true);
        if (snapshot !== undefined) await this.#writeTailSnapshot(tail.endOffset, snapshot);
      });
      if (!state.removed && state.writtenOffset >= tail.endOffset)
        state.dir.setTail(state.directoryName, tail);
    } catch (error) {
      if (state.removed || state.dir.offlineReason !== undefined) return;
      state.environment.logger.warn(
        { log: state.directoryName, error },
        'cannot checkpoint the tail of a log',
      );
    } finally {
      this.#checkpointing = false;
    }
  }

  async #writeTailSnapshot(offset: number, snapshot: Buffer): Promise<void> {
    const state = this.#state;
    const { disk } = state.environment;
    await writeSmallFile(disk, snapshotPath(state, offset), snapshot);
    const previous = state.tailSnapshotOffset;
    state.tailSnapshotOffset = offset;
    const isOfSegment = state.segments.some((segment) => segment.baseOffset === previous);
    if (previous >= 0 && previous !== offset && !isOfSegment)
      await disk.remove(snapshotPath(state, previous));
  }
}
