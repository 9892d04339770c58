// A segment's .log, batch by batch. It believes nothing that it reads.

import { basename, dirname } from 'node:path';
import type { DiskFile } from '@moldau/io';
import { parsePartitionDirectory } from '@moldau/log/file-formats';
import {
  BATCH_OVERHEAD,
  type LegacyMessage,
  LOG_OVERHEAD,
  legacyMessages,
  MalformedError,
  magicAt,
  type Record,
  RecordBatch,
} from '@moldau/protocol';
import { autoDecoder } from '../records/auto-decoder.ts';
import { type ControlReader, controlReader } from './control-records.ts';
import type { BatchRow, DumpRow, RecordRow } from './dump-row.ts';
import { type SegmentStop, segmentEntries } from './segment-entries.ts';

export interface SegmentOptions {
  /** Records as well as batches. */
  readonly withRecords: boolean;
  /** Batches that end before it are left out. */
  readonly fromOffset: number;
}

const ALL_ZEROS = 'zeros from here on: room that was taken in advance, or writes that a power cut lost';

export async function* segmentRows(
  path: string,
  file: Pick<DiskFile, 'read' | 'sizeBytes'>,
  options: SegmentOptions,
): AsyncGenerator<DumpRow> {
  const sizeBytes = await file.sizeBytes();
  const reader = new RecordReader(parsePartitionDirectory(basename(dirname(path)))?.topic ?? '');
  let nextOffset = 0;
  for await (const part of segmentEntries(file, sizeBytes)) {
    if ('reason' in part) {
      yield stopped(part, sizeBytes);
      return;
    }
    const { entry, position } = part;
    const rows = [...reader.rows(entry, position, options)];
    const [first] = rows;
    if (first?.kind === 'batch') {
      if (first.baseOffset < nextOffset)
        yield torn(position, `offset ${first.baseOffset} follows ${nextOffset - 1}: offsets do not rise`);
      nextOffset = first.lastOffset + 1;
    }
    if (nextOffset > options.fromOffset || first?.kind !== 'batch') yield* rows;
  }
}

function stopped({ position, reason, neededBytes }: SegmentStop, sizeBytes: number): DumpRow {
  if (reason === 'zeros') return torn(position, ALL_ZEROS);
  if (reason === 'no batch') return torn(position, 'no batch stands here: its length cannot be');
  return torn(
    position,
    `the file ends within a batch: it has ${sizeBytes - position} bytes of ${neededBytes}`,
  );
}

function torn(position: number, problem: string): DumpRow {
  return { kind: 'problem', position, problem };
}

class RecordReader {
  readonly #topic: string;
  readonly #key = autoDecoder('key');
  readonly #value = autoDecoder('value');
  readonly #control: ControlReader = controlReader();

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** `entry` is one batch, or one message of the formats before. */
  *rows(entry: Buffer, position: number, { withRecords }: SegmentOptions): Generator<DumpRow> {
    try {
      const magic = magicAt(entry);
      if (magic === 0 || magic === 1) yield* this.#legacyRows(entry, position, withRecords);
      else if (magic === 2 && entry.length >= BATCH_OVERHEAD)
        yield* this.#batchRows(new RecordBatch(entry), position, withRecords);
      else yield torn(position, `a batch of magic ${magic} and ${entry.length} bytes is not known`);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      yield torn(position, error.message);
    }
  }

  *#batchRows(batch: RecordBatch, position: number, withRecords: boolean): Generator<DumpRow> {
    const isValid = batch.isCrcValid();
    yield batchRow(batch, position, isValid);
    if (!isValid) yield torn(position, 'the checksum is wrong: the bytes are not what was written');
    if (!withRecords || !isValid) return;
    for (const record of batch.records())
      yield batch.isControl ? this.#control(record) : this.#recordRow(record);
  }

  *#legacyRows(entry: Buffer, position: number, withRecords: boolean): Generator<DumpRow> {
    const messages = [...legacyMessages(entry)];
    yield legacyBatchRow(entry, messages, position);
    if (!withRecords) return;
    for (const message of messages) yield this.#recordRow({ ...message, headers: [] });
  }

  #recordRow({
    offset,
    timestamp,
    key,
    value,
    headers,
  }: Omit<Record, 'headers'> & Pick<Record, 'headers'>): RecordRow {
    const context = { topic: this.#topic, keyBytes: key };
    return {
      ...{ kind: 'record', offset, timestampMs: timestamp },
      key: key && shown(() => this.#key(key, context), key),
      value: value && shown(() => this.#value(value, context), value),
      headers: headers.map(({ key: name, value }) => ({
        name,
        value: value && shown(() => this.#value(value, { topic: '', keyBytes: null }), value),
      })),
    };
  }
}

/** What cannot be read as what it should be is shown as it is. */
function shown(read: () => unknown, bytes: Buffer): unknown {
  try {
    return read();
  } catch {
    return bytes.toString('hex');
  }
}

function batchRow(batch: RecordBatch, position: number, isValid: boolean): BatchRow {
  const { baseOffset, lastOffset, recordCount, sizeBytes, magic, maxTimestamp, crc } = batch;
  const { hasProducerId } = batch;
  return {
    ...{ kind: 'batch', position, sizeBytes, magic, baseOffset, lastOffset, recordCount },
    compression: isValid ? batch.compression : 'unknown',
    timestampType: batch.timestampType === 'CreateTime' ? 'create' : 'append',
    maxTimestampMs: maxTimestamp,
    leaderEpoch: batch.partitionLeaderEpoch,
    producerId: hasProducerId ? batch.producerId : null,
    producerEpoch: hasProducerId ? batch.producerEpoch : null,
    baseSequence: hasProducerId && batch.baseSequence >= 0 ? batch.baseSequence : null,
    ...{ isTransactional: batch.isTransactional, isControl: batch.isControl },
    deleteHorizonMs: batch.hasDeleteHorizon ? batch.baseTimestamp : null,
    ...{ crc, isValid },
  };
}

const NO_EPOCH = -1;

/** Messages of magic 0 and 1 stand alone, or in a compressed one. */
function legacyBatchRow(entry: Buffer, messages: readonly LegacyMessage[], position: number): BatchRow {
  const [first] = messages;
  const last = messages.at(-1);
  return {
    ...{ kind: 'batch', position, sizeBytes: entry.length, magic: magicAt(entry) },
    ...{ baseOffset: first?.offset ?? 0, lastOffset: last?.offset ?? 0, recordCount: messages.length },
    compression: first?.compression ?? 'none',
    timestampType: first?.timestampType === 'LogAppendTime' ? 'append' : 'create',
    maxTimestampMs: messages.reduce((most, { timestamp }) => Math.max(most, timestamp), -1),
    leaderEpoch: NO_EPOCH,
    ...{ producerId: null, producerEpoch: null, baseSequence: null, deleteHorizonMs: null },
    ...{ isTransactional: false, isControl: false },
    crc: entry.readUInt32BE(LOG_OVERHEAD),
    // A message whose checksum is wrong is not read at all.
    isValid: true,
  };
}
