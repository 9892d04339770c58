// The names Kafka gives to the files of a partition and of a log dir.

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint';
export const PARTITION_METADATA_FILE = 'partition.metadata';
export const META_PROPERTIES_FILE = 'meta.properties';
export const RECOVERY_POINT_FILE = 'recovery-point-offset-checkpoint';
export const LOG_START_OFFSET_FILE = 'log-start-offset-checkpoint';
export const CLEANER_OFFSET_FILE = 'cleaner-offset-checkpoint';
export const KAFKA_CLEAN_STOP_FILE = '.kafka_cleanshutdown';
/** Our own clean-stop marker: left instead of Kafka's when some log has still to be recovered, so that Kafka does not trust it. */
export const CLEAN_STOP_FILE = '.moldau-clean-stop';
/** Where the tails of the logs are known to be good, see tail-states.ts. */
/** Names the partitions that have just been moved into this log dir, and may still lie in their old one as well. */
export const MOVES_FILE = '.moldau-moves';
export const TAIL_STATES_FILE = '.moldau-tails';

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot';

/** '00000000000000000042.log' */
export function segmentFileName(baseOffset: number, kind: SegmentFileKind): string {
  return `${String(baseOffset).padStart(20, '0')}.${kind}`;
}

const SEGMENT_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)$/;
const CLEANED_SEGMENT_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)\.cleaned$/;
const SWAPPED_SEGMENT_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)\.swap$/;

export interface SegmentFileName {
  readonly baseOffset: number;
  readonly kind: SegmentFileKind;
}

function parse(pattern: RegExp, name: string): SegmentFileName | undefined {
  const match = pattern.exec(name);
  return match === null ? undefined : { baseOffset: Number(match[1]), kind: match[2] as SegmentFileKind };
}

export function parseSegmentFileName(name: string): SegmentFileName | undefined {
  return parse(SEGMENT_FILE, name);
}

export function parseCleanedFileName(name: string): SegmentFileName | undefined {
  return parse(CLEANED_SEGMENT_FILE, name);
}

export function parseSwapFileName(name: string): SegmentFileName | undefined {
  return parse(SWAPPED_SEGMENT_FILE, name);
}

/** A removed segment's file waiting for its end, or half-made output of a compaction. */
export function isLeftover(name: string): boolean {
  return name.endsWith('.deleted') || name.endsWith('.cleaned');
}

const PARTITION_DIRECTORY = /^(.+)-(\d+)$/;
const SPECIAL_DIRECTORY = /^(.+)-(\d+)\.([0-9a-zA-Z_-]+)-(delete|future|stray)$/;

/** { topic, partition } of a partition's folder; undefined for all other names. */
export function parsePartitionDirectory(name: string): { topic: string; partition: number } | undefined {
  if (SPECIAL_DIRECTORY.test(name)) return undefined;
  const match = PARTITION_DIRECTORY.exec(name);
  if (match === null) return undefined;
  return { topic: match[1]!, partition: Number(match[2]) };
}

/** Whether a folder is what a removed partition left, or a copy that was never finished. */
export function isDeletedDirectory(name: string): boolean {
  const suffix = SPECIAL_DIRECTORY.exec(name)?.[4];
  return suffix === 'delete' || suffix === 'future';
}

/** 'topic-3.0123...-delete', never longer than a file name may be. */
export function asideDirectoryName(
  directoryName: string,
  uniqueHex: string,
  suffix: 'delete' | 'future' | 'stray',
): string {
  const dash = directoryName.lastIndexOf('-');
  const tail = `${directoryName.slice(dash)}.${uniqueHex}-${suffix}`;
  return directoryName.slice(0, Math.min(dash, 255 - tail.length)) + tail;
}
