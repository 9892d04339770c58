// The files of an embedded store: which there are, what is in them, and whether that is whole.
//
// Invariant: what it returns is one unbroken sequence of records from the snapshot's position (or 0) to `position`.

import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk } from '@moldau/io';
import { type Frame, scanFrames } from './frame.ts';
import { MetadataStoreError } from './metadata-store.ts';

const POSITION_DIGITS = 20;
const FILE_NAME = /^(\d{20})\.(log|snapshot)$/;

/** 'MldS', then crc32 of the body. */
const SNAPSHOT_MAGIC = 0x4d6c6453;
const SNAPSHOT_HEADER_BYTES = 8;

export interface Snapshot {
  /** The records in `body` build all there is before it. */
  readonly position: number;
  readonly body: Buffer;
}

export interface StoreFiles {
  readonly snapshot: Snapshot | undefined;
  /** All frames from the snapshot on. */
  readonly frames: readonly Frame[];
  /** How many records there are in all. */
  readonly position: number;
  /** The file to append to; its name's position. */
  readonly lastLogPosition: number;
  /** Bytes of the last log that are good, and bytes behind them that a crash left half written. */
  readonly lastLogBytes: number;
  readonly tornBytes: number;
  /** Bytes of all logs from the snapshot on. */
  readonly logBytes: number;
}

export function logPath(directory: string, position: number): string {
  return join(directory, `${String(position).padStart(POSITION_DIGITS, '0')}.log`);
}

export function snapshotPath(directory: string, position: number): string {
  return join(directory, `${String(position).padStart(POSITION_DIGITS, '0')}.snapshot`);
}

export function encodeSnapshot(body: Buffer): Buffer {
  const header = Buffer.allocUnsafe(SNAPSHOT_HEADER_BYTES);
  header.writeUInt32BE(SNAPSHOT_MAGIC, 0);
  header.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

/** undefined when the folder holds no store yet. */
export async function readStoreFiles(disk: Disk, directory: string): Promise<StoreFiles | undefined> {
  const { logs, snapshots, start } = await listPositions(disk, directory);
  if (logs.length === 0 && snapshots.length === 0) return undefined;
  const snapshot = snapshots.length === 0 ? undefined : await readSnapshot(disk, directory, start);
  const current = logs.filter((position) => position >= start).sort((a, b) => a - b);
  return { snapshot, ...(await readLogs(disk, directory, start, current)) };
}

/** Removes the files that the newest snapshot has made superfluous. */
export async function removeObsoleteFiles(disk: Disk, directory: string): Promise<void> {
  const { logs, snapshots, start } = await listPositions(disk, directory);
  for (const position of logs) if (position < start) await disk.remove(logPath(directory, position));
  for (const position of snapshots) {
    if (position < start) await disk.remove(snapshotPath(directory, position));
  }
}

/** The positions in the files' names; `start` is that of the newest snapshot, or 0. */
async function listPositions(disk: Disk, directory: string) {
  const logs: number[] = [];
  const snapshots: number[] = [];
  for (const entry of await disk.list(directory)) {
    const [, position, kind] = FILE_NAME.exec(entry.name) ?? [];
    if (position !== undefined) (kind === 'log' ? logs : snapshots).push(Number(position));
  }
  return { logs, snapshots, start: Math.max(0, ...snapshots) };
}

async function readSnapshot(disk: Disk, directory: string, position: number): Promise<Snapshot> {
  const path = snapshotPath(directory, position);
  const bytes = await disk.readFile(path);
  const body = bytes.subarray(SNAPSHOT_HEADER_BYTES);
  const isGood =
    bytes.length >= SNAPSHOT_HEADER_BYTES &&
    bytes.readUInt32BE(0) === SNAPSHOT_MAGIC &&
    bytes.readUInt32BE(4) === crc32(body);
  if (!isGood)
    throw new MetadataStoreError(`${path} is damaged: its checksum does not match. ${RESTORE_HINT}`);
  return { position, body };
}

async function readLogs(disk: Disk, directory: string, start: number, positions: readonly number[]) {
  const frames: Frame[] = [];
  let position = start;
  let lastLogPosition: number | undefined;
  let lastLogBytes = 0;
  let tornBytes = 0;
  let logBytes = 0;
  for (const logPosition of positions) {
    const path = logPath(directory, logPosition);
    const bytes = await disk.readFile(path);
    // One that was made to be turned to, which then failed: the log before it went on.
    if (bytes.length === 0 && (logPosition < position || tornBytes > 0)) continue;
    if (tornBytes > 0) throw damaged(logPath(directory, lastLogPosition!), lastLogBytes);
    if (logPosition !== position) throw missing(directory, position);
    const scanned = scanFrames(bytes, logPosition);
    lastLogPosition = logPosition;
    lastLogBytes = scanned.goodBytes;
    tornBytes = bytes.length - scanned.goodBytes;
    logBytes += scanned.goodBytes;
    if (scanned.isDamaged) throw damaged(path, scanned.goodBytes);
    for (const frame of scanned.frames) frames.push(frame);
    position += scanned.frames.reduce((sum, frame) => sum + frame.recordCount, 0);
  }
  if (lastLogPosition === undefined) throw missing(directory, start);
  return { frames, position, lastLogPosition, lastLogBytes, tornBytes, logBytes };
}

const RESTORE_HINT = 'The file was left as it is; restore the folder from a copy.';

function damaged(path: string, atByte: number): MetadataStoreError {
  return new MetadataStoreError(`${path} is damaged at byte ${atByte}. ${RESTORE_HINT}`);
}

function missing(directory: string, position: number): MetadataStoreError {
  return new MetadataStoreError(`${logPath(directory, position)} is missing. ${RESTORE_HINT}`);
}
