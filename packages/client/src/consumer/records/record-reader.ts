// Reads what one answer brought of one partition: batches of any format and codec, as records, some at a time.
//
// Invariants
// - Every record from the first wanted offset on is given once, in order; left out are those of aborted transactions (when reading committed ones)
//   and what brokers write for themselves. `nextOffset` and `leaderEpoch` are always where to read on.
// - What cannot be read is an error with its place, given again each time; the records before it are given first.
// - A small record never pins much memory: small ones lie together in pieces of their own, as do those that are small beside what came with them. Others
//   are views of what came, uncopied.

import {
  BATCH_OVERHEAD,
  encodeBatch,
  entrySizeAt,
  LOG_OVERHEAD,
  legacyMessages,
  magicAt,
  RecordBatch,
  readMarker,
} from '@moldau/protocol';
import { RecordCursor } from '@moldau/protocol/record-cursor';
import { CorruptRecordError } from '../../errors/consumer-errors.ts';
import { ConsumerRecord, type RecordPlace, type RecordSource, type TopicSerdes } from './consumer-record.ts';

/** What a small record may pin. Where there is no more memory behind it, it is a view of that. */
const MAX_PINNED_BYTES = 128 * 1024;
/** Else it lies together with others in a piece of so many bytes. */
const PIECE_BYTES = 64 * 1024;
/** A record of more than a piece may pin so many times its own size. */
const MAX_PINNED_RATIO = 64;

export interface ReadSettings {
  readonly isolation: 'read-uncommitted' | 'read-committed';
  readonly checkCrcs: boolean;
  /** Of one batch. */
  readonly maxDecompressedBytes: number;
}

/** What came of a partition. */
export interface RecordSet {
  readonly topic: string;
  readonly partition: number;
  /** Who sent it. */
  readonly brokerId: number;
  readonly serdes: TopicSerdes<unknown, unknown>;
  /** Whole batches; one that is cut off at the end is left out. */
  readonly bytes: Buffer;
  /** The first offset that is wanted: a batch may begin before it. */
  readonly fromOffset: number;
  readonly abortedTransactions?:
    | readonly { readonly producerId: number; readonly firstOffset: number }[]
    | null;
  /** Makes a record of what was found; undefined leaves it out. By default a ConsumerRecord of each. */
  readonly make?:
    | ((source: RecordSource, place: RecordPlace) => ConsumerRecord<unknown, unknown> | undefined)
    | undefined;
}

/** A RecordSource whose bytes are set when the last of its records is known. */
type OpenSource = { -readonly [Name in keyof RecordSource]: RecordSource[Name] };

const NONE = Buffer.alloc(0);

export class RecordReader {
  readonly #set: RecordSet;
  readonly #settings: ReadSettings;
  /** Of the batch after the current one. */
  #position = 0;
  #nextOffset: number;
  #leaderEpoch: number | undefined;
  /** The batch that is being read, if any. */
  #batch: RecordBatch | undefined;
  readonly #cursor = new RecordCursor();
  /** What its records share, but for the bytes. */
  #shared: RecordSource | undefined;
  /** The memory behind the batch's records. */
  #areaPinsBytes = 0;
  /** Records that are not in a source yet. */
  #piece: OpenSource | undefined;
  #pieceEnd = 0;
  #failure: CorruptRecordError | undefined;
  /** Transactions that were aborted, by where they begin; and producers that are within one. */
  readonly #abortedFrom: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #abortedNow = new Set<number>();

  constructor(set: RecordSet, settings: ReadSettings) {
    this.#set = set;
    this.#settings = settings;
    this.#nextOffset = set.fromOffset;
    const aborted = settings.isolation === 'read-committed' ? (set.abortedTransactions ?? []) : [];
    this.#abortedFrom = aborted.toSorted((left, right) => right.firstOffset - left.firstOffset);
  }

  /** Behind what was given or left out. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Of the batch that was read last; undefined before the first, and when the broker does not tell. */
  get leaderEpoch(): number | undefined {
    return this.#leaderEpoch;
  }

  /** What is left to read, in bytes as they came. */
  get unreadBytes(): number {
    const isWithin = this.#batch !== undefined;
    return this.#set.bytes.length - this.#position + (isWithin ? this.#batch!.sizeBytes : 0);
  }

  /** Appends at most `count` records. Gives fewer only at the end, or before what cannot be read. @throws CorruptRecordError when that comes first */
  read(count: number, into: ConsumerRecord<unknown, unknown>[]): void {
    const end = into.length + count;
    if (this.#failure === undefined) {
      const before = into.length;
      try {
        while (into.length < end && (this.#batch !== undefined || this.#openBatch()))
          this.#readBatch(end, into);
      } catch (error) {
        this.#failure = this.#corrupt(error);
      }
      this.#closePiece();
      if (this.#failure === undefined || into.length > before) return;
    }
    throw this.#failure;
  }

  /** Reads records of the current batch until `into` is so long. */
  #readBatch(end: number, into: ConsumerRecord<unknown, unknown>[]): void {
    const cursor = this.#cursor;
    const { baseOffset } = this.#shared!;
    const { make } = this.#set;
    const isPinningMuch = this.#areaPinsBytes > MAX_PINNED_BYTES;
    let length = into.length;
    while (length < end) {
      if (!cursor.next()) {
        this.#closeBatch();
        return;
      }
      const offset = baseOffset + cursor.offsetDelta;
      if (offset < this.#nextOffset) continue;
      const source = isPinningMuch ? this.#pieceFor(cursor) : this.#shared!;
      const record = make === undefined ? new ConsumerRecord(source, cursor) : make(source, cursor);
      this.#nextOffset = offset + 1;
      if (record !== undefined) into[length++] = record;
    }
  }

  /** Goes to the next batch with records that are wanted; false at the end. */
  #openBatch(): boolean {
    const { bytes } = this.#set;
    for (;;) {
      const size = entrySizeAt(bytes, this.#position);
      if (size === 0) return false;
      const batch = this.#batchAt(size);
      // Also what seems to be before the position: a damaged batch must not pass for such, and a transaction may end there.
      this.#check(batch);
      const isLeftOut = this.#isLeftOut(batch);
      if (batch.nextOffset > this.#nextOffset) {
        this.#leaderEpoch = batch.partitionLeaderEpoch < 0 ? undefined : batch.partitionLeaderEpoch;
        if (!isLeftOut) {
          this.#begin(batch);
          this.#position += size;
          return true;
        }
        this.#nextOffset = batch.nextOffset;
      }
      this.#position += size;
    }
  }

  #batchAt(size: number): RecordBatch {
    const { bytes } = this.#set;
    const magic = magicAt(bytes, this.#position);
    if (magic < 2) return modernized(bytes.subarray(this.#position, this.#position + size));
    if (magic > 2) throw new Error(`its format (magic ${magic}) is not known to this version`);
    if (size < BATCH_OVERHEAD) throw new Error(`a batch of ${size} bytes is too small`);
    return new RecordBatch(bytes, this.#position);
  }

  #check(batch: RecordBatch): void {
    // Those of old formats have been checked already.
    const isOurs = batch.buffer === this.#set.bytes;
    if (isOurs && this.#settings.checkCrcs && !batch.isCrcValid())
      throw new Error('the batch does not match its checksum');
  }

  /** Control batches, and those of transactions that were aborted. */
  #isLeftOut(batch: RecordBatch): boolean {
    if (this.#settings.isolation === 'read-committed') {
      for (let next = this.#abortedFrom.at(-1); next !== undefined; next = this.#abortedFrom.at(-1)) {
        if (next.firstOffset > batch.lastOffset) break;
        this.#abortedNow.add(next.producerId);
        this.#abortedFrom.pop();
      }
    }
    if (batch.isControl) {
      if (this.#abortedNow.has(batch.producerId) && readMarker(batch)?.committed === false)
        this.#abortedNow.delete(batch.producerId);
      return true;
    }
    return batch.isTransactional && this.#abortedNow.has(batch.producerId);
  }

  #begin(batch: RecordBatch): void {
    const area = batch.recordArea({ maxDecompressedBytes: this.#settings.maxDecompressedBytes });
    this.#cursor.reset(area, batch.recordCount);
    const { topic, partition, brokerId, serdes } = this.#set;
    this.#areaPinsBytes = area.buffer.byteLength;
    this.#shared = {
      ...{ topic, partition, brokerId, serdes },
      baseOffset: batch.baseOffset,
      baseTimestampMs: batch.baseTimestamp,
      appendedMs: batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined,
      leaderEpoch: this.#leaderEpoch,
      bytes: area,
      bytesStart: 0,
    };
    this.#batch = batch;
  }

  /** Compaction may have left out the batch's last records. */
  #closeBatch(): void {
    this.#closePiece();
    this.#nextOffset = this.#batch!.nextOffset;
    this.#batch = undefined;
    this.#shared = undefined;
    this.#cursor.clear();
  }

  /** The piece for the cursor's record. */
  #pieceFor({ start, end, area }: RecordCursor): RecordSource {
    const sizeBytes = end - start;
    if (sizeBytes > PIECE_BYTES) {
      this.#closePiece();
      if (sizeBytes * MAX_PINNED_RATIO >= area.buffer.byteLength) return this.#shared!;
    }
    if (this.#piece === undefined || end - this.#piece.bytesStart > PIECE_BYTES) {
      this.#closePiece();
      this.#piece = { ...this.#shared!, bytes: NONE, bytesStart: start };
    }
    this.#pieceEnd = end;
    return this.#piece;
  }

  /** Gives the records of the piece memory of their own. */
  #closePiece(): void {
    const piece = this.#piece;
    if (piece === undefined) return;
    const { area } = this.#cursor;
    const own = Buffer.allocUnsafe(this.#pieceEnd - piece.bytesStart);
    own.set(area.subarray(piece.bytesStart, this.#pieceEnd));
    piece.bytes = own;
    this.#piece = undefined;
  }

  #corrupt(error: unknown): CorruptRecordError {
    const { topic, partition, bytes } = this.#set;
    const offset = this.#nextOffset;
    let nextOffset = offset + 1;
    const size = this.#batch?.sizeBytes ?? Math.max(0, bytes.length - this.#position);
    try {
      const batch = this.#batch ?? (size >= BATCH_OVERHEAD ? this.#batchAt(size) : undefined);
      if (batch !== undefined) nextOffset = Math.max(nextOffset, batch.nextOffset);
    } catch {
      // Its header tells nothing: one further is the best guess.
    }
    const what = error instanceof Error ? error.message : String(error);
    return new CorruptRecordError({ topic, partition }, { offset, nextOffset, what, cause: error });
  }
}

/** A message of an old format, with what it wraps, as a batch. Throws for a wrong checksum. */
function modernized(entry: Buffer): RecordBatch {
  const messages = [...legacyMessages(entry)];
  const { offset: baseOffset, timestampType, timestamp } = messages[0]!;
  const records = messages.map((message) => ({
    timestamp: message.timestamp,
    key: message.key,
    value: message.value,
    offsetDelta: message.offset - baseOffset,
  }));
  const isAppended = timestampType === 'LogAppendTime';
  return new RecordBatch(
    encodeBatch({
      ...{ records, baseOffset, timestampType, partitionLeaderEpoch: -1 },
      ...(isAppended ? { maxTimestamp: timestamp } : {}),
    }),
  );
}

export interface RecordSetEnd {
  /** Behind the last whole batch; undefined when not even one is whole. */
  readonly offset: number | undefined;
  /** Of that batch. */
  readonly leaderEpoch: number | undefined;
  /** What the batch behind it, which is cut off, claims to have; 0: none is there. */
  readonly cutOffBytes: number;
  /** Behind the last whole batch is something that is none. */
  readonly isDamaged: boolean;
}

/** Where a record set ends, by its headers alone. */
export function endOf(bytes: Buffer): RecordSetEnd {
  let last = -1;
  let position = 0;
  let offset: number | undefined;
  let leaderEpoch: number | undefined;
  try {
    for (let size = entrySizeAt(bytes, 0); size > 0; size = entrySizeAt(bytes, position)) {
      last = position;
      position += size;
    }
    if (last >= 0) {
      const batch = new RecordBatch(bytes, last);
      const isOld = magicAt(bytes, last) < 2;
      offset = isOld ? batch.baseOffset + 1 : batch.nextOffset;
      if (!isOld && batch.partitionLeaderEpoch >= 0) leaderEpoch = batch.partitionLeaderEpoch;
    }
  } catch {
    return { offset, leaderEpoch, cutOffBytes: 0, isDamaged: true };
  }
  const isSizeThere = bytes.length - position >= LOG_OVERHEAD;
  const cutOffBytes = isSizeThere ? LOG_OVERHEAD + bytes.readInt32BE(position + 8) : bytes.length - position;
  return { offset, leaderEpoch, cutOffBytes, isDamaged: false };
}
