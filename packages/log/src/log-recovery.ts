// Finding the true end of a log after a crash. Only what lies beyond the last place known to be good is scanned. A batch that is bad
// there is a torn tail and cut off. A batch that is bad below it, or that is followed by good ones although the machine never went
// down, is damage: it is reported, the file is kept as it is and copied aside, its readers get CORRUPT_MESSAGE for those offsets,
// and appends go on behind it.

import type { DiskFile } from '@moldau/io';
import { cutAborted } from './aborted-transactions.ts';
import type { LogState } from './log-state.ts';
import { OffsetIndex } from './offset-index.ts';
import { producersAt, rebuildProducers } from './producer-recovery.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerStates } from './producer-state.ts';
import type { Segment } from './segment.ts';
import {
  headerAt,
  makeWritable,
  readIndexes,
  withFile,
  writeAborted,
  writeIndexes,
  writeSnapshot,
} from './segment-files.ts';
import { findBatch, scanSegment } from './segment-scan.ts';
import { isOutOfSpace } from './storage-error.ts';
import { type TailState, UNSYNCED_INDEX_SEGMENT_BYTES } from './tail-states.ts';
import { TimeIndex } from './time-index.ts';

const COPY_PIECE_BYTES = 1024 * 1024;

interface Start {
  readonly segmentIndex: number;
  readonly position: number;
  readonly offset: number;
}

interface Knowledge {
  /** Bad bytes below this offset are damage, never a torn tail. */
  readonly goodOffset: number;
  /** Nothing can have been lost from the page cache. */
  readonly sameBoot: boolean;
  readonly checkCrc: boolean;
}

export async function recoverLog(
  state: LogState,
  tail: TailState | undefined,
  snapshots: readonly number[],
): Promise<void> {
  const { dir, environment } = state;
  const recoveryPoint = dir!.recoveryPoints.get(state.directoryName) ?? 0;
  const sameBoot = dir!.sameBoot;
  const wasCleanKafka = dir!.cleanStop === 'kafka';
  state.hasChanged = true;
  const startedMs = environment.clock.monotonicMs();
  const known = sameBoot && tail !== undefined ? await startAtTail(state, tail) : undefined;
  const start =
    wasCleanKafka || known === undefined || known.offset < recoveryPoint
      ? await startAtRecoveryPoint(state, wasCleanKafka ? Infinity : recoveryPoint)
      : known;
  if (start !== known) {
    if (known !== undefined && known.segmentIndex !== start.segmentIndex)
      forgetIndexes(state.segments[known.segmentIndex]!);
    forgetTail(state);
  }
  if (start !== known || tail?.hasProducers === true) await rebuildProducers(state, start.offset, snapshots);
  await keepStartSnapshot(state, start.segmentIndex, snapshots);
  const knowledge: Knowledge = {
    goodOffset: Math.max(recoveryPoint, known?.offset ?? 0),
    sameBoot,
    checkCrc: !wasCleanKafka,
  };
  await scanFrom(state, start, knowledge);
  await endLog(state, knowledge.goodOffset);
  const sizeBytes = state.segments
    .slice(start.segmentIndex)
    .reduce((sum, each) => sum + each.sizeBytes, -start.position);
  const tookMs = Math.round(environment.clock.monotonicMs() - startedMs);
  environment.logger.info(
    {
      log: state.directoryName,
      fromOffset: start.offset,
      logEndOffset: state.logEndOffset,
      sizeBytes,
      tookMs,
    },
    'recovered a log',
  );
}

/** undefined when the folder does not fit what was noted. */
async function startAtTail(state: LogState, tail: TailState): Promise<Start | undefined> {
  const segmentIndex = state.segments.findIndex((segment) => segment.baseOffset === tail.segmentBaseOffset);
  const segment = state.segments[segmentIndex];
  if (segment === undefined || tail.indexesMayBeLost) return undefined;
  if (segment.sizeBytes < tail.sizeBytes || tail.endOffset < segment.baseOffset) return undefined;
  await readIndexes(state, segment);
  segment.truncateIndexes(tail.endOffset);
  segment.firstTimestampMs = tail.firstTimestampMs;
  segment.maxTimestampMs = tail.maxTimestampMs;
  segment.maxTimestampOffset = tail.maxTimestampOffset;
  return { segmentIndex, position: tail.sizeBytes, offset: tail.endOffset };
}

/** The batch that holds the recovery point, or one shortly before it. */
async function startAtRecoveryPoint(state: LogState, recoveryPoint: number): Promise<Start> {
  const segmentIndex = Math.max(0, state.segmentIndexFor(recoveryPoint));
  const segment = state.segments[segmentIndex]!;
  // On the same boot as well: the files may have been lost on the boot before, and not been written since.
  if (segment.sizeBytes <= UNSYNCED_INDEX_SEGMENT_BYTES) {
    resetIndexes(segment);
    return { segmentIndex, position: 0, offset: segment.baseOffset };
  }
  await readIndexes(state, segment);
  segment.truncateIndexes(recoveryPoint);
  const entry = segment.offsetIndex!.count - 1;
  if (entry >= 0) {
    const position = segment.offsetIndex!.positionAt(entry);
    const batch = await headerAt(state, segment, position);
    if (batch !== undefined && batch.lastOffset === segment.offsetIndex!.offsetAt(entry)) {
      segment.truncateIndexes(batch.baseOffset);
      segment.maxTimestampMs = segment.timeIndex!.lastTimestampMs;
      segment.maxTimestampOffset = segment.timeIndex!.lastOffset;
      segment.firstTimestampMs = (await headerAt(state, segment, 0))?.maxTimestampMs ?? -1;
      return { segmentIndex, position, offset: batch.baseOffset };
    }
  }
  resetIndexes(segment);
  return { segmentIndex, position: 0, offset: segment.baseOffset };
}

/**
 * The roll to a segment may not have come to write the snapshot of its start, and once the segment before is removed nothing else
 * knows its producers. Of the segments before the one that the scan starts in they are all there.
 */
async function keepStartSnapshot(
  state: LogState,
  segmentIndex: number,
  snapshots: readonly number[],
): Promise<void> {
  const { baseOffset } = state.segments[segmentIndex]!;
  if (segmentIndex === 0 || snapshots.includes(baseOffset)) return;
  await keepSnapshot(state, segmentIndex, await producersAt(state, baseOffset, snapshots));
}

/** Writes the snapshot of a segment's start. A full disk is no reason not to serve: it is written when there is room. */
async function keepSnapshot(state: LogState, segmentIndex: number, producers: ProducerStates): Promise<void> {
  const snapshotOffset = state.segments[segmentIndex]!.baseOffset;
  try {
    await writeSnapshot(state, snapshotOffset, producers);
  } catch (error) {
    if (!isOutOfSpace(error)) throw error;
    const segment = state.segments[segmentIndex - 1]!;
    segment.sealPending = true;
    state.seals.add({
      segment,
      snapshot: encodeProducerSnapshot(producers),
      snapshotOffset,
      hasFailed: true,
    });
  }
}

function unlessFull(error: unknown): void {
  if (!isOutOfSpace(error)) throw error;
}

function resetIndexes(segment: Segment): void {
  segment.offsetIndex = new OffsetIndex(segment.baseOffset);
  segment.timeIndex = new TimeIndex(segment.baseOffset);
  segment.offsetIndexBytesOnDisk = -1;
  segment.timeIndexBytesOnDisk = -1;
  segment.maxTimestampMs = -1;
  segment.maxTimestampOffset = -1;
  segment.firstTimestampMs = -1;
}

/** A tail vouches for the index files before it, and those are going to be written anew. */
function forgetTail(state: LogState): void {
  const dir = state.dir!;
  if (dir.tails.delete(state.directoryName)) dir.tailsDirty = true;
}

/** What was read of another segment than the one the scan starts in covers only a part of it. */
function forgetIndexes(segment: Segment): void {
  segment.offsetIndex = undefined;
  segment.timeIndex = undefined;
  segment.maxTimestampMs = undefined;
}

async function scanFrom(state: LogState, start: Start, knowledge: Knowledge): Promise<void> {
  for (let index = start.segmentIndex; index < state.segments.length; index++) {
    const segment = state.segments[index]!;
    const isFirst = index === start.segmentIndex;
    if (!isFirst) {
      resetIndexes(segment);
      const before = state.segments[index - 1]!.nextOffset;
      if (segment.baseOffset < before) {
        const fields = { log: state.directoryName, segment: segment.baseOffset };
        state.environment.logger.error(fields, 'a segment overlaps the one before it');
      } else if (
        segment.baseOffset > gapsUpTo(state, before) &&
        before >= knowledge.goodOffset &&
        !knowledge.sameBoot
      ) {
        // The power cut took a whole file of those that were never fsynced.
        await dropFollowing(state, index - 1);
        return;
      }
      await keepSnapshot(state, index, state.producerStates());
    }
    const isWhole = await scanOne(
      state,
      segment,
      isFirst ? start : { segmentIndex: index, position: 0, offset: segment.baseOffset },
      knowledge,
    );
    // The next flush writes it at the latest.
    await writeAborted(state, segment).catch(unlessFull);
    if (!isWhole) {
      await dropFollowing(state, index);
      return;
    }
    if (index + 1 < state.segments.length) segment.seal();
  }
}

/** Compaction leaves gaps between segments, up to where it came; such a gap is no loss. */
function gapsUpTo(state: LogState, offset: number): number {
  return Math.max(offset, state.dir?.cleanerOffsets.get(state.directoryName) ?? 0);
}

/** Takes in what is good of one segment. False when its tail was torn, so that nothing can follow. */
async function scanOne(
  state: LogState,
  segment: Segment,
  start: Start,
  knowledge: Knowledge,
): Promise<boolean> {
  const fileBytes = segment.writtenBytes;
  segment.sizeBytes = start.position;
  segment.nextOffset = start.offset;
  segment.bytesSinceIndexEntry = start.position - segment.offsetIndex!.lastPosition;
  segment.checkpointedBytes = start.position;
  await cutAborted(state, segment, start.offset);
  await makeWritable(state, segment);
  segment.slotIn(state.directory, 'write');
  return withFile(state, segment, async (file) => {
    for (;;) {
      const result = await scanSegment(file, {
        from: segment.sizeBytes,
        to: fileBytes,
        minOffset: segment.nextOffset,
        checkCrc: knowledge.checkCrc,
        visit: (batch) => {
          segment.add(batch, state.config.indexIntervalBytes);
          if (batch.baseOffset >= start.offset) {
            const aborted = state.producerStates().apply(batch);
            if (aborted !== undefined) segment.aborted!.push(aborted);
          }
          state.assignEpoch(batch.partitionLeaderEpoch, batch.baseOffset);
          return undefined;
        },
      });
      if (result.stop === 'end') return true;
      const next = await findBatch(file, segment.sizeBytes + 1, fileBytes, segment.nextOffset);
      if (segment.nextOffset < knowledge.goodOffset || (knowledge.sameBoot && next !== undefined)) {
        await noteDamage(state, segment, file, next, fileBytes, knowledge.goodOffset);
        if (next === undefined) return true;
        continue;
      }
      await cutTail(state, segment, file, next !== undefined, fileBytes);
      return false;
    }
  });
}

async function noteDamage(
  state: LogState,
  segment: Segment,
  file: DiskFile,
  next: { position: number; baseOffset: number } | undefined,
  fileBytes: number,
  goodOffset: number,
): Promise<void> {
  const fromOffset = segment.nextOffset;
  const toOffset = next?.baseOffset ?? Math.max(fromOffset + 1, goodOffset);
  const position = segment.sizeBytes;
  const endPosition = next?.position ?? fileBytes;
  const keptAt = await copyAside(state, segment, file, fileBytes);
  state.environment.logger.error(
    {
      log: state.directoryName,
      segment: segment.baseOffset,
      fromOffset,
      toOffset,
      position,
      endPosition,
      keptAt,
    },
    `${state.directoryName} is damaged: offsets ${fromOffset} to ${toOffset - 1} cannot be read. The segment was kept as it is and copied to ${keptAt}`,
  );
  segment.damages ??= [];
  segment.damages.push({ fromOffset, toOffset, position, endPosition });
  segment.sizeBytes = endPosition;
  segment.nextOffset = toOffset;
  // The next batch gets an index entry, so that readers behind the damage need not pass it.
  segment.bytesSinceIndexEntry = Infinity;
}

async function cutTail(
  state: LogState,
  segment: Segment,
  file: DiskFile,
  keepCopy: boolean,
  fileBytes: number,
): Promise<void> {
  const cutBytes = fileBytes - segment.sizeBytes;
  const keptAt = keepCopy ? await copyAside(state, segment, file, fileBytes) : undefined;
  state.environment.logger.warn(
    { log: state.directoryName, segment: segment.baseOffset, position: segment.sizeBytes, cutBytes, keptAt },
    `cut ${cutBytes} bytes off the torn tail of ${state.directoryName} at offset ${segment.nextOffset}`,
  );
  await file.truncate(segment.sizeBytes);
  // Else a power cut could bring the torn bytes back into what is a closed segment by then.
  await file.sync();
  await writeIndexes(state, segment, true).catch(unlessFull);
  segment.writtenBytes = segment.sizeBytes;
  segment.syncedBytes = Math.min(segment.syncedBytes, segment.sizeBytes);
}

/** Copies the whole file to .corrupt beside it, once. */
async function copyAside(
  state: LogState,
  segment: Segment,
  file: DiskFile,
  fileBytes: number,
): Promise<string> {
  const { disk, logger } = state.environment;
  const path = `${segment.path(state.directory, 'log')}.corrupt`;
  try {
    if ((await disk.stat(path)) !== undefined) return path;
    const copy = await disk.open(path, 'write');
    try {
      const piece = Buffer.allocUnsafeSlow(Math.min(COPY_PIECE_BYTES, Math.max(1, fileBytes)));
      for (let at = 0; at < fileBytes; ) {
        const count = await file.read(piece.subarray(0, Math.min(piece.length, fileBytes - at)), at);
        if (count === 0) break;
        await copy.write([piece.subarray(0, count)], at);
        at += count;
      }
      await copy.sync();
    } finally {
      await copy.close();
    }
  } catch (error) {
    logger.error({ log: state.directoryName, path, error }, 'cannot copy a damaged segment aside');
  }
  return path;
}

/** Removes the segments behind a torn one, durably: they were written after bytes that were lost. */
async function dropFollowing(state: LogState, index: number): Promise<void> {
  const { disk, handles, logger } = state.environment;
  const following = state.segments.splice(index + 1);
  if (following.length === 0) return;
  for (const segment of following) {
    logger.warn(
      { log: state.directoryName, segment: segment.baseOffset, sizeBytes: segment.writtenBytes },
      'a segment behind a torn one is kept aside as .corrupt and not used',
    );
    if (segment.slot !== undefined) await handles.close(segment.slot);
    const path = segment.path(state.directory, 'log');
    if (segment.writtenBytes > 0) await disk.rename(path, `${path}.corrupt`);
    else await disk.remove(path);
    for (const kind of ['index', 'timeindex', 'txnindex'] as const)
      await disk.remove(segment.path(state.directory, kind));
  }
  await disk.syncDirectory(state.directory);
}

/** Sets the log's end, and opens a new segment where nothing may be appended to the last one. */
async function endLog(state: LogState, goodOffset: number): Promise<void> {
  const last = state.active;
  state.logEndOffset = last.nextOffset;
  const endsDamaged = last.damages?.some((damage) => damage.endPosition === last.sizeBytes) ?? false;
  if (state.logEndOffset >= goodOffset && !endsDamaged) return;
  if (state.logEndOffset < goodOffset) {
    state.environment.logger.error(
      { log: state.directoryName, fromOffset: state.logEndOffset, toOffset: goodOffset },
      `records of ${state.directoryName} that had been fsynced are missing: offsets ${state.logEndOffset} to ${goodOffset - 1}. The disk or its file system lost them`,
    );
    state.logEndOffset = goodOffset;
  }
  last.seal();
  state.newSegment(state.logEndOffset);
}
