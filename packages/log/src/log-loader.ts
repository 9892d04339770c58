// Opening a log that has a folder: which segments there are, where it ends, its epochs and its producers. After a clean stop
// nothing is scanned; else log-recovery.ts looks at the tail.

import { abortedOf } from './aborted-transactions.ts';
import { decodePartitionMetadata } from './checkpoint-files.ts';
import {
  asideDirectoryName,
  LEADER_EPOCH_FILE,
  PARTITION_METADATA_FILE,
  parseSegmentFileName,
  segmentFileName,
} from './file-names.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import type { LogDir } from './log-dir.ts';
import { recoverLog } from './log-recovery.ts';
import type { LogState } from './log-state.ts';
import { dropSnapshotsBeyond, rebuildProducers, snapshotOffsets } from './producer-recovery.ts';
import { Segment } from './segment.ts';
import { headerAt, makeWritable, readIfPresent, readIndexes, withFile } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';
import { settleFolder } from './swap-recovery.ts';
import type { TailState } from './tail-states.ts';

const SEGMENT_FILE_KINDS = ['log', 'index', 'timeindex', 'txnindex'] as const;
/** More than this is not scanned only to learn of leader epochs. */
const EPOCH_SCAN_BYTES = 256 * 1024 * 1024;

export async function loadLog(state: LogState, dir: LogDir): Promise<void> {
  state.dir = dir;
  const tail = dir.tails.get(state.directoryName);
  const isKnown = tail?.topicId === state.topicId && dir.sameBoot;
  if (!isKnown && (await isOfAnotherTopic(state))) {
    await moveAside(state);
    startEmpty(state, 0);
    return;
  }
  state.directoryMade = true;
  const names = await settleFolder(state.environment.disk, state.directory);
  await findSegments(state, names);
  const startOffset = dir.logStartOffsets.get(state.directoryName) ?? 0;
  await dropRemoved(state, startOffset);
  if (state.segments.length === 0) {
    startEmpty(state, Math.max(startOffset, dir.recoveryPoints.get(state.directoryName) ?? 0));
    return;
  }
  const snapshots = snapshotOffsets(names);
  const isExact = isExactEnd(state, tail);
  state.epochFileExists = names.includes(LEADER_EPOCH_FILE);
  await loadEpochs(state, isExact ? tail.onlyEpoch : -1);
  if (isExact) await trustTail(state, tail, snapshots);
  else await recoverLog(state, tail, snapshots);
  await finish(state, Math.max(startOffset, state.segments[0]!.baseOffset), snapshots);
}

function startEmpty(state: LogState, offset: number): void {
  state.newSegment(offset);
  state.logStartOffset = offset;
  state.logEndOffset = offset;
  state.writtenOffset = offset;
  state.flushedOffset = offset;
}

/** Whether the folder is what another topic of the same name left. */
async function isOfAnotherTopic(state: LogState): Promise<boolean> {
  const bytes = await readIfPresent(state.environment.disk, `${state.directory}/${PARTITION_METADATA_FILE}`);
  const topicId = bytes === undefined ? undefined : decodePartitionMetadata(bytes);
  return topicId !== undefined && topicId !== state.topicId;
}

async function moveAside(state: LogState): Promise<void> {
  const { disk, random, logger } = state.environment;
  const name = asideDirectoryName(state.directoryName, random.bytes(16).toString('hex'), 'stray');
  logger.warn(
    { log: state.directoryName, movedTo: name },
    'a folder of this name belongs to another topic (one deleted while this broker was down?): it is kept aside and not used',
  );
  await disk.rename(state.directory, `${state.dir!.path}/${name}`);
  state.dir!.forget(state.directoryName);
}

/** Fills state.segments with sizes; removes index files that belong to no segment. */
async function findSegments(state: LogState, names: readonly string[]): Promise<void> {
  const { disk } = state.environment;
  const files = names.flatMap((name) => parseSegmentFileName(name) ?? []);
  const bases = files.filter((file) => file.kind === 'log').map((file) => file.baseOffset);
  bases.sort((a, b) => a - b);
  const known = new Set(bases);
  const cleanedOffset = state.dir!.cleanerOffsets.get(state.directoryName) ?? 0;
  for (const file of files) {
    if (file.kind === 'snapshot' || known.has(file.baseOffset)) continue;
    await disk.remove(`${state.directory}/${segmentFileName(file.baseOffset, file.kind)}`);
  }
  const withAborted = new Set(
    files.flatMap(({ kind, baseOffset }) => (kind === 'txnindex' ? [baseOffset] : [])),
  );
  for (const baseOffset of bases) {
    const segment = new Segment(baseOffset, state.environment.clock.wallMs());
    if (!withAborted.has(baseOffset)) segment.aborted = [];
    const stat = await disk.stat(segment.path(state.directory, 'log'));
    const sizeBytes = stat?.sizeBytes ?? 0;
    const isLast = baseOffset === bases[bases.length - 1];
    // Compaction may empty the first segment; its name still says where the log starts.
    const isStart = baseOffset === bases[0] && baseOffset < cleanedOffset;
    if (sizeBytes === 0 && !isLast && !isStart) {
      for (const kind of SEGMENT_FILE_KINDS) await disk.remove(segment.path(state.directory, kind));
      continue;
    }
    segment.sizeBytes = sizeBytes;
    segment.writtenBytes = sizeBytes;
    segment.syncedBytes = sizeBytes;
    segment.entrySynced = true;
    segment.maxTimestampMs = undefined;
    const previous = state.segments[state.segments.length - 1];
    if (previous !== undefined) previous.nextOffset = baseOffset;
    state.segments.push(segment);
  }
}

/** Segments below logStartOffset had been removed, but a power cut gave them their names back. */
async function dropRemoved(state: LogState, startOffset: number): Promise<void> {
  while (state.segments.length > 1 && state.segments[1]!.baseOffset <= startOffset) {
    const segment = state.segments.shift()!;
    for (const kind of SEGMENT_FILE_KINDS)
      await state.environment.disk.remove(segment.path(state.directory, kind));
  }
}

async function loadEpochs(state: LogState, onlyEpoch: number): Promise<void> {
  const first = state.segments[0]!;
  state.epochs = new LeaderEpochs(onlyEpoch < 0 ? [] : [onlyEpoch, first.baseOffset]);
  if (onlyEpoch >= 0) return;
  if (state.epochFileExists) {
    const bytes = await state.environment.disk.readFile(`${state.directory}/${LEADER_EPOCH_FILE}`);
    const decoded = LeaderEpochs.decode(bytes);
    if (decoded === undefined) await scanEpochs(state);
    else state.epochs = decoded;
    return;
  }
  const header = await headerAt(state, first, 0);
  if (header !== undefined) state.epochs.assign(header.leaderEpoch, first.baseOffset);
}

/** The file is damaged: all batches are asked for their epoch, unless there are too many. */
async function scanEpochs(state: LogState): Promise<void> {
  state.noteEpochsChanged();
  if (state.sizeBytes > EPOCH_SCAN_BYTES) return;
  for (const segment of state.segments) {
    await withFile(state, segment, (file) =>
      scanSegment(file, {
        from: 0,
        to: segment.writtenBytes,
        minOffset: segment.baseOffset,
        checkCrc: false,
        visit: (batch) => {
          state.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
          return undefined;
        },
      }),
    );
  }
}

/** Whether the clean stop before left word of exactly this end, and nothing can have been lost since. */
function isExactEnd(state: LogState, tail: TailState | undefined): tail is TailState {
  const { dir, active } = state;
  if (tail === undefined || dir?.cleanStop !== 'ours') return false;
  if (tail.needsRecovery || tail.indexesMayBeLost) return false;
  if (tail.segmentBaseOffset !== active.baseOffset || tail.sizeBytes !== active.sizeBytes) return false;
  const isDurable = (dir.recoveryPoints.get(state.directoryName) ?? 0) >= tail.endOffset;
  return isDurable || dir.sameBoot;
}

async function trustTail(state: LogState, tail: TailState, snapshots: readonly number[]): Promise<void> {
  const segment = state.active;
  segment.nextOffset = tail.endOffset;
  segment.firstTimestampMs = tail.firstTimestampMs;
  if (segment.sizeBytes <= state.config.indexIntervalBytes) {
    Object.assign(segment, { offsetIndex: state.newDetachedSegment(segment.baseOffset).offsetIndex });
    segment.timeIndex = state.newDetachedSegment(segment.baseOffset).timeIndex;
  } else {
    await readIndexes(state, segment);
    segment.truncateIndexes(tail.endOffset);
  }
  segment.bytesSinceIndexEntry = segment.sizeBytes - segment.offsetIndex!.lastPosition;
  segment.maxTimestampMs = tail.maxTimestampMs;
  segment.maxTimestampOffset = tail.maxTimestampOffset;
  segment.checkpointedBytes = segment.sizeBytes;
  state.logEndOffset = tail.endOffset;
  if (tail.hasProducers) await rebuildProducers(state, tail.endOffset, snapshots);
  await abortedOf(state, segment);
}

async function finish(state: LogState, startOffset: number, snapshots: readonly number[]): Promise<void> {
  const endOffset = state.logEndOffset;
  await makeWritable(state, state.active);
  state.writtenOffset = endOffset;
  state.logStartOffset = Math.min(startOffset, endOffset);
  state.flushedOffset = Math.min(state.dir!.recoveryPoints.get(state.directoryName) ?? 0, endOffset);
  state.flushedOffset = Math.max(state.flushedOffset, state.segments[0]!.baseOffset);
  for (const segment of state.segments) {
    if (segment.nextOffset <= state.flushedOffset && segment !== state.active) continue;
    // What lies here may be in the page cache only, the file's name too.
    if (segment.nextOffset > state.flushedOffset) segment.syncedBytes = 0;
    segment.entrySynced = false;
  }
  state.directorySynced = state.flushedOffset > state.segments[0]!.baseOffset;
  // An epoch that starts at the very end is that of an emptied log.
  if (state.epochs.truncateFromEnd(endOffset + 1)) state.noteEpochsChanged();
  state.epochs.truncateFromStart(state.logStartOffset);
  await dropSnapshotsBeyond(state, endOffset, snapshots);
  for (const offset of snapshots) {
    if (offset > endOffset || state.segments.some((segment) => segment.baseOffset === offset)) continue;
    state.tailSnapshotOffset = Math.max(state.tailSnapshotOffset, offset);
  }
}
