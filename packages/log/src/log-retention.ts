// Removing what is old: whole segments from the front, by age, by size, and below logStartOffset. The files are renamed at once
// and removed later, for readers that still have them open.

import { saveEpochs } from './epoch-file.ts';
import { memoryRetentionBytes } from './log-config.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { maxTimestampOf, withFile } from './segment-files.ts';
import { isAbsent } from './storage-error.ts';

/** Removes segments whose time has come; `roll` closes the active one when it too must go. Resolves to how many went. */
export function enforceRetention(state: LogState, nowMs: number, roll: () => void): Promise<number> {
  // A swap between counting and removing would let the count mean other segments.
  return state.reshaping.shared(() => removeDue(state, nowMs, roll));
}

async function removeDue(state: LogState, nowMs: number, roll: () => void): Promise<number> {
  let count = countBelowStart(state);
  if (state.config.cleanupPolicy.delete || state.isInMemory) {
    const byAge = state.config.cleanupPolicy.delete ? await countByAge(state, nowMs) : 0;
    count = Math.max(count, byAge, countBySize(state));
  }
  if (count === 0) return 0;
  if (count === state.segments.length) {
    if (state.active.sizeBytes === 0) count -= 1;
    else roll();
  }
  return removeOldest(state, count);
}

function isWritten(state: LogState, segment: Segment): boolean {
  return segment.nextOffset <= state.writtenOffset && segment.writtenBytes === segment.sizeBytes;
}

function countBelowStart(state: LogState): number {
  let count = 0;
  while (count + 1 < state.segments.length && state.segments[count + 1]!.baseOffset <= state.logStartOffset)
    count += 1;
  return count;
}

async function countByAge(state: LogState, nowMs: number): Promise<number> {
  const { retentionMs } = state.config;
  if (retentionMs < 0) return 0;
  let count = 0;
  for (const [index, segment] of state.segments.entries()) {
    // Compaction may have emptied a segment: it goes with the next one.
    if (segment.sizeBytes === 0 && segment !== state.active) continue;
    if (segment.sizeBytes === 0 || !isWritten(state, segment)) break;
    if (nowMs - (await youngestMs(state, segment, nowMs)) <= retentionMs) break;
    count = index + 1;
  }
  return count;
}

/** Records of clients before 0.10 have no timestamp: then, as in Kafka, the time of the file speaks. */
async function youngestMs(state: LogState, segment: Segment, nowMs: number): Promise<number> {
  const timestampMs = await maxTimestampOf(state, segment);
  if (timestampMs >= 0) return timestampMs;
  if (state.isInMemory) return nowMs;
  const stat = await state.environment.disk.stat(segment.path(state.directory, 'log'));
  return stat?.modifiedMs ?? nowMs;
}

/** Kafka's rule: a segment goes when the log without it is still at least as large as allowed. */
function countBySize(state: LogState): number {
  const allowedBytes = state.isInMemory ? memoryRetentionBytes(state.config) : state.config.retentionBytes;
  if (allowedBytes < 0) return 0;
  let excessBytes = state.sizeBytes - allowedBytes;
  let count = 0;
  for (const [index, segment] of state.segments.entries()) {
    if (segment.sizeBytes === 0 && segment !== state.active) continue;
    if (excessBytes < segment.sizeBytes || segment.sizeBytes === 0 || !isWritten(state, segment)) break;
    excessBytes -= segment.sizeBytes;
    count = index + 1;
  }
  return count;
}

/** Keeps a log in memory within its bound: here the bound is never exceeded by more than what was just appended. */
export function boundMemory(state: LogState): void {
  const allowedBytes = memoryRetentionBytes(state.config);
  let count = 0;
  let sizeBytes = state.sizeBytes;
  while (
    sizeBytes > allowedBytes &&
    count + 1 < state.segments.length &&
    isWritten(state, state.segments[count]!)
  ) {
    sizeBytes -= state.segments[count]!.sizeBytes;
    count += 1;
  }
  if (count > 0) void removeOldest(state, count);
}

/** Removes that many segments from the front; the last one always stays. Synchronous for a log in memory. */
export function removeOldest(state: LogState, count: number): Promise<number> {
  if (state.isInMemory) return removeFirst(state, count);
  return state.reshaping.shared(() => removeFirst(state, count));
}

async function removeFirst(state: LogState, count: number): Promise<number> {
  const gone = state.segments.slice(0, Math.min(count, state.segments.length - 1));
  if (gone.length === 0) return 0;
  const first = state.segments[gone.length]!;
  const isOnDisk = !state.isInMemory && state.directoryMade;
  if (isOnDisk) {
    await keepEndOnDisk(state, first);
    // A power cut may undo some of the renames that follow; this says which segments do not count any more.
    state.dir?.setLogStartOffset(state.directoryName, Math.max(state.logStartOffset, first.baseOffset));
    await state.dir?.saveCheckpoints();
  }
  const removed = gone.filter((segment) => state.segments.includes(segment));
  state.segments = state.segments.filter((segment) => !gone.includes(segment));
  moveLogStart(state, first.baseOffset);
  const { logger } = state.environment;
  const fields = { log: state.directoryName, segments: removed.length, logStartOffset: state.logStartOffset };
  logger.debug(fields, 'removed old segments');
  if (isOnDisk) for (const segment of removed) await discard(state, segment);
  return removed.length;
}

/**
 * A log whose every batch is removed must still know where it ended, who wrote it and in which epoch. The empty segment's name, the
 * snapshot of its start and the epochs say it, so they are made durable before the batches go.
 */
async function keepEndOnDisk(state: LogState, first: Segment): Promise<void> {
  if (first.writtenBytes > 0 || first.entrySynced) return;
  await withFile(state, first, async () => {});
  await state.sealing;
  state.noteEpochsChanged();
  await saveEpochs(state);
  await state.environment.disk.syncDirectory(state.directory);
  first.entrySynced = true;
}

/** Sets logStartOffset and what follows from it. The checkpoint file gets it with the next save. */
export function moveLogStart(state: LogState, offset: number): void {
  state.logStartOffset = Math.max(state.logStartOffset, offset);
  state.flushedOffset = Math.max(state.flushedOffset, state.segments[0]!.baseOffset);
  if (state.epochs.truncateFromStart(state.logStartOffset) && state.directoryMade) state.noteEpochsChanged();
  state.tail?.dropBefore(state.logStartOffset);
  if (state.directoryMade) state.dir?.setLogStartOffset(state.directoryName, state.logStartOffset);
}

async function discard(state: LogState, segment: Segment): Promise<void> {
  const { disk, handles, indexCache, logger } = state.environment;
  indexCache.forget(segment);
  const renamed: string[] = [];
  for (const kind of ['log', 'index', 'timeindex', 'txnindex', 'snapshot'] as const) {
    const path = segment.path(state.directory, kind);
    try {
      await disk.rename(path, `${path}.deleted`);
      renamed.push(`${path}.deleted`);
    } catch (error) {
      if (!isAbsent(error))
        logger.warn({ log: state.directoryName, path, error }, 'cannot remove an old segment');
    }
  }
  if (segment.slot !== undefined) segment.slot.path = `${segment.path(state.directory, 'log')}.deleted`;
  state.environment.timers.after(state.config.fileDeleteDelayMs, () => {
    state.environment.background(
      (async () => {
        if (segment.slot !== undefined) await handles.close(segment.slot);
        for (const path of renamed) await disk.remove(path);
      })().catch((error: unknown) =>
        logger.warn({ log: state.directoryName, error }, 'cannot remove an old segment'),
      ),
    );
  });
}
