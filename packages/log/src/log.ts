// One partition's log: assigns offsets and keeps order. Everything that decides (offsets, producer sequences, rolling) happens
// synchronously in append(); the bytes follow through LogWriter. A Log that was never used holds its name and nothing else.

import assert from 'node:assert';
import { batches as batchesIn, ErrorCode, KafkaError, type RecordBatch } from '@moldau/protocol';
import { saveEpochs } from './epoch-file.ts';
import { UNKNOWN_EPOCH_END } from './leader-epochs.ts';
import { type LogConfig, memoryRetentionBytes } from './log-config.ts';
import { loadLog } from './log-loader.ts';
import { findAborted, findByTimestamp, findYoungest } from './log-lookup.ts';
import { readLog } from './log-reader.ts';
import { boundMemory, enforceRetention, moveLogStart, removeOldest } from './log-retention.ts';
import { type LogEnvironment, LogState } from './log-state.ts';
import { truncateLoaded } from './log-truncation.ts';
import { LogWriter } from './log-writer.ts';
import type { ProducerStates, RememberedBatch } from './producer-state.ts';
import { snapshotBytes } from './segment-files.ts';
import { errorText, storageError } from './storage-error.ts';
import type { VerificationGuard, VerificationRequest } from './transaction-verification.ts';
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  EpochEndOffset,
  LogId,
  ReadOptions,
  ReadResult,
  TimestampOffset,
  TransactionChecks,
} from './types.ts';

const READY: Promise<void> = Promise.resolve();

interface Loaded {
  readonly state: LogState;
  readonly writer: LogWriter;
}

export class Log {
  readonly directoryName: string;
  readonly topicId: string;
  readonly #environment: LogEnvironment;
  #config: LogConfig;
  #loaded: Loaded | undefined;
  #loading: Promise<void> | undefined;
  #listeners: ((log: Log) => void)[] | undefined;

  /** Made by LogManager.log. */
  constructor(environment: LogEnvironment, id: LogId, config: LogConfig) {
    this.#environment = environment;
    this.directoryName = id.directoryName;
    this.topicId = id.topicId;
    this.#config = config;
  }

  get config(): LogConfig {
    return this.#config;
  }

  /** Whether the getters and append may be used. */
  get isReady(): boolean {
    return this.#loaded !== undefined;
  }

  /**
   * Loads the log, and recovers it after a crash, at the first call. The getters and append need it; reads and lookups wait for it
   * themselves. Rejects with KAFKA_STORAGE_ERROR when the files cannot be read; a later call tries again.
   */
  ready(): Promise<void> {
    if (this.#loaded !== undefined) return READY;
    const dir = this.#environment.dirOf(this.directoryName);
    if (dir === undefined || this.#config.durability === 'memory') {
      const state = this.#newState();
      state.newSegment(0);
      this.#adopt(state);
      return READY;
    }
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  #newState(): LogState {
    return new LogState(this.#environment, this.directoryName, this.topicId, this.#config);
  }

  #adopt(state: LogState): void {
    const writer = new LogWriter(state, () => this.#tellListeners());
    this.#loaded = { state, writer };
  }

  async #load(): Promise<void> {
    const state = this.#newState();
    const dir = this.#environment.dirOf(this.directoryName)!;
    if (dir.offlineReason !== undefined) throw storageError(dir.offlineReason);
    try {
      await loadLog(state, dir);
    } catch (error) {
      this.#environment.logger.error({ log: this.directoryName, error }, 'cannot load a log');
      throw storageError(`cannot load ${this.directoryName} from ${dir.path}: ${errorText(error)}`);
    }
    this.#adopt(state);
  }

  #state(): LogState {
    assert(this.#loaded !== undefined, 'await log.ready() first');
    return this.#loaded.state;
  }

  async #whenReady(): Promise<LogState> {
    if (this.#loaded === undefined) await this.ready();
    return this.#state();
  }

  get logStartOffset(): number {
    return this.#state().logStartOffset;
  }

  /** The next offset to be assigned: counts what is appended but not yet written. */
  get logEndOffset(): number {
    return this.#state().logEndOffset;
  }

  /** All below is in the page cache and can be read. */
  get writtenOffset(): number {
    return this.#state().writtenOffset;
  }

  /** All below survives a power cut (with durability 'memory': equals writtenOffset). */
  get flushedOffset(): number {
    return this.#state().flushedOffset;
  }

  /** Where readers of committed records stop: the first offset of the oldest transaction that has not ended, else writtenOffset. */
  get lastStableOffset(): number {
    const { producers, writtenOffset, logStartOffset } = this.#state();
    const unstableOffset = producers?.firstUnstableOffset(writtenOffset);
    if (unstableOffset === undefined || unstableOffset >= writtenOffset) return writtenOffset;
    return Math.max(unstableOffset, logStartOffset);
  }

  get sizeBytes(): number {
    return this.#state().sizeBytes;
  }

  get segmentCount(): number {
    return this.#state().segments.length;
  }

  /** -1 when nothing was ever appended. */
  get lastLeaderEpoch(): number {
    return this.#state().epochs.last;
  }

  /** Path of the folder; undefined while there is none. */
  get directory(): string | undefined {
    const state = this.#loaded?.state;
    return state?.directoryMade === true ? state.directory : undefined;
  }

  /**
   * Appends batches that were validated. Offsets, leader epoch and (with LogAppendTime) timestamps are set in place: the buffers
   * belong to the log afterwards. Throws KafkaError: OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE,
   * RECORD_LIST_TOO_LARGE, KAFKA_STORAGE_ERROR; then nothing was appended and no producer moved on.
   */
  append(batches: readonly RecordBatch[] | Buffer, options: AppendOptions): AppendResult {
    assert(this.#loaded !== undefined, 'await log.ready() first');
    const { state, writer } = this.#loaded;
    const list = Buffer.isBuffer(batches) ? [...batchesIn(batches)] : batches;
    assert(list.length > 0, 'an append has at least one batch');
    this.#refuseIfUnable(state);
    const origin = options.origin ?? 'client';
    if (origin === 'client' && (state.producers !== undefined || list.some(isTransactional))) {
      const producers = state.producerStates();
      const repeated = findRepeated(producers, list);
      if (repeated !== undefined) return this.#duplicateResult(state, writer, repeated);
      producers.check(list, options.verification);
    }
    let sizeBytes = 0;
    for (const batch of list) sizeBytes += batch.sizeBytes;
    const { segmentBytes } = state.config;
    if (sizeBytes > segmentBytes) {
      throw new KafkaError(
        ErrorCode.RECORD_LIST_TOO_LARGE,
        `${sizeBytes} bytes of batches are more than a segment of ${state.directoryName} holds (segment.bytes=${segmentBytes})`,
      );
    }
    const nowMs = this.#environment.clock.wallMs();
    const appendTimeMs =
      origin !== 'replication' && state.config.timestampType === 'LogAppendTime' ? nowMs : -1;
    if (origin === 'replication')
      assert(list[0]!.baseOffset >= state.logEndOffset, 'a follower appends at the end');
    else assignOffsets(state, list, options.leaderEpoch, appendTimeMs);
    return this.#take(state, writer, list, contiguous(list), nowMs, appendTimeMs);
  }

  /**
   * Throws the KafkaError with which a batch or marker of the broker's own coordinators has to be refused: INVALID_PRODUCER_EPOCH,
   * INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED. To be asked right before it is appended.
   */
  checkTransaction(batch: RecordBatch, checks: TransactionChecks): void {
    this.#state().producerStates().checkOwn(batch, checks);
  }

  /**
   * To be called before a transaction's coordinator is asked whether it goes on: the guard to append its batch with, or undefined when
   * the transaction is open here and nobody need be asked. A marker that comes in between makes the guard worthless.
   * Throws INVALID_PRODUCER_EPOCH.
   */
  beginVerification(request: VerificationRequest): VerificationGuard | undefined {
    return this.#state().producerStates().beginVerification(request, this.#environment.clock.wallMs());
  }

  #refuseIfUnable(state: LogState): void {
    if (state.removed) {
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `${state.directoryName} has been deleted`);
    }
    const dir = state.dir;
    if (dir?.offlineReason !== undefined) throw storageError(dir.offlineReason);
    if (state.refusal !== undefined) throw storageError(state.refusal);
    if (dir?.isFull() === true) {
      throw storageError(
        `no space left in ${dir.path}: ${state.directoryName} takes appends again when there is room`,
      );
    }
  }

  #duplicateResult(state: LogState, writer: LogWriter, repeated: RememberedBatch): AppendResult {
    return {
      baseOffset: repeated.lastOffset - repeated.offsetDelta,
      lastOffset: repeated.lastOffset,
      appendTimeMs: state.config.timestampType === 'LogAppendTime' ? repeated.timestampMs : -1,
      logStartOffset: state.logStartOffset,
      duplicate: true,
      written: writer.whenWritten(),
    };
  }

  /** From here on nothing fails. */
  #take(
    state: LogState,
    writer: LogWriter,
    list: readonly RecordBatch[],
    bytes: Buffer,
    nowMs: number,
    appendTimeMs: number,
  ): AppendResult {
    const baseOffset = list[0]!.baseOffset;
    const lastOffset = list[list.length - 1]!.lastOffset;
    this.#rollIfDue(list, bytes.length, lastOffset, nowMs);
    const segment = state.active;
    const indexIntervalBytes = state.isInMemory ? Infinity : state.config.indexIntervalBytes;
    for (const batch of list) {
      segment.add(batch, indexIntervalBytes);
      state.assignEpoch(batch.partitionLeaderEpoch, batch.baseOffset);
      if (!batch.hasProducerId) continue;
      const aborted = state.producerStates().apply(batch);
      if (aborted !== undefined) segment.aborted!.push(aborted);
    }
    state.hasChanged = true;
    state.logEndOffset = lastOffset + 1;
    state.logTail().add(bytes, baseOffset, state.logEndOffset);
    const written = writer.enqueue(segment, bytes, state.logEndOffset, lastOffset - baseOffset + 1);
    return {
      baseOffset,
      lastOffset,
      appendTimeMs,
      logStartOffset: state.logStartOffset,
      duplicate: false,
      written,
    };
  }

  #rollIfDue(list: readonly RecordBatch[], sizeBytes: number, lastOffset: number, nowMs: number): void {
    const { state } = this.#loaded!;
    let maxTimestampMs = -1;
    for (const batch of list) maxTimestampMs = Math.max(maxTimestampMs, batch.maxTimestamp);
    // In memory a segment is the least that retention can drop, so it must be a small part of what may be kept.
    const config = state.isInMemory
      ? {
          ...state.config,
          segmentBytes: Math.min(state.config.segmentBytes, memoryRetentionBytes(state.config) / 8),
        }
      : state.config;
    if (state.active.mustRoll(sizeBytes, maxTimestampMs, lastOffset, nowMs, config))
      this.#roll(list[0]!.baseOffset);
  }

  /** Closes the active segment and opens one that starts at the offset. */
  #roll(baseOffset: number): void {
    const { state, writer } = this.#loaded!;
    const closed = state.active;
    const isUnused = closed.sizeBytes === 0;
    if (isUnused) state.segments.pop();
    else closed.seal();
    state.newSegment(baseOffset);
    if (!isUnused && !state.isInMemory) writer.sealed(closed, snapshotBytes(state));
  }

  /**
   * Resolves when all that was appended before this call is as durable as config.durability asks: 'fsync' on the disk, 'replicated'
   * in the page cache, 'memory' at once. Rejects with KAFKA_STORAGE_ERROR when it never will be.
   */
  flush(): Promise<void> {
    return this.#loaded === undefined ? READY : this.#loaded.writer.flush();
  }

  /** As flush, with all of it on the disk whatever config.durability asks; but 'memory' has none. */
  flushToDisk(): Promise<void> {
    return this.#loaded === undefined ? READY : this.#loaded.writer.flushToDisk();
  }

  /** Told synchronously whenever writtenOffset has advanced. Returns the function that ends it. */
  onWritten(listener: (log: Log) => void): () => void {
    this.#listeners = [...(this.#listeners ?? []), listener];
    return () => {
      const rest = this.#listeners?.filter((each) => each !== listener) ?? [];
      this.#listeners = rest.length > 0 ? rest : undefined;
    };
  }

  #tellListeners(): void {
    const state = this.#loaded!.state;
    if (state.isInMemory) boundMemory(state);
    if (this.#listeners === undefined) return;
    for (const listener of this.#listeners) listener(this);
  }

  /**
   * Whole batches from the one that holds fromOffset on. Synchronous when they are in memory. Throws (or rejects with) KafkaError:
   * OFFSET_OUT_OF_RANGE outside logStartOffset..logEndOffset, CORRUPT_MESSAGE where the file is damaged, KAFKA_STORAGE_ERROR.
   */
  read(fromOffset: number, options: ReadOptions): ReadResult | Promise<ReadResult> {
    if (this.#loaded !== undefined) return readLog(this.#loaded.state, fromOffset, options);
    return this.ready().then(() => readLog(this.#state(), fromOffset, options));
  }

  /** The first record with this timestamp or a later one (only below upToOffset); undefined when there is none. */
  async offsetForTimestamp(timestampMs: number, upToOffset = Infinity): Promise<TimestampOffset | undefined> {
    const state = await this.#whenReady();
    return findByTimestamp(state, timestampMs, Math.min(upToOffset, state.writtenOffset));
  }

  /** The record with the highest timestamp; undefined in an empty log. */
  async offsetOfMaxTimestamp(upToOffset = Infinity): Promise<TimestampOffset | undefined> {
    const state = await this.#whenReady();
    return findYoungest(state, Math.min(upToOffset, state.writtenOffset));
  }

  epochEndOffset(leaderEpoch: number): EpochEndOffset {
    const state = this.#state();
    return state.logEndOffset === 0
      ? UNKNOWN_EPOCH_END
      : state.epochs.endOffset(leaderEpoch, state.logEndOffset);
  }

  /** The leader epoch that wrote an offset; -1 when unknown. */
  epochOf(offset: number): number {
    return this.#state().epochs.epochOf(offset);
  }

  /** DeleteRecords: moves logStartOffset up, durably; whole segments below it go. Resolves to logStartOffset. */
  async deleteRecordsBefore(offset: number): Promise<number> {
    const state = await this.#whenReady();
    if (offset > state.writtenOffset) {
      throw new KafkaError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `cannot delete before ${offset}: ${state.directoryName} ends at ${state.writtenOffset}`,
      );
    }
    if (offset <= state.logStartOffset) return state.logStartOffset;
    moveLogStart(state, offset);
    await state.reshaping.shared(() => {
      let below = 0;
      while (below + 1 < state.segments.length && state.segments[below + 1]!.baseOffset <= offset) below += 1;
      return removeOldest(state, below);
    });
    await state.dir?.saveCheckpoints();
    return state.logStartOffset;
  }

  /** Drops all batches that reach beyond the offset. Nothing may be appended until it resolves. */
  async truncateTo(offset: number): Promise<void> {
    const state = await this.#whenReady();
    await this.#loaded!.writer.drained();
    if (offset >= state.logEndOffset) return;
    state.refusal = `${state.directoryName} is being truncated`;
    try {
      await truncateLoaded(state, offset);
      state.refusal = undefined;
    } catch (error) {
      state.dir?.goOffline(`truncating ${this.directoryName}`, error);
      throw storageError(errorText(error));
    }
    await saveEpochs(state);
  }

  /** Removes segments by age, size and logStartOffset. Resolves to how many went. */
  async enforceRetention(nowMs: number): Promise<number> {
    const state = await this.#whenReady();
    if (state.removed || state.dir?.offlineReason !== undefined) return 0;
    return enforceRetention(state, nowMs, () => this.#roll(state.logEndOffset));
  }

  /** For the cleaner alone: closes the active segment, unless it is empty. */
  rollForCleaning(): void {
    const state = this.#state();
    if (state.active.sizeBytes > 0 && state.refusal === undefined) this.#roll(state.logEndOffset);
  }

  /** Takes effect with the next append, flush or retention check. Durability may not change to or from 'memory' while in use. */
  updateConfig(config: LogConfig): void {
    const isMemory = config.durability === 'memory';
    const wasMemory = this.#config.durability === 'memory';
    this.#config =
      isMemory === wasMemory || this.#loaded === undefined
        ? config
        : { ...config, durability: this.#config.durability };
    if (this.#loaded !== undefined) this.#loaded.state.config = this.#config;
  }

  activeProducers(): ActiveProducer[] {
    return this.#state().producers?.describe() ?? [];
  }

  /**
   * Those that a reader of [fromOffset, upToOffset) with isolation read_committed must skip, and possibly some that follow. Synchronous
   * when they are in memory.
   */
  abortedTransactions(
    fromOffset: number,
    upToOffset: number,
  ): AbortedTransaction[] | Promise<AbortedTransaction[]> {
    if (this.#loaded !== undefined) return findAborted(this.#loaded.state, fromOffset, upToOffset);
    return this.ready().then(() => findAborted(this.#state(), fromOffset, upToOffset));
  }

  /** For LogManager alone: undefined while the log is not loaded. */
  get internals(): { readonly state: LogState; readonly writer: LogWriter } | undefined {
    return this.#loaded;
  }

  /** For LogManager alone: the log has been removed; what is queued is refused. */
  async retire(): Promise<void> {
    if (this.#loaded !== undefined) this.#loaded.state.removed = true;
    await this.#loading?.catch(() => {});
    if (this.#loaded === undefined) this.#adopt(this.#newState());
    const { state, writer } = this.#loaded!;
    state.removed = true;
    state.tail?.clear();
    await writer.drained();
    await state.cleaning;
    for (const segment of state.segments) {
      this.#environment.indexCache.forget(segment);
      if (segment.slot !== undefined) await this.#environment.handles.close(segment.slot);
    }
  }
}

function findRepeated(producers: ProducerStates, list: readonly RecordBatch[]): RememberedBatch | undefined {
  for (const batch of list) {
    if (!batch.hasProducerId || batch.isControl) continue;
    const repeated = producers.findDuplicate(batch);
    if (repeated !== undefined) return repeated;
  }
  return undefined;
}

function isTransactional(batch: RecordBatch): boolean {
  return batch.isTransactional;
}

function assignOffsets(
  state: LogState,
  list: readonly RecordBatch[],
  leaderEpoch: number,
  appendTimeMs: number,
): void {
  let offset = state.logEndOffset;
  for (const batch of list) {
    batch.setBaseOffset(offset);
    batch.setPartitionLeaderEpoch(leaderEpoch);
    if (appendTimeMs >= 0) batch.setTimestamps({ type: 'LogAppendTime', maxTimestamp: appendTimeMs });
    offset += batch.lastOffsetDelta + 1;
  }
}

/** The bytes of all batches, whose offsets are final: one view where they lie side by side, as they do in a request, else a copy. */
function contiguous(list: readonly RecordBatch[]): Buffer {
  const first = list[0]!;
  if (list.length === 1) return first.bytes();
  let end = first.position;
  for (const batch of list) {
    if (batch.buffer !== first.buffer || batch.position !== end)
      return Buffer.concat(list.map((each) => each.bytes()));
    end += batch.sizeBytes;
  }
  return first.buffer.subarray(first.position, end);
}
