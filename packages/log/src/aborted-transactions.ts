// The aborted transactions that end in a segment: read from its .txnindex when first needed. A file that makes no sense is
// built again from the batches.

import type { LogState } from './log-state.ts';
import { producersAt, snapshotOffsets } from './producer-recovery.ts';
import type { Segment } from './segment.ts';
import { readIfPresent, withFile, writeAborted } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';
import { decodeTransactionIndex } from './transaction-index.ts';
import type { AbortedTransaction } from './types.ts';

/** Synchronous once they have been read; those of the active segment always are. */
export function abortedOf(
  state: LogState,
  segment: Segment,
): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
  return segment.aborted ?? readAborted(state, segment);
}

async function readAborted(state: LogState, segment: Segment): Promise<readonly AbortedTransaction[]> {
  const bytes = await readIfPresent(state.environment.disk, segment.path(state.directory, 'txnindex'));
  const entries = bytes === undefined ? [] : decodeTransactionIndex(bytes);
  if (entries === undefined) {
    const fields = { log: state.directoryName, segment: segment.baseOffset };
    state.environment.logger.warn(fields, 'the index of aborted transactions is damaged and built again');
    segment.aborted = await scanAborted(state, segment);
    segment.abortedOnDisk = -1;
    await writeAborted(state, segment);
  } else {
    segment.aborted ??= entries;
    segment.abortedOnDisk = entries.length;
  }
  return segment.aborted;
}

async function scanAborted(state: LogState, segment: Segment): Promise<AbortedTransaction[]> {
  const names = (await state.environment.disk.list(state.directory)).map((entry) => entry.name);
  const producers = await producersAt(state, segment.baseOffset, snapshotOffsets(names));
  const aborted: AbortedTransaction[] = [];
  await withFile(state, segment, (file) =>
    scanSegment(file, {
      from: 0,
      to: segment.writtenBytes,
      minOffset: segment.baseOffset,
      checkCrc: false,
      visit: (batch) => {
        const ended = producers.apply(batch);
        if (ended !== undefined) aborted.push(ended);
        return undefined;
      },
    }),
  );
  return aborted;
}

/** Forgets those that end at the offset or after it: their batches are gone, or about to be looked at again. */
export async function cutAborted(state: LogState, segment: Segment, offset: number): Promise<void> {
  const entries = await abortedOf(state, segment);
  const kept = entries.filter((entry) => entry.lastOffset < offset);
  if (kept.length === entries.length) return;
  segment.aborted = kept;
  segment.abortedOnDisk = -1;
}
