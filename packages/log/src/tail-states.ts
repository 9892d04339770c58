// Where the tails of a folder's logs are known to be good: one line per log in .moldau-tails. While the machine has not been booted
// since (same boot id), all bytes below such a place are in the page cache or on disk even if they were never fsynced, so
// after kill -9 only what lies beyond it is scanned, and after a clean stop nothing. The file is a hint: a line
// whose segment or size does not fit the folder is not used.

/** A clean stop writes the indexes of active segments up to this size without fsync: it is quicker to build them again. */
export const UNSYNCED_INDEX_SEGMENT_BYTES = 1024 * 1024;

export interface TailState {
  /** Of the segment that was active. */
  readonly segmentBaseOffset: number;
  /** Bytes of it that hold whole, checked batches. */
  readonly sizeBytes: number;
  /** The offset that follows them. */
  readonly endOffset: number;
  /** Highest timestamp of the segment's first batch, from which segment.ms counts; -1 when there is none. */
  readonly firstTimestampMs: number;
  /** The youngest record of the segment up to there and the last offset of its batch; -1 and -1 when there is none. */
  readonly maxTimestampMs: number;
  readonly maxTimestampOffset: number;
  /** '' when not known. */
  readonly topicId: string;
  /** The log's only leader epoch, which started with its first offset; -1 when there are others: then the epochs' file has them. */
  readonly onlyEpoch: number;
  /** Whether any idempotent producer was remembered: without one there is no state to rebuild. */
  readonly hasProducers: boolean;
  /** At a clean stop: the log had not been recovered since the crash before, so it still has to be. */
  readonly needsRecovery: boolean;
  /** A power cut may have left the segment's index files behind its batches, or torn: they are to be built again. */
  readonly indexesMayBeLost: boolean;
}

export interface TailStates {
  readonly bootId: string;
  /** Equals the marker's when written by the clean stop that left the marker. */
  readonly stamp: number;
  readonly logs: Map<string, TailState>;
}

const VERSION = '1';
const FIELDS = 10;
const NO_TOPIC_ID = '-';

export function encodeTailStates(states: TailStates): Buffer {
  const lines = [VERSION, states.bootId, String(states.stamp), String(states.logs.size)];
  for (const [directoryName, tail] of states.logs) {
    const flags =
      (tail.hasProducers ? 1 : 0) | (tail.needsRecovery ? 2 : 0) | (tail.indexesMayBeLost ? 4 : 0);
    const place = `${tail.segmentBaseOffset} ${tail.sizeBytes} ${tail.endOffset}`;
    const times = `${tail.firstTimestampMs} ${tail.maxTimestampMs} ${tail.maxTimestampOffset}`;
    lines.push(
      `${directoryName} ${place} ${times} ${tail.topicId || NO_TOPIC_ID} ${tail.onlyEpoch} ${flags}`,
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

export function decodeTailStates(bytes: Buffer): TailStates | undefined {
  const lines = bytes.toString('utf8').split('\n');
  const [version, bootId, stamp, countText] = lines;
  const count = Number(countText);
  if (version !== VERSION || bootId === undefined || !Number.isInteger(count) || lines.length < count + 4)
    return undefined;
  const logs = new Map<string, TailState>();
  for (let index = 4; index < count + 4; index++) {
    const fields = lines[index]!.split(' ');
    if (fields.length !== FIELDS) return undefined;
    const flags = Number(fields[9]);
    logs.set(fields[0]!, {
      segmentBaseOffset: Number(fields[1]),
      sizeBytes: Number(fields[2]),
      endOffset: Number(fields[3]),
      firstTimestampMs: Number(fields[4]),
      maxTimestampMs: Number(fields[5]),
      maxTimestampOffset: Number(fields[6]),
      topicId: fields[7] === NO_TOPIC_ID ? '' : fields[7]!,
      onlyEpoch: Number(fields[8]),
      hasProducers: (flags & 1) !== 0,
      needsRecovery: (flags & 2) !== 0,
      indexesMayBeLost: (flags & 4) !== 0,
    });
  }
  return { bootId, stamp: Number(stamp), logs };
}
