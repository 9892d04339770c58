// One process per data folder. The lock is the kernel's own (a POSIX record lock on the file `.lock`), so it ends with the process however
// that ends, knows no process ids to be reused, and holds between containers that share a folder. Node offers no call for it, but its SQLite
// takes exactly this lock on an empty database file. It is the range that Kafka locks too, so the two keep out of each other's folders.
// The file is never removed: removing it would let two processes lock two files of one name.

import { constants, promises } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DiskLock } from '../disk.ts';

const SQLITE_BUSY = 5;

/** Node 24 still prints a warning that its SQLite is experimental, which would tell an operator nothing. */
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}

/** Resolves to undefined when another process, or another part of this one, holds the folder. Rejects when it cannot be written. */
export async function lockDirectory(directory: string): Promise<DiskLock | undefined> {
  // Asked first for the sake of the error: SQLite only says that it could not open the file.
  await promises.access(directory, constants.W_OK);
  const { DatabaseSync } = loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(directory, '.lock'));
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw new Error(`cannot lock ${directory}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  const held = database;
  return {
    async release() {
      if (held.isOpen) held.close();
    },
  };
}
