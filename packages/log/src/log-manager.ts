// All logs of a broker, over several log dirs: finds them by their folders' names, makes and removes them, and runs what is periodic
// (retention, checkpoints, closing idle files). Owns what they share: open files, tail cache, indexes. Opening reads nothing per
// partition.

import type { Clock, Disk, Logger, Random, Timer, Timers } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { encodeCleanStop } from './checkpoint-files.ts';
import { closeLogs } from './clean-stop.ts';
import { FileHandles } from './file-handles.ts';
import {
  asideDirectoryName,
  CLEAN_STOP_FILE,
  KAFKA_CLEAN_STOP_FILE,
  META_PROPERTIES_FILE,
} from './file-names.ts';
import { Limiter } from './grouping.ts';
import { IndexCache } from './index-cache.ts';
import { Log } from './log.ts';
import { type CleanerConfig, defaultCleanerConfig, LogCleaner } from './log-cleaner.ts';
import type { LogConfig } from './log-config.ts';
import type { LogDir } from './log-dir.ts';
import { type DirIdentity, LogDirError, type OpenedDir, openLogDir, settleMoves } from './log-dir-opening.ts';
import { LogMover } from './log-mover.ts';
import type { LogEnvironment } from './log-state.ts';
import { RetentionRounds } from './retention-rounds.ts';
import { storageError } from './storage-error.ts';
import { TailCache } from './tail-cache.ts';
import type { LogDirDescription, LogId } from './types.ts';

export interface LogManagerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** At least one; made when absent. One that cannot be used is offline, the others serve on. */
  readonly logDirs: readonly string[];
  /** Goes into meta.properties of each folder; a folder of another cluster or node is refused. */
  readonly identity?: DirIdentity;
  /** Default 512. */
  readonly maxOpenFiles?: number;
  /** Recently appended bytes kept in memory over all logs; default 64 MiB. */
  readonly tailCacheBytes?: number;
  /** log.retention.check.interval.ms; default 300,000. */
  readonly retentionCheckIntervalMs?: number;
  /** log.flush.offset.checkpoint.interval.ms; default 60,000. */
  readonly checkpointIntervalMs?: number;
  /** producer.id.expiration.ms; default 86,400,000. */
  readonly producerIdExpirationMs?: number;
  /** log.cleaner.*; default Kafka's. */
  readonly cleaner?: CleanerConfig;
}

const DEFAULT_OPEN_FILES = 512;
const DEFAULT_TAIL_CACHE_BYTES = 64 * 1024 * 1024;
const INDEX_CACHE_BYTES = 32 * 1024 * 1024;
const SMALL_FILES_AT_A_TIME = 24;
const TAILS_INTERVAL_MS = 1000;
const FOLDER_CHECK_INTERVAL_MS = 5000;
const IDLE_SWEEP_INTERVAL_MS = 60_000;
const PRODUCER_EXPIRATION_CHECK_MS = 600_000;
/** After a crash the logs that nobody asked for are recovered in the background, a moment after the start. */
const BACKGROUND_RECOVERY_DELAY_MS = 3000;

export class LogManager {
  readonly #options: LogManagerOptions;
  readonly #dirs: LogDir[];
  readonly #found: Map<string, LogDir>;
  readonly #logs = new Map<string, Log>();
  readonly #removing = new Map<string, Promise<void>>();
  readonly #environment: LogEnvironment;
  readonly #background = new Set<Promise<void>>();
  readonly #timers = new Map<string, Timer>();
  readonly #retention: RetentionRounds;
  /** Compacts the logs whose policy asks for it. */
  readonly cleaner: LogCleaner;
  readonly #mover: LogMover;
  /** Where logs that have no folder yet are to get theirs. */
  readonly #preferredDirs = new Map<string, LogDir>();
  #soon: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  private constructor(options: LogManagerOptions, opened: readonly OpenedDir[]) {
    this.#options = options;
    this.#dirs = opened.map((each) => each.dir);
    this.#found = new Map();
    for (const { dir, partitions } of opened) {
      for (const name of partitions) {
        const other = this.#found.get(name);
        if (other === undefined) this.#found.set(name, dir);
        else
          options.logger.error(
            { log: name, used: other.path, ignored: dir.path },
            'a partition lies in two log dirs; the second is ignored',
          );
      }
    }
    const { disk, clock, timers, random, logger } = options;
    const handles = new FileHandles(disk, options.maxOpenFiles ?? DEFAULT_OPEN_FILES);
    this.#environment = {
      disk,
      clock,
      timers,
      random,
      logger,
      handles,
      tailCache: new TailCache(options.tailCacheBytes ?? DEFAULT_TAIL_CACHE_BYTES),
      indexCache: new IndexCache(INDEX_CACHE_BYTES),
      smallFiles: new Limiter(SMALL_FILES_AT_A_TIME),
      chooseDir: (directoryName) => this.#chooseDir(directoryName),
      dirOf: (directoryName) => this.#found.get(directoryName),
      madeIn: (directoryName, dir) => {
        this.#found.set(directoryName, dir);
        dir.partitionCount += 1;
      },
      pathFree: (directoryName) => this.#removing.get(directoryName),
      soon: (run) => this.#runSoon(run),
      background: (work) => this.#track(work),
    };
    this.#mover = new LogMover(this.#environment, {
      moved: (log, _from, to) => {
        if (this.#logs.get(log.directoryName) === log) this.#found.set(log.directoryName, to);
      },
      discard: (path) => this.#removeTreeSoon(path, 0),
    });
    this.#retention = new RetentionRounds(
      this.#environment,
      () => this.#logs.values(),
      options.retentionCheckIntervalMs ?? 300_000,
    );
    this.cleaner = new LogCleaner(
      this.#environment,
      () => this.#logs.values(),
      options.cleaner ?? defaultCleanerConfig,
    );
  }

  /**
   * Reads folder listings and checkpoint files only. Rejects with a LogDirError when a folder is in use by another process or belongs to
   * another cluster or node, or when none can be used.
   */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const { disk, clock, random, logger, identity } = options;
    const context = { disk, clock, random, logger, identity, bootId: await disk.bootId() };
    const settled = await Promise.allSettled(options.logDirs.map((path) => openLogDir(path, context)));
    const opened = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const refused = settled.find((each) => each.status === 'rejected');
    const firstOffline = opened.find((each) => each.dir.offlineReason !== undefined);
    if (refused !== undefined || opened.every((each) => each.dir.offlineReason !== undefined)) {
      await Promise.all(opened.map((each) => each.dir.lock?.release()));
      throw (
        refused?.reason ??
        new LogDirError(
          firstOffline?.dir.path ?? '',
          firstOffline?.dir.offlineReason ?? 'no log dir is given',
        )
      );
    }
    await settleMoves(opened, disk);
    const manager = new LogManager(options, opened);
    manager.#start(opened);
    return manager;
  }

  #start(opened: readonly OpenedDir[]): void {
    for (const { dir, deleted } of opened) {
      if (dir.tailsDirty) this.#track(dir.saveCheckpoints());
      for (const name of deleted) this.#removeTreeSoon(`${dir.path}/${name}`, 0);
      if (dir.cleanStop === 'no' && dir.partitionCount > 0) {
        this.#environment.logger.info(
          { logDir: dir.path, sameBoot: dir.sameBoot },
          'no clean stop before: logs are recovered as they are used',
        );
        this.#once('recovery', BACKGROUND_RECOVERY_DELAY_MS, () => this.#track(this.#recoverAll()));
      }
    }
    const { checkpointIntervalMs = 60_000, producerIdExpirationMs = 86_400_000 } = this.#options;
    this.#every('tails', TAILS_INTERVAL_MS, async () => {
      for (const dir of this.#dirs) if (dir.tailsDirty) await dir.saveCheckpoints();
    });
    this.#every('checkpoints', checkpointIntervalMs, async () => {
      for (const log of this.#logs.values()) log.internals?.writer.sealAgain();
      for (const dir of this.#dirs) await dir.saveCheckpoints();
    });
    this.#every('folders', FOLDER_CHECK_INTERVAL_MS, async () => {
      await Promise.all(this.#dirs.map((dir) => this.#lookFor(dir)));
    });
    this.#every('idle files', IDLE_SWEEP_INTERVAL_MS, async () => this.#environment.handles.sweep());
    this.#every('producers', PRODUCER_EXPIRATION_CHECK_MS, async () =>
      this.#expireProducers(producerIdExpirationMs),
    );
    this.#every('retention', this.#retention.stepIntervalMs, () => this.#retention.step());
    this.cleaner.start();
  }

  /** The kernel takes writes to files that were removed, and what they say is gone with the process. */
  async #lookFor(dir: LogDir): Promise<void> {
    if (dir.offlineReason !== undefined || this.#options.identity === undefined) return;
    const path = `${dir.path}/${META_PROPERTIES_FILE}`;
    // That a disk fails is told by those who use it.
    const found = await this.#environment.disk.stat(path).catch(() => 'no answer' as const);
    if (found !== undefined) return;
    dir.goOffline(`looking for ${path}`, 'it is gone: was the folder removed or replaced?');
  }

  #once(name: string, delayMs: number, run: () => void): void {
    this.#timers.get(name)?.cancel();
    const timer = this.#environment.timers.after(delayMs, () => {
      this.#timers.delete(name);
      if (this.#closing === undefined) run();
    });
    this.#timers.set(name, timer);
  }

  /** Runs, waits, runs again: never twice at a time. */
  #every(name: string, intervalMs: number, run: () => Promise<void>): void {
    this.#once(name, intervalMs, () => {
      const work = run().catch((error: unknown) => {
        this.#environment.logger.error({ task: name, error }, 'a periodic task failed');
      });
      this.#track(work.then(() => this.#every(name, intervalMs, run)));
    });
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  #runSoon(run: () => void): void {
    this.#soon.push(run);
    if (this.#soon.length > 1) return;
    this.#environment.timers.soon(() => {
      const runs = this.#soon;
      this.#soon = [];
      for (const each of runs) each();
    });
  }

  #chooseDir(directoryName: string): LogDir {
    const preferred = this.#preferredDirs.get(directoryName);
    this.#preferredDirs.delete(directoryName);
    if (preferred !== undefined && preferred.offlineReason === undefined) return preferred;
    const online = this.#dirs.filter((dir) => dir.offlineReason === undefined);
    const [first, ...others] = online;
    if (first === undefined) throw storageError(this.#dirs[0]?.offlineReason ?? 'no log dir is online');
    return others.reduce((best, dir) => (dir.partitionCount < best.partitionCount ? dir : best), first);
  }

  /** Whether the machine went down with records that could be read and were not fsynced. */
  get mayHaveLostRecords(): boolean {
    return this.#dirs.some((dir) => dir.partitionCount > 0 && !dir.sameBoot && dir.cleanStop !== 'kafka');
  }

  /** The logs that are in use, for those who watch. */
  *loadedLogs(): Iterable<Log> {
    for (const log of this.#logs.values()) if (log.isReady) yield log;
  }

  /** The log dirs, and why one cannot be used, or takes no appends. */
  logDirs(): readonly Pick<LogDir, 'path' | 'offlineReason' | 'isFull'>[] {
    return this.#dirs;
  }

  /** How many partitions have their folder in log dirs that cannot be used. */
  get offlineLogCount(): number {
    return this.#dirs.reduce(
      (sum, dir) => sum + (dir.offlineReason === undefined ? 0 : dir.partitionCount),
      0,
    );
  }

  /** Names of the partition folders that are on disk, 'orders-3'. */
  directoryNames(): string[] {
    return [...this.#found.keys()];
  }

  /** The one Log of this name: made at the first call, the same object after it (its config is then changed with Log.updateConfig). */
  log(id: LogId, config: LogConfig): Log {
    let log = this.#logs.get(id.directoryName);
    if (log === undefined) {
      log = new Log(this.#environment, id, config);
      this.#logs.set(id.directoryName, log);
    }
    return log;
  }

  /**
   * The log is to lie in this log dir: it is moved while it is served, or made there at its first write. Returns at once; logDirUsage() tells how
   * far it is. Throws LOG_DIR_NOT_FOUND when `path` is none of the log dirs, KAFKA_STORAGE_ERROR when it is offline.
   */
  moveTo(log: Log, path: string): void {
    const target = this.#dirs.find((dir) => dir.path === path);
    if (target === undefined)
      throw new KafkaError(ErrorCode.LOG_DIR_NOT_FOUND, `${path} is none of the log dirs of this broker`);
    if (target.offlineReason !== undefined) throw storageError(target.offlineReason);
    const current = this.#found.get(log.directoryName);
    if (current === undefined) this.#preferredDirs.set(log.directoryName, target);
    else if (current !== target) this.#mover.move(log, target);
    else void this.#mover.cancel(log.directoryName);
  }

  /** Throws as moveTo does. */
  checkLogDir(path: string): void {
    const dir = this.#dirs.find((each) => each.path === path);
    if (dir === undefined)
      throw new KafkaError(ErrorCode.LOG_DIR_NOT_FOUND, `${path} is none of the log dirs of this broker`);
    if (dir.offlineReason !== undefined) throw storageError(dir.offlineReason);
  }

  /** Forgets the log and renames its folder away; the bytes are removed fileDeleteDelayMs later. Fine when there is none. */
  remove(directoryName: string): Promise<void> {
    const log = this.#logs.get(directoryName);
    this.#logs.delete(directoryName);
    const found = this.#found.get(directoryName);
    this.#found.delete(directoryName);
    this.#preferredDirs.delete(directoryName);
    if (log === undefined && found === undefined)
      return this.#removing.get(directoryName) ?? Promise.resolve();
    const before = this.#removing.get(directoryName);
    const retired = log?.retire();
    const work = (async () => {
      await before;
      await this.#mover.cancel(directoryName);
      await retired;
      await this.#removeFolder(directoryName, log, found);
    })();
    const tracked = work
      .catch(() => {})
      .finally(() => {
        if (this.#removing.get(directoryName) === tracked) this.#removing.delete(directoryName);
      });
    this.#removing.set(directoryName, tracked);
    this.#track(tracked);
    return work;
  }

  async #removeFolder(directoryName: string, log: Log | undefined, found: LogDir | undefined): Promise<void> {
    // It may have been moved since it was found.
    const dir = log?.internals?.state.dir ?? found;
    if (dir === undefined) return;
    if (this.#found.get(directoryName) === dir && !this.#logs.has(directoryName))
      this.#found.delete(directoryName);
    dir.forget(directoryName);
    dir.partitionCount -= 1;
    if (dir.offlineReason !== undefined) return;
    const { disk, random } = this.#environment;
    const aside = `${dir.path}/${asideDirectoryName(directoryName, random.bytes(16).toString('hex'), 'delete')}`;
    await disk.rename(`${dir.path}/${directoryName}`, aside);
    this.#removeTreeSoon(aside, log?.config.fileDeleteDelayMs ?? 0);
  }

  #removeTreeSoon(path: string, delayMs: number): void {
    const { disk, timers, smallFiles, logger } = this.#environment;
    timers.after(delayMs, () => {
      // What is not removed before the stop is removed after the next start.
      if (this.#closing !== undefined) return;
      const work = smallFiles.run(() => disk.removeTree(path));
      this.#track(
        work.catch((error: unknown) =>
          logger.warn({ path, error }, 'cannot remove the folder of a deleted partition'),
        ),
      );
    });
  }

  /** The log dirs with the logs in them; sizes of logs that are not loaded are taken from the file system. */
  async logDirUsage(): Promise<LogDirDescription[]> {
    return Promise.all(this.#dirs.map((dir) => this.#describe(dir)));
  }

  async #describe(dir: LogDir): Promise<LogDirDescription> {
    const { path, offlineReason } = dir;
    if (offlineReason !== undefined)
      return {
        path,
        offlineReason,
        totalBytes: -1,
        usableBytes: -1,
        logs: [],
        futureLogs: [],
        expectedLogs: [],
      };
    const { disk, smallFiles } = this.#environment;
    const space = await disk.space(path).catch(() => ({ totalBytes: -1, freeBytes: -1 }));
    const names = [...this.#found].filter(([, each]) => each === dir).map(([name]) => name);
    const logs = await Promise.all(
      names.map(async (directoryName) => {
        const state = this.#logs.get(directoryName)?.internals?.state;
        const sizeBytes =
          state?.sizeBytes ?? (await smallFiles.run(() => this.#folderBytes(`${path}/${directoryName}`)));
        return { directoryName, sizeBytes };
      }),
    );
    const futureLogs = this.#mover.futureLogs(dir);
    const expectedLogs = [...this.#preferredDirs].filter(([, each]) => each === dir).map(([name]) => name);
    const { totalBytes, freeBytes: usableBytes } = space;
    return { path, offlineReason, totalBytes, usableBytes, logs, futureLogs, expectedLogs };
  }

  async #folderBytes(path: string): Promise<number> {
    const { disk } = this.#environment;
    let sizeBytes = 0;
    const entries = await disk.list(path).catch(() => []);
    for (const entry of entries) {
      if (entry.name.endsWith('.log'))
        sizeBytes += (await disk.stat(`${path}/${entry.name}`))?.sizeBytes ?? 0;
    }
    return sizeBytes;
  }

  #expireProducers(expirationMs: number): void {
    const nowMs = this.#environment.clock.wallMs();
    for (const log of this.#logs.values()) log.internals?.state.producers?.expire(nowMs, expirationMs);
  }

  /** After a crash: brings every known log in order, a few at a time, so that damage is told soon. */
  async #recoverAll(): Promise<void> {
    for (const log of [...this.#logs.values()]) {
      if (this.#closing !== undefined) return;
      if (log.isReady || this.#found.get(log.directoryName)?.cleanStop !== 'no') continue;
      await log.ready().catch(() => {});
    }
  }

  /** The clean stop: writes what is queued and leaves the marker by which the next start scans nothing. Nothing may be appended after it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    const { disk, clock, handles } = this.#environment;
    await this.#mover.stop();
    await this.cleaner.stop();
    await Promise.all(this.#removing.values());
    await closeLogs(this.#environment, [...this.#logs.values()]);
    while (this.#background.size > 0) await Promise.allSettled(this.#background);
    await handles.closeAll();
    const stamp = Math.max(1, clock.wallMs());
    for (const dir of this.#dirs) {
      if (dir.offlineReason === undefined) {
        const isWhole = this.#noteUnrecovered(dir);
        dir.stamp = stamp;
        dir.tailsDirty = true;
        await dir.saveCheckpoints();
        const marker = isWhole ? KAFKA_CLEAN_STOP_FILE : CLEAN_STOP_FILE;
        if (!dir.tailsDirty)
          await disk.replaceFile(`${dir.path}/${marker}`, encodeCleanStop(stamp)).catch(() => {});
      }
      await dir.lock?.release();
    }
  }

  /** Logs that were not looked at since a crash, or lack files, still have to be recovered after this clean stop. True when there are none. */
  #noteUnrecovered(dir: LogDir): boolean {
    let isWhole = true;
    for (const [directoryName, each] of this.#found) {
      if (each !== dir) continue;
      const state = this.#logs.get(directoryName)?.internals?.state;
      const tail = dir.tails.get(directoryName);
      if (
        state !== undefined ? !state.lacksSmallFiles : dir.cleanStop !== 'no' && tail?.needsRecovery !== true
      )
        continue;
      isWhole = false;
      const unknown = {
        segmentBaseOffset: -1,
        sizeBytes: 0,
        endOffset: 0,
        firstTimestampMs: -1,
        maxTimestampMs: -1,
        maxTimestampOffset: -1,
        topicId: '',
        onlyEpoch: -1,
        hasProducers: true,
        indexesMayBeLost: true,
      };
      dir.tails.set(directoryName, { ...(tail ?? unknown), needsRecovery: true });
    }
    return isWhole;
  }
}
