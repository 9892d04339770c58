// Files and folders as a port. Paths are absolute or relative to the process; errors are Node's own (`code` ENOENT, ENOSPC, EIO...).

export interface DiskFile {
  readonly path: string;
  /** Reads up to buffer.length bytes at a position; fewer only at the end of the file. Resolves to the count. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all bytes of all buffers at a position, in one system call where the kernel takes them all. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** fdatasync: when it resolves the bytes survive a power cut. After a rejection the file must not be trusted nor synced again. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

export interface DiskEntry {
  name: string;
  kind: 'file' | 'directory' | 'other';
}

export interface DiskStat {
  kind: 'file' | 'directory' | 'other';
  sizeBytes: number;
  modifiedMs: number;
}

/** What every user of this machine may do with a file. */
export interface PublicAccess {
  readonly read: boolean;
  readonly write: boolean;
}

/** 'owner': made so that only this user may enter or read it. */
export type Privacy = 'owner';

export interface DiskSpace {
  totalBytes: number;
  freeBytes: number;
}

export interface DiskLock {
  release(): Promise<void>;
}

export interface Disk {
  /** 'read' fails with ENOENT when absent; 'write' reads and writes, and creates the file when absent, keeping what is there. */
  open(path: string, mode: 'read' | 'write'): Promise<DiskFile>;
  readFile(path: string): Promise<Buffer>;
  /** Replaces a file so that after a crash either the old or the new bytes are there, whole: writes beside, fsyncs, renames, fsyncs the folder. */
  replaceFile(path: string, bytes: Uint8Array, privacy?: Privacy): Promise<void>;
  /** Makes the folder and its parents; fine when it is there already, whoever may enter it then. */
  makeDirectory(path: string, privacy?: Privacy): Promise<void>;
  /** fsync of a folder: entries created, renamed or removed in it survive a power cut. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; fine when it is absent. */
  remove(path: string): Promise<void>;
  /** Removes a folder and all in it; fine when it is absent. */
  removeTree(path: string): Promise<void>;
  /** The entries of a folder, unordered. */
  list(path: string): Promise<DiskEntry[]>;
  /** undefined when absent. */
  stat(path: string): Promise<DiskStat | undefined>;
  /** By the bits of the file and of all folders above it; nothing where it is absent, or where the system has no such bits. */
  publicAccess(path: string): Promise<PublicAccess>;
  space(path: string): Promise<DiskSpace>;
  /**
   * Holds a folder for this process alone, until released or the process ends, however it ends.
   * Resolves to undefined when another process holds it.
   */
  lock(directory: string): Promise<DiskLock | undefined>;
  /** Changes with every boot of the machine: while it is the same, bytes written but not synced are still in the page cache. */
  bootId(): Promise<string>;
}
