// Which logs are due for compaction, and which part of them may be compacted. As in Kafka: from the offset that the checkpoint file
// names (all below was compacted before) up to the active segment, the oldest open transaction, and the first segment with a
// record that is too young; due when the share of the log that was never compacted is above min.cleanable.dirty.ratio, or when a record
// in it is older than max.compaction.lag.ms.

import type { Log } from './log.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { headerAt, maxTimestampOf } from './segment-files.ts';

export interface CleanableRange {
  /** All below was compacted before. */
  readonly firstDirtyOffset: number;
  /** Nothing from here on may be touched. */
  readonly upperBoundOffset: number;
}

export interface LogToClean extends CleanableRange {
  readonly log: Log;
  readonly state: LogState;
  /** Share of the bytes below upperBoundOffset that were never compacted. */
  readonly dirtyRatio: number;
}

/** undefined when the log, which is loaded, is not due. Closes the active segment when that is what it takes. */
export async function chooseRange(log: Log, nowMs: number): Promise<LogToClean | undefined> {
  const { state } = log.internals!;
  const firstDirtyOffset = firstDirty(state);
  const isOverdue = await isPastLag(state, firstDirtyOffset, nowMs);
  if (mustRollActive(state, nowMs)) {
    log.rollForCleaning();
    await state.sealing;
  }
  const upperBoundOffset = await upperBound(log, state, firstDirtyOffset, nowMs);
  if (upperBoundOffset <= firstDirtyOffset) return undefined;
  const { cleanBytes, dirtyBytes } = split(state, firstDirtyOffset, upperBoundOffset);
  if (dirtyBytes === 0) return undefined;
  const dirtyRatio = dirtyBytes / (cleanBytes + dirtyBytes);
  if (!isOverdue && dirtyRatio <= state.config.minCleanableDirtyRatio) return undefined;
  return { log, state, firstDirtyOffset, upperBoundOffset, dirtyRatio };
}

/** The checkpoint counts only while it lies in the log. */
function firstDirty(state: LogState): number {
  const offset = cleanerOffsetOf(state);
  return offset < state.logStartOffset || offset > state.logEndOffset ? state.logStartOffset : offset;
}

function cleanerOffsetOf(state: LogState): number {
  if (state.isInMemory) return state.memoryCleanerOffset;
  return state.dir?.cleanerOffsets.get(state.directoryName) ?? -1;
}

function recoveryPointOf(state: LogState): number {
  return state.dir?.recoveryPoints.get(state.directoryName) ?? 0;
}

async function upperBound(
  log: Log,
  state: LogState,
  firstDirtyOffset: number,
  nowMs: number,
): Promise<number> {
  const { minCompactionLagMs } = state.config;
  const stableOffset = Math.min(log.lastStableOffset, state.active.baseOffset);
  // Whole segments only: one in which an open transaction begins waits until that is over.
  const limit = state.segments[Math.max(0, state.segmentIndexFor(stableOffset))]!.baseOffset;
  for (const segment of state.segments.slice(0, -1)) {
    if (segment.nextOffset <= firstDirtyOffset) continue;
    if (segment.baseOffset >= limit) break;
    // Recovery takes a gap beyond what is known to be on disk for a loss.
    if (!state.isInMemory && recoveryPointOf(state) < segment.nextOffset) return segment.baseOffset;
    if (minCompactionLagMs > 0 && (await maxTimestampOf(state, segment)) > nowMs - minCompactionLagMs)
      return segment.baseOffset;
  }
  return limit;
}

function split(
  state: LogState,
  firstDirtyOffset: number,
  upperBoundOffset: number,
): { cleanBytes: number; dirtyBytes: number } {
  let cleanBytes = 0;
  let dirtyBytes = 0;
  const firstDirty = state.segmentIndexFor(firstDirtyOffset);
  for (const [index, segment] of state.segments.slice(0, -1).entries()) {
    if (segment.baseOffset >= upperBoundOffset) break;
    if (index < firstDirty) cleanBytes += segment.sizeBytes;
    else dirtyBytes += segment.sizeBytes;
  }
  return { cleanBytes, dirtyBytes };
}

/** Whether a dirty segment begins with a record that is older than it may be. */
async function isPastLag(state: LogState, firstDirtyOffset: number, nowMs: number): Promise<boolean> {
  const { maxCompactionLagMs } = state.config;
  if (maxCompactionLagMs === Infinity) return false;
  for (const segment of state.segments) {
    if (segment.nextOffset <= firstDirtyOffset || segment.writtenBytes === 0) continue;
    const timestampMs = await firstTimestampOf(state, segment);
    if (timestampMs > 0 && timestampMs < nowMs - maxCompactionLagMs) return true;
  }
  return false;
}

async function firstTimestampOf(state: LogState, segment: Segment): Promise<number> {
  if (segment.firstTimestampMs < 0 && !state.isInMemory)
    segment.firstTimestampMs = (await headerAt(state, segment, 0))?.maxTimestampMs ?? -1;
  return segment.firstTimestampMs;
}

function mustRollActive(state: LogState, nowMs: number): boolean {
  const { active, config } = state;
  if (active.sizeBytes === 0) return false;
  if (active.sizeBytes > config.compactionRollBytes) return true;
  return active.firstTimestampMs > 0 && active.firstTimestampMs < nowMs - config.maxCompactionLagMs;
}
