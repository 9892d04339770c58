// The files beside a segment, and those of a log dir: indexes, snapshots of producers, checkpoints. Each is read whole.

import {
  decodeCleanStop,
  decodeMetaProperties,
  decodeOffsetCheckpoint,
  decodePartitionMetadata,
  decodeTransactionIndex,
  KAFKA_CLEAN_STOP_FILE,
  LEADER_EPOCH_FILE,
  LeaderEpochs,
  META_PROPERTIES_FILE,
  OffsetIndex,
  PARTITION_METADATA_FILE,
  TimeIndex,
} from '@moldau/log/file-formats';
import { crc32c, decodeVersioned, MalformedError, producerSnapshot } from '@moldau/protocol';
import type { DumpRow, EntryRow } from './dump-row.ts';

const INDEX_ENTRY_BYTES = 8;
const TIME_INDEX_ENTRY_BYTES = 12;
const SNAPSHOT_CRC_POSITION = 2;
const SNAPSHOT_CRC_COVERS_FROM = 6;

/** Undefined: no file is called so. `name` is without its folder. */
export function smallFileRows(name: string, bytes: Buffer): Iterable<DumpRow> | undefined {
  const baseOffset = Number(/^(\d{20})\./.exec(name)?.[1] ?? 0);
  const plain = name.replace(/\.(deleted|swap|cleaned)$/, '');
  if (plain.endsWith('.index')) return offsetIndexRows(baseOffset, bytes);
  if (plain.endsWith('.timeindex')) return timeIndexRows(baseOffset, bytes);
  if (plain.endsWith('.txnindex'))
    return rowsOf(decodeTransactionIndex(bytes), (entry) => ({ kind: 'aborted-transaction', ...entry }));
  if (plain.endsWith('.snapshot')) return snapshotRows(bytes);
  if (name === LEADER_EPOCH_FILE)
    return rowsOf(LeaderEpochs.decode(bytes)?.entries(), (entry) => ({ kind: 'leader-epoch', ...entry }));
  if (name.endsWith('-offset-checkpoint')) return checkpointRows(bytes);
  if (name === PARTITION_METADATA_FILE)
    return rowsOf(one(decodePartitionMetadata(bytes)), (topicId) => ({ kind: 'topic-id', topicId }));
  if (name === META_PROPERTIES_FILE)
    return rowsOf(one(decodeMetaProperties(bytes)), (properties) => ({ kind: 'log-dir', ...properties }));
  if (name === KAFKA_CLEAN_STOP_FILE) return [{ kind: 'clean-stop', brokerEpoch: decodeCleanStop(bytes) }];
  return undefined;
}

function one<Value>(value: Value | undefined): Value[] | undefined {
  return value === undefined ? undefined : [value];
}

function* rowsOf<Entry>(
  entries: Iterable<Entry> | undefined,
  row: (entry: Entry) => EntryRow,
): Generator<DumpRow> {
  if (entries === undefined) yield damaged('it is not what such a file holds');
  else for (const entry of entries) yield row(entry);
}

function damaged(problem: string): DumpRow {
  return { kind: 'problem', position: null, problem };
}

/** Kafka takes room for an index in advance: behind the last entry stand zeros while the segment is written to. */
function* offsetIndexRows(baseOffset: number, bytes: Buffer): Generator<DumpRow> {
  const index = new OffsetIndex(baseOffset, bytes);
  let last = -1;
  for (let entry = 0; entry < index.count; entry++) {
    if (isEmpty(bytes, entry * INDEX_ENTRY_BYTES, INDEX_ENTRY_BYTES)) return;
    const offset = index.offsetAt(entry);
    if (offset <= last)
      yield damaged(`entry ${entry}: offset ${offset} follows ${last}, and offsets of an index rise`);
    last = offset;
    yield { kind: 'offset-index', offset, position: index.positionAt(entry) };
  }
}

function* timeIndexRows(baseOffset: number, bytes: Buffer): Generator<DumpRow> {
  const index = new TimeIndex(baseOffset, bytes);
  let last = -1;
  for (let entry = 0; entry < index.count; entry++) {
    if (isEmpty(bytes, entry * TIME_INDEX_ENTRY_BYTES, TIME_INDEX_ENTRY_BYTES)) return;
    const timestampMs = index.timestampAt(entry);
    if (timestampMs <= last)
      yield damaged(`entry ${entry}: timestamp ${timestampMs} follows ${last}, and those of an index rise`);
    last = timestampMs;
    yield { kind: 'time-index', timestampMs, offset: index.offsetAt(entry) };
  }
}

function isEmpty(bytes: Buffer, start: number, sizeBytes: number): boolean {
  return bytes.subarray(start, start + sizeBytes).every((byte) => byte === 0);
}

function* snapshotRows(bytes: Buffer): Generator<DumpRow> {
  let entries: ReturnType<typeof decodeSnapshot>;
  try {
    entries = decodeSnapshot(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return yield damaged(error.message);
  }
  if (crc32c(bytes, SNAPSHOT_CRC_COVERS_FROM) !== bytes.readUInt32BE(SNAPSHOT_CRC_POSITION))
    yield damaged('the checksum is wrong: the bytes are not what was written');
  for (const { epoch, timestamp, currentTxnFirstOffset, ...entry } of entries) {
    yield {
      ...{ kind: 'producer', ...entry },
      ...{ producerEpoch: epoch, timestampMs: timestamp },
      transactionFirstOffset: currentTxnFirstOffset < 0 ? null : currentTxnFirstOffset,
    };
  }
}

function decodeSnapshot(bytes: Buffer) {
  return decodeVersioned(producerSnapshot, bytes).producerEntries;
}

function checkpointRows(bytes: Buffer): Iterable<DumpRow> {
  const entries = bytes.length === 0 ? [] : decodeOffsetCheckpoint(bytes);
  return rowsOf(entries, ([directoryName, offset]) => {
    const dash = directoryName.lastIndexOf('-');
    const partition = Number(directoryName.slice(dash + 1));
    return { kind: 'checkpoint', topic: directoryName.slice(0, dash), partition, offset };
  });
}
