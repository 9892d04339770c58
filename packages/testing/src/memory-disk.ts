// A disk in memory that fails when told to, and that forgets at a power cut what was not synced: the worst that POSIX allows.
//
// Invariants
// - Bytes of a file survive a power cut when a sync of that file resolved after they were written; a folder's entries when syncDirectory resolved
//   after they were made. Of the rest, powerCut keeps nothing, or what its Random picks: whole writes, sectors of writes, single entries.
// - A sync that fails loses what it should have synced: the bytes can still be read, and no later sync makes them durable. That is what Linux does.
// - kill and powerCut end the process that used the disk: its handles and locks are dead, operations on the way have happened or not.

import { basename, dirname, resolve } from 'node:path';
import type {
  Disk,
  DiskEntry,
  DiskFile,
  DiskLock,
  DiskSpace,
  DiskStat,
  PublicAccess,
  Random,
} from '@moldau/io';
import { DirectoryNode, FileNode } from './memory-disk-nodes.ts';

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'readFile'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'rename'
  | 'remove'
  | 'removeTree'
  | 'list'
  | 'stat';

export interface DiskFault {
  operation: DiskOperation;
  /** Part of the path; left out, any path. */
  path?: string;
  /** Node's code: 'EIO', 'ENOSPC', 'EACCES'... */
  code: string;
  /** How many operations fail; 1 when left out. */
  times?: number;
  /** For writes: so many bytes still reach the file before the failure. */
  writtenBytes?: number;
}

function failure(code: string, operation: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, syscall: operation, path });
}

/** One life of the process: what belongs to an older one is dead. */
interface Life {
  isOver: boolean;
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #node: FileNode;
  readonly #life: Life;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(disk: MemoryDisk, path: string, node: FileNode, life: Life, isWritable: boolean) {
    this.#disk = disk;
    this.path = path;
    this.#node = node;
    this.#life = life;
    this.#isWritable = isWritable;
  }

  async #begin(operation: DiskOperation): Promise<DiskFault | undefined> {
    if (!this.#isOpen) throw failure('EBADF', operation, this.path);
    return this.#disk.begin(operation, this.path, this.#life);
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    const fault = await this.#begin('read');
    if (fault !== undefined) throw failure(fault.code, 'read', this.path);
    return this.#node.read(buffer, position);
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const fault = await this.#begin('write');
    if (!this.#isWritable) throw failure('EBADF', 'write', this.path);
    const bytes = Buffer.concat(buffers);
    if (fault !== undefined) {
      if (fault.writtenBytes) this.#node.write(bytes.subarray(0, fault.writtenBytes), position);
      throw failure(fault.code, 'write', this.path);
    }
    const growthBytes = Math.max(0, position + bytes.length - this.#node.sizeBytes);
    const roomBytes = this.#disk.freeBytes();
    if (growthBytes > roomBytes) {
      // As the kernel does: what still fits is written.
      this.#node.write(bytes.subarray(0, Math.max(0, bytes.length - (growthBytes - roomBytes))), position);
      throw failure('ENOSPC', 'write', this.path);
    }
    this.#node.write(bytes, position);
  }

  async sync(): Promise<void> {
    const fault = await this.#begin('sync');
    if (fault !== undefined) {
      this.#node.loseUnsynced();
      throw failure(fault.code, 'fdatasync', this.path);
    }
    this.#node.sync();
  }

  async truncate(sizeBytes: number): Promise<void> {
    const fault = await this.#begin('truncate');
    if (fault !== undefined) throw failure(fault.code, 'ftruncate', this.path);
    this.#node.truncate(sizeBytes);
  }

  async sizeBytes(): Promise<number> {
    await this.#begin('stat');
    return this.#node.sizeBytes;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) throw failure('EBADF', 'close', this.path);
    this.#isOpen = false;
    this.#disk.openFileCount--;
  }
}

export class MemoryDisk implements Disk {
  #root = new DirectoryNode();
  #life: Life = { isOver: false };
  #locks = new Set<string>();
  #boot = 1;
  readonly #faults: DiskFault[] = [];
  readonly #capacityBytes: number;
  /** Handles that are open now. */
  openFileCount = 0;
  /** How often each operation was asked for. */
  readonly counts = new Map<DiskOperation, number>();

  constructor(options: { capacityBytes?: number } = {}) {
    this.#capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }

  /** The next operation that fits fails. Returns the way to take it back. */
  fail(fault: DiskFault): () => void {
    const active = { ...fault };
    this.#faults.push(active);
    return () => this.#dropFault(active);
  }

  /** The process is killed: what it wrote stays, also unsynced. */
  kill(): void {
    this.#life.isOver = true;
    this.#life = { isOver: false };
    this.#locks = new Set();
    this.openFileCount = 0;
  }

  /** The machine loses power. What was not synced is gone, or the part of it that `random` keeps. */
  powerCut(random?: Random): void {
    this.kill();
    this.#boot++;
    this.#root.powerCut(random);
  }

  freeBytes(): number {
    return this.#capacityBytes - this.#root.totalBytes();
  }

  /** Before each operation: a turn of its own, then whatever was to go wrong with it. */
  async begin(
    operation: DiskOperation,
    path: string,
    life: Life = this.#life,
  ): Promise<DiskFault | undefined> {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    await Promise.resolve();
    if (life.isOver) throw failure('EBADF', operation, path);
    const fault = this.#faults.find(
      (candidate) =>
        candidate.operation === operation && (candidate.path === undefined || path.includes(candidate.path)),
    );
    if (fault === undefined) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) this.#dropFault(fault);
    return fault;
  }

  #dropFault(fault: DiskFault): void {
    const index = this.#faults.indexOf(fault);
    if (index >= 0) this.#faults.splice(index, 1);
  }

  async #start(operation: DiskOperation, path: string): Promise<void> {
    const fault = await this.begin(operation, path);
    if (fault !== undefined) throw failure(fault.code, operation, path);
  }

  #node(path: string): FileNode | DirectoryNode | undefined {
    let node: FileNode | DirectoryNode | undefined = this.#root;
    for (const name of resolve(path).split('/')) {
      if (name === '') continue;
      if (!(node instanceof DirectoryNode)) return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  #directory(path: string, operation: string): DirectoryNode {
    const node = this.#node(path);
    if (node === undefined) throw failure('ENOENT', operation, path);
    if (node instanceof FileNode) throw failure('ENOTDIR', operation, path);
    return node;
  }

  #file(path: string, operation: string): FileNode {
    const node = this.#node(path);
    if (node === undefined) throw failure('ENOENT', operation, path);
    if (node instanceof DirectoryNode) throw failure('EISDIR', operation, path);
    return node;
  }

  async open(path: string, mode: 'read' | 'write'): Promise<DiskFile> {
    const life = this.#life;
    await this.#start('open', path);
    const folder = this.#directory(dirname(resolve(path)), 'open');
    if (mode === 'write' && !folder.entries.has(basename(path)))
      folder.entries.set(basename(path), new FileNode());
    const node = this.#file(path, 'open');
    this.openFileCount++;
    return new MemoryFile(this, path, node, life, mode === 'write');
  }

  async readFile(path: string): Promise<Buffer> {
    await this.#start('readFile', path);
    return this.#file(path, 'open').contents();
  }

  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    const beside = `${path}.tmp`;
    const file = await this.open(beside, 'write');
    try {
      await file.truncate(0);
      await file.write([bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.rename(beside, path);
    await this.syncDirectory(dirname(resolve(path)));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#start('makeDirectory', path);
    let folder = this.#root;
    for (const name of resolve(path).split('/')) {
      if (name === '') continue;
      const found = folder.entries.get(name) ?? new DirectoryNode();
      if (found instanceof FileNode) throw failure('EEXIST', 'mkdir', path);
      folder.entries.set(name, found);
      folder = found;
    }
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#start('syncDirectory', path);
    this.#directory(path, 'fsync').sync();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#start('rename', from);
    const node = this.#node(from);
    if (node === undefined) throw failure('ENOENT', 'rename', from);
    const target = this.#node(to);
    if (target instanceof DirectoryNode && target.entries.size > 0) throw failure('ENOTEMPTY', 'rename', to);
    const folder = this.#directory(dirname(resolve(to)), 'rename');
    this.#directory(dirname(resolve(from)), 'rename').entries.delete(basename(from));
    folder.entries.set(basename(to), node);
  }

  async remove(path: string): Promise<void> {
    await this.#start('remove', path);
    if (this.#node(path) instanceof DirectoryNode) throw failure('EISDIR', 'unlink', path);
    const folder = this.#node(dirname(resolve(path)));
    if (folder instanceof DirectoryNode) folder.entries.delete(basename(path));
  }

  async removeTree(path: string): Promise<void> {
    await this.#start('removeTree', path);
    const folder = this.#node(dirname(resolve(path)));
    if (folder instanceof DirectoryNode) folder.entries.delete(basename(path));
  }

  async list(path: string): Promise<DiskEntry[]> {
    await this.#start('list', path);
    return [...this.#directory(path, 'scandir').entries].map(([name, node]) => ({ name, kind: node.kind }));
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    await this.#start('stat', path);
    const node = this.#node(path);
    if (node === undefined) return undefined;
    return { kind: node.kind, sizeBytes: node instanceof FileNode ? node.sizeBytes : 0, modifiedMs: 0 };
  }

  /** There is one user. */
  async publicAccess(_path: string): Promise<PublicAccess> {
    return { read: false, write: false };
  }

  async space(_path: string): Promise<DiskSpace> {
    return { totalBytes: this.#capacityBytes, freeBytes: this.freeBytes() };
  }

  async lock(directory: string): Promise<DiskLock | undefined> {
    const path = resolve(directory);
    this.#directory(path, 'open');
    const locks = this.#locks;
    if (locks.has(path)) return undefined;
    locks.add(path);
    return {
      async release() {
        locks.delete(path);
      },
    };
  }

  async bootId(): Promise<string> {
    return `boot-${this.#boot}`;
  }
}
