// Cutting the end off a loaded log, down to an offset: what a follower does after its leader changed, and what is done with
// bytes that found no room. Nothing may be appended meanwhile; the writer must be idle.

import { batches } from '@moldau/protocol';
import { cutAborted } from './aborted-transactions.ts';
import type { LogState } from './log-state.ts';
import { dropSnapshotsBeyond, rebuildProducers, snapshotOffsets } from './producer-recovery.ts';
import type { Segment } from './segment.ts';
import { ensureIndexes, makeWritable, withFile, writeIndexes } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';
import { isOutOfSpace } from './storage-error.ts';

/** Drops all batches that reach beyond `offset`. Afterwards that is the log's end. */
export function truncateLoaded(state: LogState, offset: number): Promise<void> {
  return state.reshaping.shared(() => truncate(state, offset));
}

async function truncate(state: LogState, offset: number): Promise<void> {
  const { disk } = state.environment;
  state.cursors?.clear();
  state.hasChanged = true;
  if (state.isInMemory) {
    truncateInMemory(state, offset);
    return;
  }
  state.tail?.clear();
  await dropSegmentsFrom(state, offset);
  forgetSeals(state, offset);
  const segment = state.active;
  if (state.directoryMade) await cutSegment(state, segment, offset);
  else Object.assign(segment, state.newDetachedSegment(segment.baseOffset));
  segment.nextOffset = offset;
  state.logEndOffset = offset;
  state.writtenOffset = offset;
  state.flushedOffset = Math.min(state.flushedOffset, offset);
  state.logStartOffset = Math.min(state.logStartOffset, offset);
  if (state.epochs.truncateFromEnd(offset)) state.noteEpochsChanged();
  await lowerCheckpoints(state, offset);
  if (!state.directoryMade) {
    state.producers = undefined;
    return;
  }
  const snapshots = snapshotOffsets((await disk.list(state.directory)).map((entry) => entry.name));
  await dropSnapshotsBeyond(state, offset, snapshots);
  if (state.tailSnapshotOffset > offset) state.tailSnapshotOffset = -1;
  await rebuildProducers(state, offset, snapshots);
}

function truncateInMemory(state: LogState, offset: number): void {
  state.logTail().truncateTo(offset);
  while (state.segments.length > 1 && state.active.baseOffset >= offset) state.segments.pop();
  const segment = state.active;
  segment.nextOffset = offset;
  segment.sizeBytes = 0;
  for (const bytes of state.logTail().runsFrom(segment.baseOffset)) segment.sizeBytes += bytes.length;
  segment.writtenBytes = segment.sizeBytes;
  state.logEndOffset = offset;
  state.writtenOffset = offset;
  state.flushedOffset = offset;
  state.logStartOffset = Math.min(state.logStartOffset, offset);
  state.epochs.truncateFromEnd(offset);
  segment.aborted = segment.aborted?.filter((entry) => entry.lastOffset < offset);
  // What fell out of memory is forgotten: its producers are those of the batches that are left.
  state.producers = undefined;
  for (const bytes of state.logTail().runsFrom(state.logStartOffset))
    for (const batch of batches(bytes)) if (batch.hasProducerId) state.producerStates().apply(batch);
}

/** Removes segments that start at the offset or after it, durably; at least one stays, or a new one starts there. */
async function dropSegmentsFrom(state: LogState, offset: number): Promise<void> {
  const { disk, handles, indexCache } = state.environment;
  const dropped = state.segments.filter(
    (segment) => segment.baseOffset >= offset && segment !== state.segments[0],
  );
  state.segments = state.segments.filter((segment) => !dropped.includes(segment));
  if (state.active.baseOffset > offset) dropped.push(...state.segments.splice(0));
  if (state.segments.length === 0) state.newSegment(offset);
  for (const segment of dropped) {
    indexCache.forget(segment);
    if (segment.slot !== undefined) await handles.close(segment.slot);
    if (!state.directoryMade) continue;
    for (const kind of ['log', 'index', 'timeindex', 'txnindex'] as const)
      await disk.remove(segment.path(state.directory, kind));
  }
  if (dropped.length > 0 && state.directoryMade) await disk.syncDirectory(state.directory);
}

/** A snapshot above the cut would tell of batches that are gone; and what is the last segment now is closed another time. */
function forgetSeals(state: LogState, offset: number): void {
  for (const seal of state.seals) {
    if (seal.snapshotOffset <= offset && seal.segment !== state.active) continue;
    state.seals.delete(seal);
    seal.segment.sealPending = false;
  }
}

async function cutSegment(state: LogState, segment: Segment, offset: number): Promise<void> {
  state.environment.indexCache.forget(segment);
  await ensureIndexes(state, segment);
  await makeWritable(state, segment);
  const { offsetIndex, timeIndex } = segment;
  segment.truncateIndexes(offset);
  await cutAborted(state, segment, offset);
  segment.maxTimestampMs = timeIndex!.lastTimestampMs;
  segment.maxTimestampOffset = timeIndex!.lastOffset;
  const from = offsetIndex!.lastPosition;
  segment.sizeBytes = from;
  if (from === 0) segment.firstTimestampMs = -1;
  segment.bytesSinceIndexEntry = 0;
  await withFile(state, segment, async (file) => {
    await scanSegment(file, {
      from,
      to: segment.writtenBytes,
      minOffset: segment.baseOffset,
      checkCrc: false,
      visit: (batch) => {
        if (batch.nextOffset > offset) return false;
        segment.add(batch, Infinity);
        return undefined;
      },
    });
    await file.truncate(segment.sizeBytes);
    await file.sync();
    await writeIndexes(state, segment, true).catch((error: unknown) => {
      // They are written anew when the segment is closed; until then their files are believed only as far as they fit.
      if (!isOutOfSpace(error)) throw error;
    });
  });
  segment.writtenBytes = segment.sizeBytes;
  segment.syncedBytes = Math.min(segment.syncedBytes, segment.sizeBytes);
  segment.checkpointedBytes = Math.min(segment.checkpointedBytes, segment.sizeBytes);
}

/** What the checkpoint files promise must be true before other bytes take the place of those that were cut. */
async function lowerCheckpoints(state: LogState, offset: number): Promise<void> {
  const dir = state.dir;
  if (dir === undefined) return;
  const { directoryName } = state;
  let changed = false;
  if ((dir.recoveryPoints.get(directoryName) ?? 0) > offset) {
    dir.recoveryPoints.set(directoryName, offset);
    dir.recoveryPointsDirty = true;
    changed = true;
  }
  if ((dir.cleanerOffsets.get(directoryName) ?? 0) > offset) {
    dir.setCleanerOffset(directoryName, offset);
    changed = true;
  }
  if ((dir.tails.get(directoryName)?.endOffset ?? 0) > offset) {
    dir.tails.delete(directoryName);
    dir.tailsDirty = true;
    changed = true;
  }
  if (changed) await dir.saveCheckpoints();
}
