// Bringing loaded logs to rest. Queued bytes are written; bytes that are only in the page cache are fsynced as far as a short time
// allows, because .moldau-tails makes them safe against anything but a power cut, just as they were before the stop. The small
// files are written where building them again would cost a long scan, and for all logs when they are few.

import { saveEpochs, saveOnlyEpoch } from './epoch-file.ts';
import type { Log } from './log.ts';
import type { LogEnvironment, LogState } from './log-state.ts';
import type { LogWriter } from './log-writer.ts';
import { snapshotBytes, snapshotPath, writeIndexes, writeSmallFile } from './segment-files.ts';
import { UNSYNCED_INDEX_SEGMENT_BYTES } from './tail-states.ts';

const SYNC_BUDGET_MS = 400;
const SYNCS_AT_A_TIME = 8;
const FILES_AT_A_TIME = 16;
/** Up to this many changed logs get all their small files, as Kafka writes them. */
const FEW_LOGS = 500;

interface Loaded {
  readonly state: LogState;
  readonly writer: LogWriter;
}

export async function closeLogs(environment: LogEnvironment, logs: readonly Log[]): Promise<void> {
  const loaded = logs.flatMap((log) => log.internals ?? []);
  await Promise.all(loaded.filter(({ writer }) => !writer.isIdle).map(({ writer }) => writer.drained()));
  const onDisk = loaded.filter(
    ({ state }) => state.directoryMade && !state.removed && state.dir?.offlineReason === undefined,
  );
  const deadlineMs = environment.clock.monotonicMs() + SYNC_BUDGET_MS;
  const dirty = onDisk.filter(({ state }) => state.flushedOffset < state.writtenOffset);
  await eachOf(dirty, SYNCS_AT_A_TIME, async ({ writer }) => {
    if (environment.clock.monotonicMs() < deadlineMs) await writer.syncAll().catch(() => {});
  });
  const changed = onDisk.filter(({ state }) => state.hasChanged);
  const areFew = changed.length <= FEW_LOGS;
  await eachOf(changed, FILES_AT_A_TIME, async (each) => {
    const { state } = each;
    if (!state.epochsSaved) await saveEpochs(state);
    const isLong =
      state.active.writtenBytes - (state.active.offsetIndex?.lastPosition ?? 0) > 0 &&
      state.active.writtenBytes > UNSYNCED_INDEX_SEGMENT_BYTES;
    if (areFew || isLong) await writeSmallFiles(environment, each, isLong);
  });
  for (const { state, writer } of onDisk) {
    if (state.dir?.offlineReason === undefined && !state.lacksSmallFiles)
      state.dir?.setTail(state.directoryName, writer.tailState());
  }
}

async function writeSmallFiles(
  environment: LogEnvironment,
  { state }: Loaded,
  durable: boolean,
): Promise<void> {
  const segment = state.active;
  try {
    segment.timeIndex?.maybeAppend(segment.maxTimestampMs ?? -1, segment.maxTimestampOffset);
    // A segment without a file gets no indexes: Kafka would wonder whose they are.
    if (segment.writtenBytes > 0) await writeIndexes(state, segment, durable);
    await saveOnlyEpoch(state);
    await writeSmallFile(environment.disk, snapshotPath(state, state.writtenOffset), snapshotBytes(state));
    const previous = state.tailSnapshotOffset;
    const isStale =
      previous >= 0 &&
      previous < state.writtenOffset &&
      !state.segments.some((each) => each.baseOffset === previous);
    if (isStale) await environment.disk.remove(snapshotPath(state, previous));
  } catch (error) {
    environment.logger.warn(
      { log: state.directoryName, error },
      'cannot write the small files of a log; its next start scans more',
    );
  }
}

/** Runs over all items, a few at a time. */
async function eachOf<T>(
  items: readonly T[],
  atATime: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await run(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, work));
}
