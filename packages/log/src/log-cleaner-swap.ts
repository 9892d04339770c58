// Putting a compacted segment in the place of those it was made of, so that a crash at any moment leaves the old ones or the new
// one, as Kafka's own broker and ours find out at the next start (swap-recovery.ts):
//
//   1. .cleaned becomes .swap     from here on the new segment counts
//   2. the old files become .deleted
//   3. .swap goes                 the new segment has its final name
//
// The folder is fsynced after each step, because a power cut may undo renames in any order. Readers of the old segments read on in
// the old files; those who come between find the new segment, whose file is held open all the while.

import { SegmentsChangedError } from './log-cleaner-errors.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';
import { snapshotPath } from './segment-files.ts';
import { isAbsent } from './storage-error.ts';

const KINDS = ['log', 'index', 'timeindex', 'txnindex'] as const;

/** What a segment was when a cleaning read it. */
export interface SourceSegment {
  readonly segment: Segment;
  readonly sizeBytes: number;
}

/**
 * Swaps in what was made in `directory`, where the log may not be any more. Rejects with SegmentsChangedError before anything has
 * happened, with the disk's error after the log dir has been put offline.
 */
export async function replaceSegments(
  state: LogState,
  cleaned: Segment,
  sources: readonly SourceSegment[],
  directory: string,
): Promise<void> {
  await state.reshaping.exclusively(async () => {
    const at = placeOf(state, sources);
    if (state.directory !== directory) throw new SegmentsChangedError();
    try {
      await swap(state, cleaned, sources, at);
    } catch (error) {
      state.dir?.goOffline(`replacing compacted segments of ${state.directoryName}`, error);
      throw error;
    }
  });
  forgetSoon(state, sources, cleaned);
}

/** Where the sources stand among the log's segments. */
export function placeOf(state: LogState, sources: readonly SourceSegment[]): number {
  const at = state.segments.indexOf(sources[0]!.segment);
  const areSame = sources.every(
    ({ segment, sizeBytes }, index) =>
      state.segments[at + index] === segment && segment.sizeBytes === sizeBytes,
  );
  if (at < 0 || !areSame || state.removed) throw new SegmentsChangedError();
  return at;
}

async function swap(
  state: LogState,
  cleaned: Segment,
  sources: readonly SourceSegment[],
  at: number,
): Promise<void> {
  const { disk, handles, indexCache } = state.environment;
  const { directory } = state;
  await renameFiles(state, cleaned, '.swap');
  await disk.syncDirectory(directory);
  const slot = cleaned.slotIn(directory, 'read');
  await handles.acquire(slot);
  try {
    takePlace(state, cleaned, sources, at);
    for (const { segment } of sources) {
      indexCache.forget(segment);
      // A file that is being opened by its old name must not turn out to be the new one.
      await segment.slot?.opening?.catch(() => {});
      await renameFiles(state, segment, '.deleted');
      if (segment.baseOffset !== cleaned.baseOffset) await setSnapshotAside(state, segment);
    }
    await disk.syncDirectory(directory);
    await renameFiles(state, cleaned, '');
    await disk.syncDirectory(directory);
  } finally {
    handles.release(slot);
  }
  indexCache.touch(cleaned);
}

/** From here on the log consists of the new segment. */
function takePlace(state: LogState, cleaned: Segment, sources: readonly SourceSegment[], at: number): void {
  state.segments = [...state.segments.slice(0, at), cleaned, ...state.segments.slice(at + sources.length)];
  // What was appended lies uncompacted in the tail cache; aborted records among it would be taken for committed ones.
  state.tail?.dropBefore(cleaned.nextOffset);
}

async function renameFiles(state: LogState, segment: Segment, suffix: Segment['suffix']): Promise<void> {
  const { disk } = state.environment;
  const names = KINDS.map((kind) => segment.path(state.directory, kind));
  segment.suffix = suffix;
  if (segment.slot !== undefined) segment.slot.path = segment.path(state.directory, 'log');
  for (const [index, kind] of KINDS.entries()) {
    try {
      await disk.rename(names[index]!, segment.path(state.directory, kind));
    } catch (error) {
      if (!isAbsent(error) || kind === 'log') throw error;
    }
  }
}

async function setSnapshotAside(state: LogState, segment: Segment): Promise<void> {
  const path = snapshotPath(state, segment.baseOffset);
  if (segment.baseOffset === state.tailSnapshotOffset) return;
  try {
    await state.environment.disk.rename(path, `${path}.deleted`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** The old files go after file.delete.delay.ms, and when nobody reads them any more. */
function forgetSoon(state: LogState, sources: readonly SourceSegment[], cleaned: Segment): void {
  const { disk, handles, timers, logger, background } = state.environment;
  const { directory } = state;
  timers.after(state.config.fileDeleteDelayMs, () => {
    if (state.removed) return;
    const work = async (): Promise<void> => {
      for (const { segment } of sources) {
        if (segment.slot !== undefined) await handles.close(segment.slot);
        for (const kind of KINDS) await disk.remove(segment.path(directory, kind));
        if (segment.baseOffset !== cleaned.baseOffset)
          await disk.remove(`${snapshotPath(state, segment.baseOffset)}.deleted`);
      }
    };
    background(
      work().catch((error: unknown) =>
        logger.warn({ log: state.directoryName, error }, 'cannot remove a segment that was compacted'),
      ),
    );
  });
}
