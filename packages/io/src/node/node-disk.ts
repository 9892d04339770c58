// The machine's files. Raw descriptors with one callback per call: a FileHandle's promise wrapper costs more per operation.
// Every write puts all its bytes or rejects; nothing here retries a failed sync. Where the process has as many files open as it may, which
// connections are too, an open waits for a while instead of failing: nothing is wrong with the disk then.

import {
  close,
  constants,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  open,
  promises,
  read,
  write,
  writev,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type {
  Disk,
  DiskEntry,
  DiskFile,
  DiskLock,
  DiskSpace,
  DiskStat,
  Privacy,
  PublicAccess,
} from '../disk.ts';
import { lockDirectory } from './directory-lock.ts';

// Linux takes at most 1024 buffers in one writev.
const MAX_BUFFERS_PER_WRITE = 1024;
const OWNER_FILE_MODE = 0o600;
const OWNER_FOLDER_MODE = 0o700;
const DESCRIPTOR_PATIENCE_MS = 30_000;
const DESCRIPTOR_INTERVAL_MS = 50;
const NO_ACCESS: PublicAccess = { read: false, write: false };

type Done = (error: NodeJS.ErrnoException | null) => void;

function call(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

function openDescriptor(path: string, flags: number, mode = 0o644): Promise<number> {
  return patiently(
    () =>
      new Promise((resolve, reject) => {
        open(path, flags, mode, (error, descriptor) => (error ? reject(error) : resolve(descriptor)));
      }),
  );
}

/** Resolves when those that began to wait for a descriptor before have one, or have given up: if all asked again and again, they would take a core. */
let turn: Promise<unknown> = Promise.resolve();

async function patiently<T>(useDescriptor: () => Promise<T>): Promise<T> {
  try {
    return await useDescriptor();
  } catch (error) {
    if (!isOutOfDescriptors(error)) throw error;
  }
  const deadlineMs = performance.now() + DESCRIPTOR_PATIENCE_MS;
  const result = turn.then(() => insistently(useDescriptor, deadlineMs));
  turn = result.catch(() => {});
  return result;
}

async function insistently<T>(useDescriptor: () => Promise<T>, deadlineMs: number): Promise<T> {
  for (;;) {
    try {
      return await useDescriptor();
    } catch (error) {
      if (!isOutOfDescriptors(error) || performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, DESCRIPTOR_INTERVAL_MS));
    }
  }
}

function isOutOfDescriptors(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

/** As Node's `recursive`, which never ends where a folder takes no entries, as in /proc. */
async function makeFolders(path: string, mode: number | undefined): Promise<void> {
  try {
    await makeFolder(path, mode);
  } catch (error) {
    if (!isAbsent(error) || dirname(path) === path) throw error;
    await makeFolders(dirname(path), mode);
    await makeFolder(path, mode);
  }
}

async function makeFolder(path: string, mode: number | undefined): Promise<void> {
  try {
    await promises.mkdir(path, mode);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere || !(await promises.stat(path)).isDirectory()) throw error;
  }
}

function totalBytes(buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const buffer of buffers) total += buffer.byteLength;
  return total;
}

/** What is left of the buffers after the first `count` bytes were written. */
function withoutFirst(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let index = 0;
  let skip = count;
  while (index < buffers.length && skip >= buffers[index]!.byteLength) skip -= buffers[index++]!.byteLength;
  const rest = buffers.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const fill = (filled: number): void => {
        read(
          this.#descriptor,
          buffer,
          filled,
          buffer.byteLength - filled,
          position + filled,
          (error, count) => {
            if (error) reject(error);
            else if (count === 0 || filled + count === buffer.byteLength) resolve(filled + count);
            else fill(filled + count);
          },
        );
      };
      if (buffer.byteLength === 0) resolve(0);
      else fill(0);
    });
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const put = (rest: readonly Uint8Array[], at: number, leftBytes: number): void => {
        if (leftBytes === 0) {
          resolve();
          return;
        }
        const done = (error: NodeJS.ErrnoException | null, count: number): void => {
          if (error) reject(error);
          else if (count === leftBytes) resolve();
          else put(withoutFirst(rest, count), at + count, leftBytes - count);
        };
        if (rest.length === 1) write(this.#descriptor, rest[0]!, 0, leftBytes, at, done);
        else writev(this.#descriptor, rest.slice(0, MAX_BUFFERS_PER_WRITE), at, done);
      };
      put(buffers, position, totalBytes(buffers));
    });
  }

  sync(): Promise<void> {
    return call((done) => fdatasync(this.#descriptor, done));
  }

  truncate(sizeBytes: number): Promise<void> {
    return call((done) => ftruncate(this.#descriptor, sizeBytes, done));
  }

  sizeBytes(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.#descriptor, (error, stats) => (error ? reject(error) : resolve(stats.size)));
    });
  }

  close(): Promise<void> {
    return call((done) => close(this.#descriptor, done));
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): DiskEntry['kind'] {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

class NodeDisk implements Disk {
  // Replacements of one path run one after the other: they share the file written beside it, and the last call wins.
  readonly #replacing = new Map<string, Promise<void>>();

  async open(path: string, mode: 'read' | 'write'): Promise<DiskFile> {
    const flags = mode === 'read' ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    return new NodeFile(path, await openDescriptor(path, flags));
  }

  readFile(path: string): Promise<Buffer> {
    return patiently(() => promises.readFile(path));
  }

  replaceFile(path: string, bytes: Uint8Array, privacy?: Privacy): Promise<void> {
    const before = this.#replacing.get(path) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => this.#replaceNow(path, bytes, privacy));
    this.#replacing.set(path, mine);
    const forget = (): void => {
      if (this.#replacing.get(path) === mine) this.#replacing.delete(path);
    };
    mine.then(forget, forget);
    return mine;
  }

  async #replaceNow(path: string, bytes: Uint8Array, privacy?: Privacy): Promise<void> {
    const beside = `${path}.tmp`;
    let flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    if (privacy !== undefined) {
      // One that is left from before may be open to others, and the mode counts only for a new file.
      await this.remove(beside);
      flags |= constants.O_EXCL;
    }
    const mode = privacy === undefined ? undefined : OWNER_FILE_MODE;
    const file = new NodeFile(beside, await openDescriptor(beside, flags, mode));
    try {
      await file.write([bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await promises.rename(beside, path);
    await this.syncDirectory(dirname(path));
  }

  async makeDirectory(path: string, privacy?: Privacy): Promise<void> {
    await makeFolders(path, privacy === undefined ? undefined : OWNER_FOLDER_MODE);
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows cannot open a folder, and needs no fsync of it.
    if (process.platform === 'win32') return;
    const descriptor = await openDescriptor(path, constants.O_RDONLY);
    try {
      await call((done) => fsync(descriptor, done));
    } finally {
      await call((done) => close(descriptor, done));
    }
  }

  rename(from: string, to: string): Promise<void> {
    return promises.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    try {
      await promises.unlink(path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  removeTree(path: string): Promise<void> {
    return promises.rm(path, { recursive: true, force: true });
  }

  async list(path: string): Promise<DiskEntry[]> {
    const entries = await patiently(() => promises.readdir(path, { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    try {
      const stats = await promises.stat(path);
      return { kind: kindOf(stats), sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async publicAccess(path: string): Promise<PublicAccess> {
    if (process.platform === 'win32') return NO_ACCESS;
    try {
      const file = await promises.realpath(path);
      for (let folder = dirname(file); ; folder = dirname(folder)) {
        const { mode } = await promises.stat(folder);
        if ((mode & constants.S_IXOTH) === 0) return NO_ACCESS;
        if (folder === dirname(folder)) break;
      }
      const { mode } = await promises.stat(file);
      return { read: (mode & constants.S_IROTH) !== 0, write: (mode & constants.S_IWOTH) !== 0 };
    } catch (error) {
      if (isAbsent(error)) return NO_ACCESS;
      throw error;
    }
  }

  async space(path: string): Promise<DiskSpace> {
    const stats = await promises.statfs(path);
    return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
  }

  lock(directory: string): Promise<DiskLock | undefined> {
    return lockDirectory(directory);
  }

  async bootId(): Promise<string> {
    try {
      return (await promises.readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    } catch {
      // Elsewhere nothing tells boots apart: an id that never repeats makes every start count as one after a power cut.
      return `${hostname()}-${process.pid}-${Date.now()}`;
    }
  }
}

export const nodeDisk: Disk = new NodeDisk();
