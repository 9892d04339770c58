// Rebuilding what a log remembers of its producers: the newest sound snapshot, and the batches since.

import { parseSegmentFileName } from './file-names.ts';
import type { LogState } from './log-state.ts';
import { decodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerStates } from './producer-state.ts';
import type { Segment } from './segment.ts';
import { ensureIndexes, readIfPresent, snapshotPath, withFile } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';

/** Enough for the five batches of 1 MiB that a client has in flight, beside others. */
const RECALLED_BYTES = 8 * 1024 * 1024;

/** The offsets of the snapshots in a folder's listing, newest first. */
export function snapshotOffsets(names: readonly string[]): number[] {
  const offsets: number[] = [];
  for (const name of names) {
    const file = parseSegmentFileName(name);
    if (file?.kind === 'snapshot') offsets.push(file.baseOffset);
  }
  return offsets.sort((a, b) => b - a);
}

/** Durably: other batches are going to take those offsets, and a snapshot that came back would tell of the old ones. */
export async function dropSnapshotsBeyond(
  state: LogState,
  endOffset: number,
  snapshots: readonly number[],
): Promise<void> {
  const { disk } = state.environment;
  const beyond = snapshots.filter((offset) => offset > endOffset);
  for (const offset of beyond) await disk.remove(snapshotPath(state, offset));
  if (beyond.length > 0) await disk.syncDirectory(state.directory);
}

/** Sets state.producers to what they were at upToOffset. */
export async function rebuildProducers(
  state: LogState,
  upToOffset: number,
  snapshots: readonly number[],
): Promise<void> {
  const rebuilt = await producersAt(state, upToOffset, snapshots);
  state.producers = rebuilt.size > 0 ? rebuilt : undefined;
}

/**
 * The producers as they were at upToOffset. `snapshots` are the offsets of those at hand; without any, the batches of
 * the segment that holds upToOffset are all there is to learn from.
 */
export async function producersAt(
  state: LogState,
  upToOffset: number,
  snapshots: readonly number[],
): Promise<ProducerStates> {
  const { disk, logger } = state.environment;
  let states: ProducerStates | undefined;
  let fromOffset =
    state.segments[Math.max(0, state.segmentIndexFor(upToOffset - 1))]?.baseOffset ?? upToOffset;
  for (const offset of snapshots) {
    if (offset > upToOffset) continue;
    const bytes = await readIfPresent(disk, snapshotPath(state, offset));
    states = bytes === undefined ? undefined : decodeProducerSnapshot(bytes);
    if (states !== undefined) {
      fromOffset = offset;
      if (states.size > 0) await recallWindows(state, states, offset);
      break;
    }
    logger.warn({ log: state.directoryName, offset }, 'a producer snapshot is damaged and not used');
    await disk.remove(snapshotPath(state, offset));
  }
  const rebuilt = states ?? new ProducerStates();
  await replay(state, rebuilt, fromOffset, upToOffset);
  return rebuilt;
}

/**
 * A snapshot has the last batch of each producer. With more than one in flight the ones before are sent again as well, when a
 * stop took their answers: they are looked for in the bytes right below the snapshot's offset.
 */
async function recallWindows(state: LogState, states: ProducerStates, offset: number): Promise<void> {
  const lastIndex = state.segmentIndexFor(offset - 1);
  const last = state.segments[lastIndex];
  if (last === undefined) return;
  const end = last.positionFor(offset - 1);
  const before = end < RECALLED_BYTES ? state.segments[lastIndex - 1] : undefined;
  if (before !== undefined) {
    await ensureIndexes(state, before);
    await recall(state, states, before, before.writtenBytes, offset);
  }
  await recall(state, states, last, end, offset);
}

async function recall(
  state: LogState,
  states: ProducerStates,
  segment: Segment,
  end: number,
  offset: number,
): Promise<void> {
  if (segment.writtenBytes === 0) return;
  await withFile(state, segment, (file) =>
    scanSegment(file, {
      from: segment.offsetIndex?.positionUpTo(end - RECALLED_BYTES) ?? 0,
      to: segment.writtenBytes,
      minOffset: segment.baseOffset,
      checkCrc: false,
      visit: (batch) => {
        if (batch.nextOffset > offset) return false;
        states.recall(batch);
        return undefined;
      },
    }),
  );
}

async function replay(
  state: LogState,
  states: ProducerStates,
  fromOffset: number,
  upToOffset: number,
): Promise<void> {
  if (fromOffset >= upToOffset) return;
  for (let index = Math.max(0, state.segmentIndexFor(fromOffset)); index < state.segments.length; index++) {
    const segment = state.segments[index]!;
    if (segment.baseOffset >= upToOffset || segment.writtenBytes === 0) continue;
    const position = segment.positionFor(fromOffset);
    await withFile(state, segment, (file) =>
      scanSegment(file, {
        from: position,
        to: segment.writtenBytes,
        minOffset: segment.baseOffset,
        checkCrc: false,
        visit: (batch) => {
          if (batch.nextOffset > upToOffset) return false;
          if (batch.baseOffset >= fromOffset) states.apply(batch);
          return undefined;
        },
      }),
    );
  }
}
