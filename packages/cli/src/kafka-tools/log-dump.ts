// What kafka-dump-log shows: the batches and records of logs, the entries of indexes and snapshots, and what is wrong with them.

import { basename, dirname, join } from 'node:path';
import type { DiskFile } from '@moldau/io';
import { decodeTransactionIndex, OffsetIndex, TimeIndex } from '@moldau/log/file-formats';
import {
  decodeVersioned,
  type LegacyMessage,
  LOG_OVERHEAD,
  legacyMessages,
  MalformedError,
  magicAt,
  type ProducerSnapshot,
  producerSnapshot,
  type Record,
  RecordBatch,
} from '@moldau/protocol';
import { type SegmentEntry, segmentEntries } from '../dump/segment-entries.ts';
import { BlockWriter } from '../records/block-writer.ts';
import { controlRecordText } from './control-record-text.ts';
import { absolute, offsetOfName, openLog } from './dump-log.ts';
import { JavaError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import type { Decode, Decoded } from './log-decoders.ts';

export interface LogDumpOptions {
  readonly withRecords: boolean;
  /** Keys and values as well. */
  readonly withContents: boolean;
  readonly skipsMetadata: boolean;
  readonly isVerifyOnly: boolean;
  readonly isSanityCheck: boolean;
  readonly maxBytes: number;
  readonly decode: Decode;
}

const MAX_INT32 = 2 ** 31 - 1;

export class LogDump {
  readonly #context: ToolContext;
  readonly #options: LogDumpOptions;
  readonly #problems: string[] = [];
  readonly #lines: BlockWriter;

  constructor(context: ToolContext, options: LogDumpOptions) {
    this.#context = context;
    this.#options = options;
    this.#lines = new BlockWriter(context.stdout);
  }

  /** What was shown before something went wrong is written as well. */
  async file(path: string): Promise<void> {
    try {
      await this.#dump(path);
    } finally {
      this.#lines.flush();
      await this.#lines.drained();
    }
  }

  #line(text: string): void {
    this.#lines.begin();
    this.#lines.text(`${text}\n`);
  }

  async #dump(path: string): Promise<void> {
    switch (/\.[^.]*$/.exec(basename(path))?.[0]) {
      case '.log':
      case '.checkpoint':
        return await this.#log(path);
      case '.index':
        return await this.#index(path);
      case '.timeindex':
        return await this.#timeIndex(path);
      case '.snapshot':
        return await this.#snapshot(path);
      case '.txnindex':
        return await this.#transactionIndex(path);
      default:
        this.#context.err(`Ignoring unknown file ${path}`);
    }
  }

  tellProblems(): void {
    for (const line of this.#problems) this.#context.err(line);
  }

  /** What is wrong with a file is told of when all have been read. */
  #addProblems(title: string, path: string, lines: readonly string[]): void {
    if (lines.length > 0) this.#problems.push(`${title}${absolute(path)}`, ...lines);
  }

  async #log(path: string): Promise<void> {
    this.#line(logTitle(path));
    const { maxBytes } = this.#options;
    const file = await openLog(this.#context.disk, path);
    try {
      const sizeBytes = Math.min(await file.sizeBytes(), maxBytes);
      const offsets = new Offsets();
      let validBytes = 0;
      for await (const part of segmentEntries(file, sizeBytes)) {
        if ('reason' in part) {
          if (part.reason !== 'cut off') throw corrupt(part.neededBytes, path);
          break;
        }
        this.#batch(part, offsets);
        if (this.#lines.isFull) await this.#lines.drained();
        validBytes = part.position + part.entry.length;
      }
      if (sizeBytes > validBytes && maxBytes === MAX_INT32)
        this.#line(`Found ${sizeBytes - validBytes} invalid bytes at the end of ${basename(path)}`);
      this.#addProblems('Non-consecutive offsets in ', path, offsets.gaps);
    } finally {
      await file.close();
    }
  }

  #batch({ entry, position }: SegmentEntry, offsets: Offsets): void {
    if (magicAt(entry) < 2) {
      const messages = [...legacyMessages(entry)];
      this.#line(legacyText(entry, messages, position));
      if (this.#options.withRecords)
        for (const message of messages) this.#legacyRecord(message, entry, messages.length === 1, offsets);
      return;
    }
    const batch = new RecordBatch(entry);
    this.#line(batchText(batch, position));
    if (this.#options.withRecords) for (const record of batch.records()) this.#record(record, batch, offsets);
  }

  #record(record: Record, batch: RecordBatch, offsets: Offsets): void {
    offsets.add(record.offset);
    const { withContents, skipsMetadata } = this.#options;
    let line = '';
    if (!skipsMetadata) {
      const { baseOffset, baseSequence, timestampType } = batch;
      const sequence = baseSequence < 0 ? -1 : (baseSequence + record.offset - baseOffset) % (MAX_INT32 + 1);
      const headerKeys = record.headers.map(({ key }) => key).join(',');
      line = `${metadataText(record, timestampType)} sequence: ${sequence} headerKeys: [${headerKeys}]`;
      if (batch.isControl) line += controlRecordText(record);
    }
    if (withContents && !batch.isControl) line += this.#contents(record, line);
    this.#line(line);
  }

  /** Those in a compressed one have checksums of their own, which nobody kept. */
  #legacyRecord(message: LegacyMessage, entry: Buffer, isAlone: boolean, offsets: Offsets): void {
    offsets.add(message.offset);
    const { withContents, skipsMetadata } = this.#options;
    const checksum = isAlone ? ` isValid: true crc: ${entry.readUInt32BE(LOG_OVERHEAD)}` : '';
    const metadata = `${metadataText(message, legacyType(message, entry))}${checksum}`;
    const line = skipsMetadata ? '' : metadata;
    this.#line(`${line}${withContents ? this.#contents(message, line) : ''}`);
  }

  /** `line`: what is shown of the record already. */
  #contents(record: Parameters<Decode>[0], line: string): string {
    const { key, value } = this.#decode(record, line);
    const parts = [
      ...(key === undefined ? [] : [`key: ${key}`]),
      ...(value === undefined ? [] : [`payload: ${value}`]),
    ].join(' ');
    if (parts === '') return '';
    return this.#options.skipsMetadata ? `| ${parts}` : ` ${parts}`;
  }

  #decode(record: Parameters<Decode>[0], line: string): Decoded {
    try {
      return this.#options.decode(record);
    } catch (error) {
      this.#lines.text(line);
      throw error;
    }
  }

  async #index(path: string): Promise<void> {
    const { disk } = this.#context;
    const { isSanityCheck, isVerifyOnly } = this.#options;
    const log = await this.#logOf(path);
    try {
      const index = new OffsetIndex(offsetOfName(path), await disk.readFile(path));
      if (index.count === 0) {
        this.#line(`${path} is empty.`);
        return;
      }
      if (isSanityCheck) return this.#sane(path, index.lastOffset >= index.baseOffset, index);
      const mismatches: string[] = [];
      for (let entry = 0; entry < index.count; entry++) {
        const [offset, position] = [index.offsetAt(entry), index.positionAt(entry)];
        // Kafka takes room for an index in advance.
        if (offset === index.baseOffset && entry > 0) break;
        const last = (await batchAt(log, position))?.lastOffset;
        if (last !== offset) mismatches.unshift(`  Index offset: ${offset}, log offset: ${last ?? -1}`);
        if (!isVerifyOnly) this.#line(`offset: ${offset} position: ${position}`);
      }
      this.#addProblems('Mismatches in :', path, mismatches);
    } finally {
      await log.close();
    }
  }

  async #timeIndex(path: string): Promise<void> {
    const { disk } = this.#context;
    const { isSanityCheck, isVerifyOnly } = this.#options;
    const log = await this.#logOf(path);
    try {
      const baseOffset = offsetOfName(path);
      const index = new OffsetIndex(baseOffset, await disk.readFile(path.replace(/timeindex$/, 'index')));
      const times = new TimeIndex(baseOffset, await disk.readFile(path));
      if (isSanityCheck) return this.#sane(path, true, times);
      const [wrongTimes, wrongOrder, notFound]: [string[], string[], string[]] = [[], [], []];
      let previous = -1;
      for (let entry = 0; entry < times.count; entry++) {
        const [timestamp, offset] = [times.timestampAt(entry), times.offsetAt(entry)];
        if (offset === baseOffset && entry > 0) break;
        const batch = await batchWith(log, offset, positionBefore(index, offset));
        if (batch?.lastOffset !== offset) {
          notFound.push(`Indexed offset: ${offset}, found log offset: ${batch?.lastOffset ?? -1}`);
        } else {
          if (batch.maxTimestampMs !== timestamp)
            wrongTimes.push(`  Index timestamp: ${timestamp}, log timestamp: ${batch.maxTimestampMs}`);
          if (previous >= timestamp)
            wrongOrder.push(`  Index timestamp: ${timestamp}, Previously indexed timestamp: ${previous}`);
        }
        if (!isVerifyOnly) this.#line(`timestamp: ${timestamp} offset: ${offset}`);
        previous = timestamp;
      }
      this.#addProblems('Found timestamp mismatch in :', path, wrongTimes);
      this.#addProblems('Found out of order timestamp in :', path, wrongOrder);
      this.#addProblems('The following indexed offsets are not found in :', path, notFound);
    } finally {
      await log.close();
    }
  }

  #sane(path: string, isSane: boolean, { baseOffset }: { readonly baseOffset: number }): void {
    if (isSane) {
      this.#line(`${path} passed sanity check.`);
      return;
    }
    throw new JavaError(
      'org.apache.kafka.storage.internals.log.CorruptIndexException',
      `Index ${absolute(path)} is corrupted, found entries before its base offset ${baseOffset}.`,
    );
  }

  async #logOf(path: string): Promise<DiskFile> {
    const name = `${basename(path).split('.')[0]}.log`;
    return await openLog(this.#context.disk, join(dirname(absolute(path)), name));
  }

  async #snapshot(path: string): Promise<void> {
    try {
      const { producerEntries } = decodeVersioned(producerSnapshot, await this.#context.disk.readFile(path));
      for (const each of producerEntries) this.#line(producerText(each));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#context.err(`Snapshot is corrupt: ${error.message}`);
    }
  }

  async #transactionIndex(path: string): Promise<void> {
    const entries = decodeTransactionIndex(await this.#context.disk.readFile(path)) ?? [];
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries)
      this.#line(
        `version: 0 producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`,
      );
  }
}

/** Which follow another as they should. */
class Offsets {
  readonly gaps: string[] = [];
  #last = -1;

  add(offset: number): void {
    if (offset !== this.#last + 1) this.gaps.push(`  ${this.#last} is followed by ${offset}`);
    this.#last = offset;
  }
}

function logTitle(path: string): string {
  const name = basename(path);
  if (name.endsWith('.log')) return `Log starting offset: ${offsetOfName(path)}`;
  if (name === 'bootstrap.checkpoint') return 'KRaft bootstrap snapshot';
  const [, offset, epoch] = /^(\d{20})-(\d{10})/.exec(name) ?? [];
  return `Snapshot end offset: ${Number(offset)}, epoch: ${Number(epoch)}`;
}

const MINIMUM_RECORD_BYTES = 14;

function corrupt(sizeBytes: number, path: string): JavaError {
  return new JavaError(
    'org.apache.kafka.common.errors.CorruptRecordException',
    `Found record size ${sizeBytes} smaller than minimum record overhead (${MINIMUM_RECORD_BYTES}) in file ${path}.`,
  );
}

function batchText(batch: RecordBatch, position: number): string {
  const { baseOffset, lastOffset, recordCount, baseSequence, lastSequence, producerId, producerEpoch } =
    batch;
  const horizon = batch.hasDeleteHorizon ? `OptionalLong[${batch.baseTimestamp}]` : 'OptionalLong.empty';
  return (
    `baseOffset: ${baseOffset} lastOffset: ${lastOffset} count: ${recordCount} baseSequence: ${baseSequence}` +
    ` lastSequence: ${lastSequence} producerId: ${producerId} producerEpoch: ${producerEpoch}` +
    ` partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.isTransactional}` +
    ` isControl: ${batch.isControl} deleteHorizonMs: ${horizon} position: ${position}` +
    ` ${batch.timestampType}: ${batch.maxTimestamp} size: ${batch.sizeBytes} magic: ${batch.magic}` +
    ` compresscodec: ${batch.compression} crc: ${batch.crc} isvalid: ${batch.isCrcValid()}`
  );
}

function legacyText(entry: Buffer, messages: readonly LegacyMessage[], position: number): string {
  const [first] = messages;
  const maxTimestamp = messages.reduce((most, { timestamp }) => Math.max(most, timestamp), -1);
  return (
    `offset: ${messages.at(-1)?.offset ?? entry.readBigInt64BE()} position: ${position}` +
    ` ${first === undefined ? 'CreateTime' : legacyType(first, entry)}: ${maxTimestamp} size: ${entry.length}` +
    ` magic: ${magicAt(entry)} compresscodec: ${first?.compression ?? 'none'} crc: ${entry.readUInt32BE(LOG_OVERHEAD)} isvalid: true`
  );
}

/** The oldest messages have no time. */
function legacyType({ timestampType }: LegacyMessage, entry: Buffer): string {
  return magicAt(entry) === 0 ? 'NoTimestampType' : timestampType;
}

function metadataText(
  { offset, timestamp, key, value }: Pick<Record, 'offset' | 'timestamp' | 'key' | 'value'>,
  timestampType: string,
): string {
  return `| offset: ${offset} ${timestampType}: ${timestamp} keySize: ${key?.length ?? -1} valueSize: ${value?.length ?? -1}`;
}

type ProducerEntry = ProducerSnapshot['producerEntries'][number];

function producerText(entry: ProducerEntry): string {
  const { producerId, epoch, coordinatorEpoch, currentTxnFirstOffset, timestamp } = entry;
  const first = currentTxnFirstOffset < 0 ? 'OptionalLong.empty' : `OptionalLong[${currentTxnFirstOffset}]`;
  const text = `producerId: ${producerId} producerEpoch: ${epoch} coordinatorEpoch: ${coordinatorEpoch} currentTxnFirstOffset: ${first} lastTimestamp: ${timestamp}`;
  const { lastSequence, lastOffset, offsetDelta } = entry;
  if (lastOffset < 0) return text;
  // Sequences go on at 0 behind the largest.
  const firstSequence =
    lastSequence < offsetDelta ? MAX_INT32 - (offsetDelta - lastSequence) + 1 : lastSequence - offsetDelta;
  return `${text} firstSequence: ${firstSequence} lastSequence: ${lastSequence} lastOffset: ${lastOffset} offsetDelta: ${offsetDelta} timestamp: ${timestamp}`;
}

interface FoundBatch {
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
  readonly sizeBytes: number;
}

const HEADER_BYTES = 61;

/** Undefined: none begins there. */
async function batchAt(file: DiskFile, position: number): Promise<FoundBatch | undefined> {
  const bytes = Buffer.alloc(HEADER_BYTES);
  if ((await file.read(bytes, position)) < HEADER_BYTES) return undefined;
  const { lastOffset, maxTimestamp, sizeBytes } = new RecordBatch(bytes);
  return { lastOffset, maxTimestampMs: maxTimestamp, sizeBytes };
}

/** The first from there on that ends at the offset or behind it. */
async function batchWith(file: DiskFile, offset: number, from: number): Promise<FoundBatch | undefined> {
  let position = from;
  for (
    let batch = await batchAt(file, position);
    batch !== undefined;
    batch = await batchAt(file, position)
  ) {
    if (batch.lastOffset >= offset) return batch;
    position += batch.sizeBytes;
  }
  return undefined;
}

function positionBefore(index: OffsetIndex, offset: number): number {
  let position = 0;
  for (let entry = 0; entry < index.count && index.offsetAt(entry) <= offset; entry++)
    position = index.positionAt(entry);
  return position;
}
