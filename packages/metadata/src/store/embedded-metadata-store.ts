// The metadata log in a folder of this machine, for a cluster whose brokers share one process.
//
// In the folder: `<position>.snapshot`, records that build all there is before that position, and `<position>.log`, frames
// of records from that position on. A snapshot is begun by turning to a new log file, so the log goes on while it is
// written; until it is complete the older files are what counts, afterwards they are removed.
//
// Invariants: one append at a time, fsynced before it is answered and before the next is written; a failed fsync ends the
// store, because what the kernel then holds cannot be trusted. The caller holds the lock of the data folder.

import { dirname } from 'node:path';
import type { Disk, DiskFile, Logger } from '@moldau/io';
import type { MetadataRecord } from '../records.ts';
import { encodeFrame } from './frame.ts';
import {
  type Fence,
  MetadataFencedError,
  type MetadataSession,
  type MetadataStore,
  MetadataStoreError,
  type MetadataWatcher,
  type Watch,
} from './metadata-store.ts';
import { decodeRecords, encodeRecords } from './record-codec.ts';
import {
  encodeSnapshot,
  logPath,
  readStoreFiles,
  removeObsoleteFiles,
  type StoreFiles,
  snapshotPath,
} from './store-files.ts';

/** A snapshot is due when the log behind the last one has outgrown both it and this. */
const SNAPSHOT_MIN_LOG_BYTES = 1024 * 1024;

export interface EmbeddedMetadataStoreOptions {
  readonly disk: Disk;
  readonly logger: Logger;
  /** Made when absent. Nothing else may be kept in it. */
  readonly directory: string;
  readonly snapshotMinLogBytes?: number;
}

export class EmbeddedMetadataStore implements MetadataStore {
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #directory: string;
  readonly #snapshotMinLogBytes: number;
  readonly #watchers = new Set<MetadataWatcher>();
  /** What is done with the files is done one after the other. */
  #lastTask: Promise<unknown> = Promise.resolve();
  #file: DiskFile;
  #fileBytes: number;
  #position: number;
  #controllerEpoch: number;
  #logBytesSinceSnapshot: number;
  #snapshotBytes: number;
  #isSnapshotRunning = false;
  /** Why nothing can be appended any more. */
  #failure: MetadataStoreError | undefined;

  private constructor(options: EmbeddedMetadataStoreOptions, file: DiskFile, files: StoreFiles | undefined) {
    this.#disk = options.disk;
    this.#logger = options.logger;
    this.#directory = options.directory;
    this.#snapshotMinLogBytes = options.snapshotMinLogBytes ?? SNAPSHOT_MIN_LOG_BYTES;
    this.#file = file;
    this.#fileBytes = files?.lastLogBytes ?? 0;
    this.#position = files?.position ?? 0;
    this.#controllerEpoch = files?.frames.at(-1)?.controllerEpoch ?? 0;
    this.#logBytesSinceSnapshot = files?.logBytes ?? 0;
    this.#snapshotBytes = files?.snapshot?.body.length ?? 0;
  }

  /**
   * Cuts off what a crash left half written, and removes files left over by a snapshot.
   * @throws MetadataStoreError when a file is damaged or missing
   */
  static async open(options: EmbeddedMetadataStoreOptions): Promise<EmbeddedMetadataStore> {
    const { disk, directory, logger } = options;
    await disk.makeDirectory(directory);
    const files = await readStoreFiles(disk, directory);
    const path = logPath(directory, files?.lastLogPosition ?? 0);
    const file = await disk.open(path, 'write');
    if (files === undefined) {
      await disk.syncDirectory(directory);
      await disk.syncDirectory(dirname(directory));
    }
    if (files !== undefined && files.tornBytes > 0) {
      const { lastLogBytes: keptBytes, tornBytes } = files;
      logger.warn(
        { path, keptBytes, tornBytes },
        'cut off the metadata append that a crash left half written',
      );
      await file.truncate(files.lastLogBytes);
      await file.sync();
    }
    await removeObsoleteFiles(disk, directory);
    return new EmbeddedMetadataStore(options, file, files);
  }

  /** The lease is this process's hold on the data folder: it cannot be lost while the process lives. */
  async openSession(_brokerId: number): Promise<MetadataSession> {
    return {
      lost: new Promise(() => {}),
      claimController: async () => {
        this.#controllerEpoch += 1;
        return this.#controllerEpoch;
      },
      async close() {},
    };
  }

  watch(fromPosition: number, watcher: MetadataWatcher): Promise<Watch> {
    return this.#enqueue(async () => {
      const files = await readStoreFiles(this.#disk, this.#directory);
      if (files !== undefined) replay(files, fromPosition, watcher);
      this.#watchers.add(watcher);
      return { stop: () => void this.#watchers.delete(watcher) };
    });
  }

  append(records: readonly MetadataRecord[], fence: Fence): Promise<number> {
    const body = encodeRecords(records);
    return this.#enqueue(async () => {
      this.#checkFence(fence);
      if (this.#failure !== undefined) throw this.#failure;
      await this.#appendFrame(body, records.length);
      for (const watcher of this.#watchers) watcher.committed(records, this.#position);
      return this.#position;
    });
  }

  get isSnapshotDue(): boolean {
    const dueBytes = Math.max(this.#snapshotMinLogBytes, this.#snapshotBytes);
    return !this.#isSnapshotRunning && this.#logBytesSinceSnapshot > dueBytes;
  }

  async writeSnapshot(records: Iterable<MetadataRecord>, position: number): Promise<void> {
    const body = encodeRecords(records);
    this.#isSnapshotRunning = true;
    try {
      await this.#enqueue(() => this.#turnToNewLog(position));
      await this.#disk.replaceFile(snapshotPath(this.#directory, position), encodeSnapshot(body));
      this.#snapshotBytes = body.length;
      await removeObsoleteFiles(this.#disk, this.#directory);
    } finally {
      this.#isSnapshotRunning = false;
    }
  }

  /** Marks the end, so that at the next start even the last append is known to have been durable. */
  close(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#failure === undefined && this.#fileBytes > 0) await this.#appendFrame(Buffer.alloc(0), 0);
      this.#failure ??= new MetadataStoreError('the metadata store has been closed');
      this.#watchers.clear();
      await this.#file.close();
    });
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#lastTask.then(task);
    this.#lastTask = result.catch(() => {});
    return result;
  }

  #checkFence(fence: Fence): void {
    if (fence.controllerEpoch !== this.#controllerEpoch) {
      throw new MetadataFencedError(
        `controller epoch ${fence.controllerEpoch} has been succeeded by ${this.#controllerEpoch}`,
      );
    }
    if (fence.position !== this.#position) {
      throw new MetadataFencedError(
        `the log ends at ${this.#position}, the appender has seen ${fence.position}`,
      );
    }
  }

  async #appendFrame(body: Buffer, recordCount: number): Promise<void> {
    const frame = encodeFrame({
      controllerEpoch: this.#controllerEpoch,
      position: this.#position,
      recordCount,
      body,
    });
    try {
      await this.#file.write([frame], this.#fileBytes);
    } catch (error) {
      await this.#undoWrite(error);
    }
    try {
      await this.#file.sync();
    } catch (error) {
      throw this.#fail(`cannot sync ${this.#file.path}`, error);
    }
    this.#fileBytes += frame.length;
    this.#logBytesSinceSnapshot += frame.length;
    this.#position += recordCount;
  }

  /** A full disk is no reason to give up: without the half-written frame the file is as it was. */
  async #undoWrite(error: unknown): Promise<never> {
    try {
      await this.#file.truncate(this.#fileBytes);
    } catch (truncateError) {
      throw this.#fail(`cannot write ${this.#file.path}`, truncateError);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new MetadataStoreError(`cannot write ${this.#file.path}: ${reason}`, { cause: error });
  }

  #fail(what: string, cause: unknown): MetadataStoreError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new MetadataStoreError(`${what}: ${reason}. Restart the broker once the disk is sound.`, {
      cause,
    });
    this.#logger.error({ path: this.#file.path, reason }, 'the metadata log has failed');
    return this.#failure;
  }

  async #turnToNewLog(position: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (position !== this.#position) {
      throw new MetadataFencedError(`the log ends at ${this.#position}, the snapshot at ${position}`);
    }
    if (this.#fileBytes === 0) return;
    const file = await this.#disk.open(logPath(this.#directory, position), 'write');
    try {
      await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      // The log goes on in the file before; an empty one with a later name is passed over.
      await file.close();
      throw error;
    }
    const before = this.#file;
    this.#file = file;
    this.#fileBytes = 0;
    this.#logBytesSinceSnapshot = 0;
    await before.close();
  }
}

function replay(files: StoreFiles, fromPosition: number, watcher: MetadataWatcher): void {
  const { snapshot } = files;
  if (snapshot !== undefined && fromPosition < snapshot.position) {
    watcher.restart(decodeRecords(snapshot.body), snapshot.position);
  }
  for (const frame of files.frames) {
    const end = frame.position + frame.recordCount;
    if (end <= fromPosition) continue;
    const records = decodeRecords(frame.body);
    watcher.committed(records.slice(Math.max(0, fromPosition - frame.position)), end);
  }
}
