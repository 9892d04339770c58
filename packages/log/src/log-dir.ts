// One of log.dirs: whether it can be used, what its checkpoint files say of its logs, and the fsync of the folder itself, shared
// by all logs that wait for it. Once offline it stays so until the next start: a failed fsync is never tried again, because the
// pages it was about look clean afterwards.

import type { Clock, Disk, DiskLock, Logger } from '@moldau/io';
import { encodeOffsetCheckpoint } from './checkpoint-files.ts';
import {
  CLEANER_OFFSET_FILE,
  LOG_START_OFFSET_FILE,
  RECOVERY_POINT_FILE,
  TAIL_STATES_FILE,
} from './file-names.ts';
import { GroupedOperation } from './grouping.ts';
import { errorText, isForbidden } from './storage-error.ts';
import { encodeTailStates, type TailState } from './tail-states.ts';

/** How often a full folder is looked at again. */
const SPACE_CHECK_INTERVAL_MS = 1000;
/** Room that must be there before a full folder takes appends again. */
const MINIMUM_FREE_BYTES = 1024 * 1024;

/** 'no': the process before did not stop cleanly. 'kafka': Kafka did, so all is fsynced. 'ours': see tail-states.ts. */
export type CleanStop = 'no' | 'kafka' | 'ours';

export class LogDir {
  readonly path: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logger: Logger;
  offlineReason: string | undefined;
  lock: DiskLock | undefined;
  cleanStop: CleanStop = 'no';
  /** Partitions that live here: new ones go where fewest are. */
  partitionCount = 0;
  /** By folder name: all below is durable. */
  recoveryPoints = new Map<string, number>();
  logStartOffsets = new Map<string, number>();
  /** Where each compacted log's part begins that was never compacted. */
  cleanerOffsets = new Map<string, number>();
  tails = new Map<string, TailState>();
  /** Whether the machine has been up since the process before: then nothing that it wrote is lost from the page cache. */
  sameBoot = false;
  /** Set by the clean stop, see TailStates.stamp. */
  stamp = 0;
  recoveryPointsDirty = false;
  logStartOffsetsDirty = false;
  cleanerOffsetsDirty = false;
  tailsDirty = false;
  #fullUntilMs = 0;
  #neededBytes = 0;
  #checkingSpace = false;
  /** Why they could not be written last time, which has been told. */
  #lackOfCheckpoints: unknown;
  readonly #bootId: string;
  readonly #entrySync: GroupedOperation;
  readonly #checkpoints: GroupedOperation;

  constructor(path: string, bootId: string, disk: Disk, clock: Clock, logger: Logger) {
    this.#bootId = bootId;
    this.path = path;
    this.#disk = disk;
    this.#clock = clock;
    this.#logger = logger;
    this.#entrySync = new GroupedOperation(() => this.#disk.syncDirectory(this.path));
    this.#checkpoints = new GroupedOperation(() => this.#writeCheckpoints());
  }

  /** The folders made in this one so far survive a power cut once it resolves; one fsync serves all who wait. */
  syncEntries(): Promise<void> {
    return this.#entrySync.run();
  }

  goOffline(doing: string, error: unknown): void {
    if (this.offlineReason !== undefined) return;
    const failure = `${doing} failed (${errorText(error)})`;
    this.offlineReason = isForbidden(error)
      ? `log dir ${this.path} cannot be used: ${failure}. Give it to the user that the broker runs as (chown), or choose another folder.`
      : `log dir ${this.path} is offline: ${failure}. Check the disk, then restart the broker.`;
    this.#logger.error({ logDir: this.path, error }, this.offlineReason);
  }

  /** A write found no room for this many bytes. */
  noteFull(neededBytes: number): void {
    if (this.#neededBytes === 0) {
      this.#logger.error(
        { logDir: this.path, neededBytes },
        `no space left in log dir ${this.path}: appends are refused until there is room again`,
      );
    }
    this.#neededBytes = Math.max(neededBytes, MINIMUM_FREE_BYTES);
    this.#fullUntilMs = this.#clock.monotonicMs() + SPACE_CHECK_INTERVAL_MS;
  }

  /** Whether appends must still be refused for want of room. Looks at the file system now and then, in the background. */
  isFull(): boolean {
    if (this.#neededBytes === 0) return false;
    if (!this.#checkingSpace && this.#clock.monotonicMs() >= this.#fullUntilMs) void this.#checkSpace();
    return this.#neededBytes > 0;
  }

  async #checkSpace(): Promise<void> {
    this.#checkingSpace = true;
    try {
      const { freeBytes } = await this.#disk.space(this.path);
      if (freeBytes >= this.#neededBytes) {
        this.#neededBytes = 0;
        this.#logger.info({ logDir: this.path, freeBytes }, `log dir ${this.path} has room again`);
      }
    } catch (error) {
      this.#logger.warn({ logDir: this.path, error }, 'cannot learn how much space is left');
    } finally {
      this.#checkingSpace = false;
      this.#fullUntilMs = this.#clock.monotonicMs() + SPACE_CHECK_INTERVAL_MS;
    }
  }

  forget(directoryName: string): void {
    if (this.recoveryPoints.delete(directoryName)) this.recoveryPointsDirty = true;
    if (this.logStartOffsets.delete(directoryName)) this.logStartOffsetsDirty = true;
    if (this.cleanerOffsets.delete(directoryName)) this.cleanerOffsetsDirty = true;
    if (this.tails.delete(directoryName)) this.tailsDirty = true;
  }

  /** What `from` knows of a log that has moved here. */
  takeOver(from: LogDir, directoryName: string): void {
    const recoveryPoint = from.recoveryPoints.get(directoryName);
    const logStartOffset = from.logStartOffsets.get(directoryName);
    const cleanerOffset = from.cleanerOffsets.get(directoryName);
    const tail = from.tails.get(directoryName);
    if (recoveryPoint !== undefined) {
      this.recoveryPoints.set(directoryName, recoveryPoint);
      this.recoveryPointsDirty = true;
    }
    if (logStartOffset !== undefined) this.setLogStartOffset(directoryName, logStartOffset);
    if (cleanerOffset !== undefined) this.setCleanerOffset(directoryName, cleanerOffset);
    if (tail !== undefined) this.setTail(directoryName, tail);
    from.forget(directoryName);
    from.partitionCount -= 1;
    this.partitionCount += 1;
  }

  setLogStartOffset(directoryName: string, offset: number): void {
    this.logStartOffsets.set(directoryName, offset);
    this.logStartOffsetsDirty = true;
  }

  setCleanerOffset(directoryName: string, offset: number): void {
    this.cleanerOffsets.set(directoryName, offset);
    this.cleanerOffsetsDirty = true;
  }

  setTail(directoryName: string, tail: TailState): void {
    this.tails.set(directoryName, tail);
    this.tailsDirty = true;
  }

  /** Writes those checkpoint files that changed; one run serves all who ask together. */
  saveCheckpoints(): Promise<void> {
    return this.#checkpoints.run();
  }

  /** As saveCheckpoints, for what may be done only when they are written. */
  async mustSaveCheckpoints(): Promise<void> {
    await this.saveCheckpoints();
    if (this.#lackOfCheckpoints !== undefined) throw this.#lackOfCheckpoints;
  }

  /** A full disk is no reason to go offline: the old files stay whole. */
  async #writeCheckpoints(): Promise<void> {
    if (this.offlineReason !== undefined) return;
    const write = (name: string, bytes: Buffer): Promise<void> =>
      this.#disk.replaceFile(`${this.path}/${name}`, bytes);
    try {
      if (this.recoveryPointsDirty) {
        this.recoveryPointsDirty = false;
        await write(RECOVERY_POINT_FILE, encodeOffsetCheckpoint(this.recoveryPoints));
      }
      if (this.logStartOffsetsDirty) {
        this.logStartOffsetsDirty = false;
        await write(LOG_START_OFFSET_FILE, encodeOffsetCheckpoint(this.logStartOffsets));
      }
      if (this.cleanerOffsetsDirty) {
        this.cleanerOffsetsDirty = false;
        await write(CLEANER_OFFSET_FILE, encodeOffsetCheckpoint(this.cleanerOffsets));
      }
      if (this.tailsDirty) {
        this.tailsDirty = false;
        await write(
          TAIL_STATES_FILE,
          encodeTailStates({ bootId: this.#bootId, stamp: this.stamp, logs: this.tails }),
        );
      }
      this.#lackOfCheckpoints = undefined;
    } catch (error) {
      this.recoveryPointsDirty = true;
      this.logStartOffsetsDirty = true;
      this.cleanerOffsetsDirty = true;
      this.tailsDirty = true;
      const message = 'cannot write the checkpoint files; a restart after a crash will scan more';
      if (this.#lackOfCheckpoints === undefined) this.#logger.error({ logDir: this.path, error }, message);
      this.#lackOfCheckpoints = error;
    }
  }
}
