// The open files of all logs, at most `limit` at a time. A file is opened at its first use and stays open until others need its
// place, it has been idle for a whole sweep, or its segment goes. One that is in use is never closed; when all are in use,
// further users wait their turn (each holds one file at a time, so they cannot wait for each other).

import assert from 'node:assert';
import type { Disk, DiskFile } from '@moldau/io';

/** One file that may be open. Make one per segment and keep it. */
export class FileSlot {
  path: string;
  mode: 'read' | 'write';
  file: DiskFile | undefined;
  opening: Promise<DiskFile> | undefined;
  users = 0;
  /** Cleared by each sweep, set by each use. */
  used = false;
  /** Resolved when the last user is gone, for who wants to close it. */
  whenUnused: (() => void) | undefined;

  constructor(path: string, mode: 'read' | 'write') {
    this.path = path;
    this.mode = mode;
  }
}

export class FileHandles {
  readonly #disk: Disk;
  readonly #limit: number;
  /** Open and unused files, least recently used first. */
  readonly #idle = new Set<FileSlot>();
  #openCount = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(disk: Disk, limit: number) {
    this.#disk = disk;
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** Pins the file: it stays open until release(). Synchronous when it is open already. */
  acquire(slot: FileSlot): DiskFile | Promise<DiskFile> {
    slot.users += 1;
    slot.used = true;
    if (slot.file !== undefined) {
      if (slot.users === 1) this.#idle.delete(slot);
      return slot.file;
    }
    slot.opening ??= this.#open(slot);
    return slot.opening.catch((error: unknown) => {
      this.#leave(slot);
      throw error;
    });
  }

  release(slot: FileSlot): void {
    this.#leave(slot);
    if (slot.users > 0 || slot.file === undefined) return;
    if (slot.whenUnused === undefined) {
      this.#idle.add(slot);
      if (this.#waiting.length > 0) this.#makeRoom();
    }
  }

  #leave(slot: FileSlot): void {
    slot.users -= 1;
    assert(slot.users >= 0, 'a file is released once per acquire');
    if (slot.users === 0) slot.whenUnused?.();
  }

  async #open(slot: FileSlot): Promise<DiskFile> {
    if (this.#openCount >= this.#limit) await this.#turn();
    else this.#openCount += 1;
    try {
      slot.file = await this.#disk.open(slot.path, slot.mode);
      return slot.file;
    } catch (error) {
      this.#giveBackPlace();
      throw error;
    } finally {
      slot.opening = undefined;
    }
  }

  /** Resolves with a place counted for the caller. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#makeRoom();
    });
  }

  #makeRoom(): void {
    const [oldest] = this.#idle;
    if (oldest !== undefined) void this.#closeNow(oldest);
  }

  #giveBackPlace(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#openCount -= 1;
    else next();
  }

  async #closeNow(slot: FileSlot): Promise<void> {
    const file = slot.file;
    this.#idle.delete(slot);
    slot.file = undefined;
    if (file === undefined) return;
    try {
      await file.close();
    } catch {
      // What could not be written is told by sync(); a close that fails leaves nothing more to do.
    } finally {
      this.#giveBackPlace();
    }
  }

  /** Closes the file as soon as nobody uses it; it may be opened again later. */
  async close(slot: FileSlot): Promise<void> {
    while (slot.users > 0) {
      await new Promise<void>((resolve) => {
        const before = slot.whenUnused;
        slot.whenUnused = () => {
          slot.whenUnused = undefined;
          before?.();
          resolve();
        };
      });
    }
    await this.#closeNow(slot);
  }

  /** Closes files that were not used since the last sweep. */
  sweep(): void {
    for (const slot of [...this.#idle]) {
      if (slot.used) slot.used = false;
      else void this.#closeNow(slot);
    }
  }

  /** Closes all that are not in use. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#idle].map((slot) => this.#closeNow(slot)));
  }
}
