// Taking a log dir into use: the lock, whose it is, what its checkpoint files say, whether the process before stopped cleanly, and
// which partitions it has. Reads the folder's listing and its few small files, nothing per partition.

import { dirname, resolve } from 'node:path';
import type { Clock, Disk, Logger, Random } from '@moldau/io';
import {
  decodeCleanStop,
  decodeMetaProperties,
  decodeOffsetCheckpoint,
  encodeMetaProperties,
} from './checkpoint-files.ts';
import {
  asideDirectoryName,
  CLEAN_STOP_FILE,
  CLEANER_OFFSET_FILE,
  isDeletedDirectory,
  KAFKA_CLEAN_STOP_FILE,
  LOG_START_OFFSET_FILE,
  META_PROPERTIES_FILE,
  MOVES_FILE,
  parsePartitionDirectory,
  RECOVERY_POINT_FILE,
  TAIL_STATES_FILE,
} from './file-names.ts';
import { LogDir } from './log-dir.ts';
import { readIfPresent } from './segment-files.ts';
import { decodeTailStates, UNSYNCED_INDEX_SEGMENT_BYTES } from './tail-states.ts';

/** A log dir cannot be used, for a reason that the person who starts the broker must know. */
export class LogDirError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.name = 'LogDirError';
    this.path = path;
  }
}

export interface DirIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
}

export interface DirContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly bootId: string;
  readonly identity: DirIdentity | undefined;
}

export interface OpenedDir {
  readonly dir: LogDir;
  readonly partitions: string[];
  /** Folders of removed partitions that wait for their end. */
  readonly deleted: string[];
}

/** Throws LogDirError when another process holds the folder or it belongs to others; any other problem only puts it offline. */
export async function openLogDir(path: string, context: DirContext): Promise<OpenedDir> {
  const { disk, clock, logger, bootId } = context;
  const dir = new LogDir(path, bootId, disk, clock, logger);
  try {
    await makeDurably(path, disk);
    dir.lock = await disk.lock(path);
    if (dir.lock === undefined)
      throw new LogDirError(
        path,
        `log dir ${path} is in use by another process: stop that broker, or choose another folder`,
      );
    await checkIdentity(dir, context);
    const names = (await disk.list(path))
      .filter((entry) => entry.kind === 'directory')
      .map((entry) => entry.name);
    const partitions = names.filter((name) => parsePartitionDirectory(name) !== undefined);
    dir.partitionCount = partitions.length;
    await readCheckpoints(dir, context);
    return { dir, partitions, deleted: names.filter(isDeletedDirectory) };
  } catch (error) {
    if (error instanceof LogDirError) {
      await dir.lock?.release();
      throw error;
    }
    dir.goOffline('opening it', error);
    return { dir, partitions: [], deleted: [] };
  }
}

/**
 * Makes the folder, for its owner alone because records and what passwords are checked with lie in it, and sees to it that its name and
 * those of its parents that were made survive a power cut.
 */
async function makeDurably(path: string, disk: Disk): Promise<void> {
  const toSync: string[] = [];
  for (
    let each = resolve(path);
    (await disk.stat(each)) === undefined && each !== dirname(each);
    each = dirname(each)
  ) {
    toSync.push(dirname(each));
  }
  await disk.makeDirectory(path, 'owner');
  for (const parent of toSync) await disk.syncDirectory(parent);
}

async function checkIdentity(dir: LogDir, context: DirContext): Promise<void> {
  const { disk, random, identity } = context;
  if (identity === undefined) return;
  const path = `${dir.path}/${META_PROPERTIES_FILE}`;
  const bytes = await readIfPresent(disk, path);
  const properties = bytes === undefined ? undefined : decodeMetaProperties(bytes);
  if (properties === undefined) {
    const directoryId = random.bytes(16).toString('base64url');
    await disk.replaceFile(path, encodeMetaProperties({ ...identity, directoryId }));
    return;
  }
  const { clusterId, nodeId } = properties;
  if (clusterId !== '' && clusterId !== identity.clusterId) {
    throw new LogDirError(
      dir.path,
      `log dir ${dir.path} belongs to cluster ${clusterId}, not to ${identity.clusterId}`,
    );
  }
  if (nodeId !== -1 && nodeId !== identity.nodeId) {
    throw new LogDirError(
      dir.path,
      `log dir ${dir.path} belongs to node ${nodeId}, not to ${identity.nodeId}: start with --set node.id=${nodeId}, or choose another folder`,
    );
  }
}

async function readCheckpoints(dir: LogDir, context: DirContext): Promise<void> {
  const { disk, logger, bootId } = context;
  const read = (name: string): Promise<Buffer | undefined> => readIfPresent(disk, `${dir.path}/${name}`);
  const [recovery, starts, cleaned, tailBytes, kafkaMarker, ourMarker] = await Promise.all(
    [
      RECOVERY_POINT_FILE,
      LOG_START_OFFSET_FILE,
      CLEANER_OFFSET_FILE,
      TAIL_STATES_FILE,
      KAFKA_CLEAN_STOP_FILE,
      CLEAN_STOP_FILE,
    ].map(read),
  );
  const offsets = (bytes: Buffer | undefined, name: string): Map<string, number> => {
    // Kafka makes these files before it has anything to write into them.
    const isEmpty = bytes === undefined || bytes.length === 0;
    const decoded = isEmpty ? new Map<string, number>() : decodeOffsetCheckpoint(bytes);
    if (decoded === undefined)
      logger.error({ logDir: dir.path, name }, `the checkpoint file ${name} is damaged and not used`);
    return decoded ?? new Map();
  };
  dir.recoveryPoints = offsets(recovery, RECOVERY_POINT_FILE);
  dir.logStartOffsets = offsets(starts, LOG_START_OFFSET_FILE);
  dir.cleanerOffsets = offsets(cleaned, CLEANER_OFFSET_FILE);
  const tails = tailBytes === undefined ? undefined : decodeTailStates(tailBytes);
  const marker = kafkaMarker ?? ourMarker;
  if (marker !== undefined) {
    const stamp = decodeCleanStop(marker);
    const isOurs = tails !== undefined && stamp > 0 && stamp === tails.stamp;
    dir.cleanStop = isOurs ? 'ours' : kafkaMarker !== undefined ? 'kafka' : 'no';
  }
  dir.sameBoot = tails?.bootId === bootId;
  dir.tails = tails?.logs ?? new Map();
  if (!dir.sameBoot) {
    dir.tailsDirty = true;
    // After a power cut only what had been fsynced is known to be there.
    for (const [name, tail] of dir.tails) {
      if ((dir.recoveryPoints.get(name) ?? 0) < tail.endOffset) dir.tails.delete(name);
      else dir.tails.set(name, { ...tail, indexesMayBeLost: tail.sizeBytes <= UNSYNCED_INDEX_SEGMENT_BYTES });
    }
  }
  if (marker !== undefined) {
    await disk.remove(`${dir.path}/${KAFKA_CLEAN_STOP_FILE}`);
    await disk.remove(`${dir.path}/${CLEAN_STOP_FILE}`);
    await dir.syncEntries();
  }
}

/** After a crash a partition that was being moved may lie in both its old and its new log dir: the old one is left to be removed. */
export async function settleMoves(opened: readonly OpenedDir[], disk: Disk): Promise<void> {
  for (const { dir, partitions } of opened) {
    if (dir.offlineReason !== undefined) continue;
    const bytes = await readIfPresent(disk, `${dir.path}/${MOVES_FILE}`);
    if (bytes === undefined) continue;
    const moved = bytes
      .toString()
      .split('\n')
      .filter((name) => partitions.includes(name));
    for (const other of opened) {
      if (other.dir === dir || other.dir.offlineReason !== undefined) continue;
      for (const name of moved) await leave(other, name, disk);
    }
    await disk.remove(`${dir.path}/${MOVES_FILE}`);
  }
}

async function leave(opened: OpenedDir, name: string, disk: Disk): Promise<void> {
  const { dir, partitions, deleted } = opened;
  const index = partitions.indexOf(name);
  if (index < 0) return;
  const aside = asideDirectoryName(name, 'moved', 'delete');
  await disk.rename(`${dir.path}/${name}`, `${dir.path}/${aside}`);
  await dir.syncEntries();
  partitions.splice(index, 1);
  deleted.push(aside);
  dir.partitionCount -= 1;
  dir.forget(name);
}
