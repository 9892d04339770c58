// Compaction of a log with durability 'memory': the same rules over the batches in memory. What is left takes the place of what was
// there in one step; when retention has taken some of it meanwhile, the work was for nothing and is done another time.

import type { LogToClean } from './log-cleaner-choice.ts';
import { OffsetMap } from './log-cleaner-offset-map.ts';
import { MemorySink } from './log-cleaner-output.ts';
import { BatchFilter, noteKeys, retainBatches } from './log-cleaner-passes.ts';
import { MemoryPieces } from './log-cleaner-source.ts';
import { placeOf, type SourceSegment } from './log-cleaner-swap.ts';
import { CleanedTransactions } from './log-cleaner-transactions.ts';
import {
  type CleaningOptions,
  type CleaningResult,
  contextOf,
  lastOfProducers,
  newStatistics,
} from './log-cleaning.ts';
import { findAborted } from './log-lookup.ts';
import type { LogState } from './log-state.ts';
import type { AbortedTransaction } from './types.ts';

/** As cleanLog. */
export async function cleanMemoryLog(target: LogToClean, options: CleaningOptions): Promise<CleaningResult> {
  const { state, firstDirtyOffset, upperBoundOffset } = target;
  const context = contextOf(state, options);
  const sources: SourceSegment[] = state.segments
    .filter((segment) => segment.baseOffset < upperBoundOffset)
    .map((segment) => ({ segment, sizeBytes: segment.sizeBytes }));
  const runs = runsBelow(state, upperBoundOffset);
  const map = new OffsetMap({
    memoryBytes: options.dedupeBufferBytes,
    loadFactor: options.loadFactor,
    digestKey: state.environment.random.bytes(16),
    firstOffset: firstDirtyOffset,
  });
  const noted = { records: 0, bytes: 0 };
  const aborted = await findAborted(state, state.logStartOffset, upperBoundOffset);
  const isAll = await noteKeys(new MemoryPieces(runs), map, {
    ...context,
    firstOffset: firstDirtyOffset,
    transactions: new CleanedTransactions(aborted),
    statistics: noted,
  });
  if (isAll) map.noteSeen(upperBoundOffset - 1);
  const sink = new MemorySink(state.newDetachedSegment(sources[0]!.segment.baseOffset));
  const kept: AbortedTransaction[] = [];
  const statistics = newStatistics();
  const filter = new BatchFilter(
    {
      map,
      nowMs: options.nowMs,
      deleteRetentionMs: state.config.deleteRetentionMs,
      upperBoundOffset,
      transactions: new CleanedTransactions(aborted, (transaction) => kept.push(transaction)),
      lastOfProducers: lastOfProducers(state),
    },
    state.config.maxDecompressedBytes,
    statistics,
  );
  await retainBatches(new MemoryPieces(runs), filter, sink, statistics, context);
  const { segment } = sink;
  segment.aborted = kept;
  const keptRuns = sink.finish(upperBoundOffset);
  await state.reshaping.exclusively(async () => {
    // From here on nothing waits: nobody sees a log in between.
    const at = placeOf(state, sources);
    state.logTail().replaceBefore(upperBoundOffset, keptRuns);
    state.segments = [...state.segments.slice(0, at), segment, ...state.segments.slice(at + sources.length)];
    state.memoryCleanerOffset = map.latestOffset + 1;
  });
  return {
    ...statistics,
    endOffset: map.latestOffset + 1,
    keys: map.size,
    mapFill: map.size / map.capacity,
    mapBytes: map.memoryBytes,
    indexedBytes: noted.bytes,
  };
}

function runsBelow(state: LogState, offset: number): Buffer[] {
  return state.tail === undefined ? [] : [...state.tail.runsBelow(offset)];
}
