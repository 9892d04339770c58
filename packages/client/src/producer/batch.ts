// A batch of one partition on its way: open while records are appended, then sealed, stamped with ids and a sequence, sent, and settled.
//
// Invariants: it settles once. What has been sent is not changed, but for a new stamp before it is sent again. Its blocks are used again only when it was
// sent a single time and answered: nobody can have its bytes then.

import {
  BATCH_OVERHEAD,
  type CompressionType,
  codecId,
  compress,
  crc32c,
  RecordBatch,
} from '@moldau/protocol';
import type { KafkaError } from '../errors/kafka-error.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Waiter } from './buffer-room.ts';
import type { Lines } from './lines.ts';
import type { SentRecord } from './record-calls.ts';

// Where the fields of the header are.
const LENGTH = 8;
const LEADER_EPOCH = 12;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const PRODUCER_EPOCH = 51;
const BASE_SEQUENCE = 53;
const RECORD_COUNT = 57;

const TRANSACTIONAL_FLAG = 0x10;

/** A batch of so much need not wait for more when a request can be sent. */
export const WORTHWHILE_BYTES = 64 * 1024;

export interface Compression {
  readonly type: CompressionType;
  readonly level: number | undefined;
}

export interface Stamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

export type BatchPlace = Pick<Batch, 'createdMs' | 'deadlineMs' | 'ordinal' | 'firstIndex' | 'isPart'>;

type Outcome =
  | { readonly baseOffset: number | undefined; readonly appendTimeMs: number }
  | { readonly error: KafkaError; readonly recordErrors: ReadonlyMap<number, KafkaError> | undefined }
  | { readonly parts: readonly Batch[] };

export class Batch {
  readonly topic: string;
  readonly partition: number;
  /** By the monotonic clock, as the next. */
  readonly createdMs: number;
  readonly deadlineMs: number;
  /** The order in which batches were begun; the parts of one have that of the whole, and the place of their first record in it. */
  readonly ordinal: number;
  readonly firstIndex: number;
  readonly isPart: boolean;
  producerId = -1;
  producerEpoch = -1;
  /** -1: it has none yet. */
  baseSequence = -1;
  /** Its place among those of its partition, counted when it was sent first. */
  departure = 0;
  /** How often it was sent. */
  attempts = 0;
  /** A broker may have written it, without anybody's knowing. */
  isOutcomeUnknown = false;
  /** What went wrong last, for the message when it expires. */
  lastError: KafkaError | undefined;
  recordCount = 0;
  sizeBytes = 0;
  memoryBytes = 0;
  #writer: BatchWriter | undefined;
  #chunks: Uint8Array[] = [];
  #isSealed = false;
  /** Indexes of the records that somebody waits for, as runs: from, to, from, to. */
  readonly #awaited: number[] = [];
  #outcome: Outcome | undefined;
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(
    topic: string,
    partition: number,
    writer: BatchWriter,
    { createdMs, deadlineMs, ordinal, firstIndex, isPart }: BatchPlace,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#writer = writer;
    this.createdMs = createdMs;
    this.deadlineMs = deadlineMs;
    this.ordinal = ordinal;
    this.firstIndex = firstIndex;
    this.isPart = isPart;
  }

  get isSealed(): boolean {
    return this.#isSealed;
  }

  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  get lastSequence(): number {
    return (this.baseSequence + this.recordCount - 1) % 0x8000_0000;
  }

  /** It was refused before, whole or as a part of another: nothing of its partition is sent before it has its answer. */
  get isRepeated(): boolean {
    return this.attempts > 0 || this.isPart;
  }

  /** In the order in which records were given. */
  isBefore({ ordinal, firstIndex }: Batch): boolean {
    return this.ordinal < ordinal || (this.ordinal === ordinal && this.firstIndex < firstIndex);
  }

  /** Resolves when the outcome is there, whatever it is; of a batch that was split, when those of its parts are. */
  get settled(): Promise<void> {
    if (this.#settled === undefined) {
      this.#settled = Promise.withResolvers();
      if (this.#outcome !== undefined) this.#resolveSettled(this.#outcome);
    }
    return this.#settled.promise;
  }

  append(
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: Uint8Array | undefined,
    timestampMs: number,
  ): void {
    const writer = this.#writer!;
    writer.append(key, value, headers, timestampMs);
    this.recordCount++;
    this.sizeBytes = writer.sizeBytes;
    this.memoryBytes = writer.memoryBytes;
  }

  /** The next lines, while it has no more than `limitBytes` with them. Their time is that of its last record. */
  appendLines(lines: Lines, timestampMs: number, limitBytes: number): void {
    const writer = this.#writer!;
    writer.appendLines(lines, timestampMs, limitBytes);
    this.recordCount = writer.recordCount;
    this.sizeBytes = writer.sizeBytes;
    this.memoryBytes = writer.memoryBytes;
  }

  /** What becomes of the record that was appended last, for somebody who waits for it. */
  lastOutcome(timestampMs: number): Promise<SentRecord> {
    const index = this.#awaitLast();
    return this.settled.then(() => this.outcomeOf(index, timestampMs));
  }

  /** The same for somebody who was given a promise before. A promise that follows another is behind: they would hear of it after those of later records. */
  tellLastOutcome({ resolve, reject }: Waiter<SentRecord>, timestampMs: number): void {
    const index = this.#awaitLast();
    void this.settled.then(() => {
      try {
        resolve(this.outcomeOf(index, timestampMs));
      } catch (error) {
        reject(error);
      }
    });
  }

  /** @throws the error of the batch, or of the record */
  outcomeOf(index: number, timestampMs: number): SentRecord | Promise<SentRecord> {
    const { topic, partition } = this;
    const outcome = this.#outcome!;
    if ('baseOffset' in outcome) {
      const { baseOffset, appendTimeMs } = outcome;
      return {
        topic,
        partition,
        offset: baseOffset === undefined ? undefined : baseOffset + index,
        timestampMs: appendTimeMs < 0 ? timestampMs : appendTimeMs,
      };
    }
    if ('error' in outcome) throw outcome.recordErrors?.get(index) ?? outcome.error;
    let first = 0;
    for (const part of outcome.parts) {
      if (index < first + part.recordCount) return part.outcomeOf(index - first, timestampMs);
      first += part.recordCount;
    }
    throw new RangeError(`a batch of ${first} records has none at ${index}`);
  }

  isAwaited(index: number): boolean {
    for (let run = 0; run < this.#awaited.length; run += 2)
      if (index >= this.#awaited[run]! && index < this.#awaited[run + 1]!) return true;
    return false;
  }

  /** How many nobody waits for. */
  get postCount(): number {
    let count = this.recordCount;
    for (let run = 0; run < this.#awaited.length; run += 2)
      count -= this.#awaited[run + 1]! - this.#awaited[run]!;
    return count;
  }

  /** No record is appended any more. */
  seal({ type, level }: Compression): void {
    if (this.#isSealed) return;
    this.#isSealed = true;
    const writer = this.#writer!;
    let chunks = writer.finish();
    if (type !== 'none') {
      const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const compressed = compress(type, whole.subarray(BATCH_OVERHEAD), level);
      const head = Buffer.allocUnsafe(BATCH_OVERHEAD);
      chunks = [head, compressed];
      writer.release();
      this.#writer = undefined;
      this.sizeBytes = BATCH_OVERHEAD + compressed.length;
      this.memoryBytes = this.sizeBytes;
    }
    this.#chunks = chunks;
    const head = this.#head();
    head.fill(0, 0, LENGTH);
    head.writeInt32BE(this.sizeBytes - LEADER_EPOCH, LENGTH);
    head.writeInt32BE(-1, LEADER_EPOCH);
    head[MAGIC] = 2;
    head.writeInt16BE(codecId(type), ATTRIBUTES);
    head.writeInt32BE(this.recordCount - 1, LAST_OFFSET_DELTA);
    head.writeBigInt64BE(BigInt(writer.baseTimestamp), BASE_TIMESTAMP);
    head.writeBigInt64BE(BigInt(writer.maxTimestamp), MAX_TIMESTAMP);
    head.writeInt32BE(this.recordCount, RECORD_COUNT);
  }

  /** Writes who sends it, and the checksum. */
  stamp({ producerId, producerEpoch, baseSequence, isTransactional }: Stamp): void {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
    this.baseSequence = baseSequence;
    const head = this.#head();
    const codec = head[ATTRIBUTES + 1]! & ~TRANSACTIONAL_FLAG;
    head[ATTRIBUTES + 1] = isTransactional ? codec | TRANSACTIONAL_FLAG : codec;
    head.writeBigInt64BE(BigInt(producerId), PRODUCER_ID);
    head.writeInt16BE(producerEpoch, PRODUCER_EPOCH);
    head.writeInt32BE(baseSequence, BASE_SEQUENCE);
    let crc = 0;
    for (const [index, chunk] of this.#chunks.entries())
      crc = crc32c(chunk, index === 0 ? ATTRIBUTES : 0, chunk.length, crc);
    head.writeUInt32BE(crc, CRC);
  }

  succeed(baseOffset: number | undefined, appendTimeMs: number): void {
    this.#settle({ baseOffset, appendTimeMs });
  }

  fail(error: KafkaError, recordErrors?: ReadonlyMap<number, KafkaError>): void {
    this.#settle({ error, recordErrors });
  }

  /** The parts are sent in its place; who waits for a record of it waits for that of a part. */
  becomes(parts: readonly Batch[]): void {
    for (const part of parts) part.#awaited.push(...this.#awaitedOf(part, parts));
    this.#settle({ parts });
  }

  /** As one view, for reading its records. */
  view(): RecordBatch {
    return new RecordBatch(Buffer.concat(this.#chunks));
  }

  /** The answer to it has come, or nobody waits for it: its memory may serve others, if nobody else has it. */
  release(isAnswered: boolean): void {
    if (isAnswered && this.attempts === 1) this.#writer?.release();
    this.#writer = undefined;
    this.#chunks = [];
  }

  #head(): Buffer {
    const [first] = this.#chunks;
    return Buffer.from(first!.buffer, first!.byteOffset, BATCH_OVERHEAD);
  }

  #awaitLast(): number {
    const index = this.recordCount - 1;
    const awaited = this.#awaited;
    if (awaited.length > 0 && awaited[awaited.length - 1] === index) awaited[awaited.length - 1] = index + 1;
    else awaited.push(index, index + 1);
    return index;
  }

  #awaitedOf(part: Batch, parts: readonly Batch[]): number[] {
    let first = 0;
    for (const each of parts) {
      if (each === part) break;
      first += each.recordCount;
    }
    const runs: number[] = [];
    for (let run = 0; run < this.#awaited.length; run += 2) {
      const from = Math.max(this.#awaited[run]! - first, 0);
      const to = Math.min(this.#awaited[run + 1]! - first, part.recordCount);
      if (from < to) runs.push(from, to);
    }
    return runs;
  }

  #settle(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    if (this.#settled !== undefined) this.#resolveSettled(outcome);
  }

  #resolveSettled(outcome: Outcome): void {
    if ('parts' in outcome)
      this.#settled!.resolve(Promise.all(outcome.parts.map(({ settled }) => settled)).then(() => {}));
    else this.#settled!.resolve();
  }
}
