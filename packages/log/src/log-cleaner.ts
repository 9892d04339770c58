// The cleaner: compacts the logs whose policy asks for it, one at a time, the dirtiest first, and rests when none is due. A log that
// cannot be compacted is left alone from then on and reported; the others go on. What a compaction needs is loaded when the
// first log is due, and its memory is given back after it.

import type { Timer } from '@moldau/io';
import { parseSegmentFileName } from './file-names.ts';
import type { Log } from './log.ts';
import { chooseRange, type LogToClean } from './log-cleaner-choice.ts';
import { CleaningStoppedError, SegmentsChangedError } from './log-cleaner-errors.ts';
import { CleanerPace } from './log-cleaner-pace.ts';
import type { CleaningResult } from './log-cleaning.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-state.ts';
import { errorText, isOutOfSpace } from './storage-error.ts';

/** log.cleaner.*; times ms, sizes bytes. */
export interface CleanerConfig {
  /** log.cleaner.enable */
  readonly enabled: boolean;
  /** log.cleaner.backoff.ms: how long it rests when nothing is due. */
  readonly backoffMs: number;
  /** log.cleaner.dedupe.buffer.size: the most memory for keys, taken as needed. */
  readonly dedupeBufferBytes: number;
  /** log.cleaner.io.buffer.load.factor: how full that memory may become. */
  readonly loadFactor: number;
  /** log.cleaner.io.buffer.size */
  readonly ioBufferBytes: number;
  /** log.cleaner.io.max.bytes.per.second: read and written together. */
  readonly maxBytesPerSecond: number;
}

/** Kafka's defaults. */
export const defaultCleanerConfig: CleanerConfig = {
  enabled: true,
  backoffMs: 15_000,
  dedupeBufferBytes: 134_217_728,
  loadFactor: 0.9,
  ioBufferBytes: 524_288,
  maxBytesPerSecond: Infinity,
};

/** One compaction that came to its end. */
export interface CleaningReport {
  readonly directoryName: string;
  readonly startedMs: number;
  readonly tookMs: number;
  /** Bytes of the segments before and after. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly beforeRecords: number;
  readonly afterRecords: number;
  readonly keys: number;
  /** Share of the map's room that was used, 0 to 1, and what it took. */
  readonly mapFill: number;
  readonly mapBytes: number;
  readonly endOffset: number;
}

export interface UncleanableLog {
  readonly directoryName: string;
  readonly reason: string;
  readonly sinceMs: number;
}

/** What metrics show of the cleaner, counted since the start. */
export interface CleanerSnapshot {
  readonly enabled: boolean;
  /** The log that is being compacted. */
  readonly cleaning: string | undefined;
  readonly runs: number;
  /** Bytes of segments that were compacted, and what was taken out of them. */
  readonly cleanedBytes: number;
  readonly removedBytes: number;
  readonly removedRecords: number;
  /** The highest share of the map's room that any compaction used. */
  readonly maxMapFill: number;
  /** Dirty ratio of the dirtiest log when they were looked at last. */
  readonly maxDirtyRatio: number;
  readonly lastRun: CleaningReport | undefined;
  readonly uncleanable: readonly UncleanableLog[];
}

export class LogCleaner {
  readonly #environment: LogEnvironment;
  readonly #logs: () => Iterable<Log>;
  #config: CleanerConfig;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** Logs that are not loaded and had nothing to compact under this config: they change only when they are loaded. */
  readonly #quiet = new WeakMap<Log, LogConfig>();
  readonly #uncleanable = new Map<Log, UncleanableLog>();
  #cleaning: string | undefined;
  #runs = 0;
  #cleanedBytes = 0;
  #removedBytes = 0;
  #removedRecords = 0;
  #maxMapFill = 0;
  #maxDirtyRatio = 0;
  #lastRun: CleaningReport | undefined;

  constructor(environment: LogEnvironment, logs: () => Iterable<Log>, config: CleanerConfig) {
    this.#environment = environment;
    this.#logs = logs;
    this.#config = config;
  }

  /** Looks for dirty logs after log.cleaner.backoff.ms, and again and again. */
  start(): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#environment.timers.after(this.#config.backoffMs, () => {
      void this.cleanAll().finally(() => this.start());
    });
  }

  /** Takes effect at once, save that the map of a compaction on its way keeps its bound. */
  configure(config: CleanerConfig): void {
    const { enabled, backoffMs } = this.#config;
    this.#config = config;
    if ((config.enabled !== enabled || config.backoffMs !== backoffMs) && this.#running === undefined)
      this.start();
  }

  /** Resolves when no compaction is on its way and none will be. What was not finished is done again after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Compacts log after log until none is due. Never rejects. */
  cleanAll(): Promise<void> {
    this.#running ??= this.#cleanAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  snapshot(): CleanerSnapshot {
    return {
      enabled: this.#config.enabled,
      cleaning: this.#cleaning,
      runs: this.#runs,
      cleanedBytes: this.#cleanedBytes,
      removedBytes: this.#removedBytes,
      removedRecords: this.#removedRecords,
      maxMapFill: this.#maxMapFill,
      maxDirtyRatio: this.#maxDirtyRatio,
      lastRun: this.#lastRun,
      uncleanable: [...this.#uncleanable.values()],
    };
  }

  get #isWanted(): boolean {
    return this.#config.enabled && !this.#stopped;
  }

  async #cleanAll(): Promise<void> {
    while (this.#isWanted) {
      const target = await this.#chooseDirtiest();
      if (target === undefined || !this.#isWanted) return;
      if (!(await this.#clean(target))) return;
    }
  }

  async #chooseDirtiest(): Promise<LogToClean | undefined> {
    const nowMs = this.#environment.clock.wallMs();
    let dirtiest: LogToClean | undefined;
    for (const log of [...this.#logs()]) {
      if (!log.config.cleanupPolicy.compact || this.#uncleanable.has(log)) continue;
      if (!this.#isWanted) return undefined;
      try {
        if (!log.isReady && !(await this.#mayBeDue(log))) continue;
        await log.ready();
        const { state } = log.internals!;
        if (state.removed || state.dir?.offlineReason !== undefined) continue;
        const target = await chooseRange(log, nowMs);
        if (target !== undefined && target.dirtyRatio > (dirtiest?.dirtyRatio ?? -1)) dirtiest = target;
      } catch (error) {
        this.#giveUp(log, error);
      }
    }
    for (const log of this.#uncleanable.keys()) {
      if (log.internals?.state.removed === true) this.#uncleanable.delete(log);
    }
    this.#maxDirtyRatio = dirtiest?.dirtyRatio ?? 0;
    return dirtiest;
  }

  /** A log that nobody used since the start is not loaded to find that it has one segment. */
  async #mayBeDue(log: Log): Promise<boolean> {
    const { disk, dirOf, smallFiles } = this.#environment;
    const { config } = log;
    const dir = dirOf(log.directoryName);
    if (dir === undefined || dir.offlineReason !== undefined || config.durability === 'memory') return false;
    if (config.maxCompactionLagMs !== Infinity) return true;
    if (this.#quiet.get(log) === config) return false;
    const directory = `${dir.path}/${log.directoryName}`;
    const names = (await smallFiles.run(() => disk.list(directory))).map(({ name }) => name);
    const bases = names.flatMap((name) => {
      const file = parseSegmentFileName(name);
      return file?.kind === 'log' ? [file.baseOffset] : [];
    });
    const cleanOffset = dir.cleanerOffsets.get(log.directoryName) ?? 0;
    if (bases.length > 0 && Math.max(...bases) > cleanOffset) return true;
    if (config.compactionRollBytes !== Infinity) {
      for (const name of names.filter((each) => parseSegmentFileName(each)?.kind === 'log')) {
        const stat = await disk.stat(`${directory}/${name}`);
        if ((stat?.sizeBytes ?? 0) > config.compactionRollBytes) return true;
      }
    }
    this.#quiet.set(log, config);
    return false;
  }

  /** False when the cleaner had better rest before it goes on. */
  async #clean(target: LogToClean): Promise<boolean> {
    const { log, state } = target;
    const { clock, timers, logger } = this.#environment;
    const startedMs = clock.wallMs();
    const began = clock.monotonicMs();
    this.#cleaning = log.directoryName;
    const done = Promise.withResolvers<void>();
    state.cleaning = done.promise;
    try {
      const result = await this.#run(
        target,
        new CleanerPace(clock, timers, () => this.#config.maxBytesPerSecond),
      );
      this.#count(log, result, startedMs, clock.monotonicMs() - began);
      return true;
    } catch (error) {
      return this.#failed(log, error);
    } finally {
      this.#cleaning = undefined;
      state.cleaning = undefined;
      done.resolve();
      if (state.removed) logger.debug({ log: log.directoryName }, 'a log was removed while it was compacted');
    }
  }

  async #run(target: LogToClean, pace: CleanerPace): Promise<CleaningResult> {
    const { cleanLog } = await import('./log-cleaning.ts');
    const options = {
      pace,
      nowMs: this.#environment.clock.wallMs(),
      dedupeBufferBytes: this.#config.dedupeBufferBytes,
      loadFactor: this.#config.loadFactor,
      ioBufferBytes: this.#config.ioBufferBytes,
      check: () => {
        if (!this.#isWanted) throw new CleaningStoppedError();
      },
    };
    if (!target.state.isInMemory) return cleanLog(target, options);
    const { cleanMemoryLog } = await import('./log-cleaning-memory.ts');
    return cleanMemoryLog(target, options);
  }

  #count(log: Log, result: CleaningResult, startedMs: number, tookMs: number): void {
    const report: CleaningReport = {
      directoryName: log.directoryName,
      startedMs,
      tookMs: Math.round(tookMs),
      beforeBytes: result.bytes,
      afterBytes: result.retainedBytes,
      beforeRecords: result.records,
      afterRecords: result.retainedRecords,
      keys: result.keys,
      mapFill: result.mapFill,
      mapBytes: result.mapBytes,
      endOffset: result.endOffset,
    };
    this.#runs += 1;
    this.#cleanedBytes += result.bytes;
    this.#removedBytes += result.bytes - result.retainedBytes;
    this.#removedRecords += result.records - result.retainedRecords;
    this.#maxMapFill = Math.max(this.#maxMapFill, result.mapFill);
    this.#lastRun = report;
    const { logger } = this.#environment;
    logger.info(report, 'compacted a log');
    if (result.keyless > 0) {
      const fields = { log: log.directoryName, records: result.keyless };
      logger.warn(fields, 'records without a key were dropped from a compacted log');
    }
  }

  #failed(log: Log, error: unknown): boolean {
    const { logger } = this.#environment;
    if (error instanceof CleaningStoppedError) return true;
    // Retention or a truncation came first: what is left is looked at again.
    if (error instanceof SegmentsChangedError) return false;
    if (isOutOfSpace(error)) {
      logger.warn({ log: log.directoryName, error }, 'no space left to compact a log; it is tried again');
      return false;
    }
    this.#giveUp(log, error);
    return true;
  }

  #giveUp(log: Log, error: unknown): void {
    if (log.internals?.state.removed === true) return;
    const { logger, clock } = this.#environment;
    const { directoryName } = log;
    const reason = errorText(error);
    this.#uncleanable.set(log, { directoryName, reason, sinceMs: clock.wallMs() });
    logger.error(
      { log: directoryName, error },
      `cannot compact ${directoryName} (${reason}): it is left as it is until the broker is started again`,
    );
  }
}
